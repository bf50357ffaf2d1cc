// Convolutions through oneDNN: primitives made once per weight, shape and fusion.
#pragma once

#include <map>
#include <memory>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <vector>

#include "nn/onednn/buffer_pool.h"
#include "nn/onednn/dtype.h"
#include "nn/onednn/packed_weights.h"
#include "nn/ops.h"

namespace gvc::nn::onednn {

// A prepared convolution: what is cached. Everything that decides the code oneDNN generates.
struct ConvKey {
    int64_t n, h, w;
    DType in_type, out_type;
    Act act;
    bool add;  // to what the target holds
    int threads;

    bool operator==(const ConvKey&) const = default;
};

struct PreparedConv {
    ConvKey key;
    dnnl::convolution_forward primitive;
    dnnl::memory source, target, scratchpad;  // without memory of their own
    size_t scratchpad_bytes;
    // Where the primitive wants other layouts than NHWC: its own arrays (without memory) and the
    // ways there and back.
    struct Blocked {
        dnnl::memory source, target;
        dnnl::reorder in, out;
    };
    std::optional<Blocked> blocked;
    std::unordered_map<int, dnnl::memory> arguments;  // all of the above and the weights
};

// Weights of a convolution (or of a depth-wise one, groups = channels).
struct ConvStorage : WeightStorage {
    ConvSpec spec;
    int groups = 1;
    std::vector<float> weight;  // [out, in / groups, k, k]
    std::vector<float> bias;    // [out]

    // In the layouts that primitives asked for, and the primitives, oldest first.
    std::vector<dnnl::memory> reordered;
    std::vector<std::unique_ptr<PreparedConv>> prepared;

    // For the bf16 kernels, made when first asked for.
    std::unique_ptr<PackedWeights> packed, packed_gated;
    // Where some parts of the input are the same, by the parts' places.
    std::map<std::vector<int64_t>, std::unique_ptr<PackedWeights>> packed_parts;
    std::vector<float> taps;  // of a depth-wise one, [9, channels]
};

class Convolver {
  public:
    Convolver();

    // Whether this CPU multiplies bf16 in hardware.
    static bool has_bf16();

    // target = act(conv(source) + bias) [+ target]. Arrays are NHWC. Throws dnnl::error.
    void run(ConvStorage& weight, const ConvKey& key, const void* source, void* target,
             BufferPool& pool);

  private:
    // Empty if the library has none such.
    dnnl::convolution_forward::primitive_desc describe(const ConvStorage& weight,
                                                       const ConvKey& key, bool winograd) const;
    PreparedConv& prepared(ConvStorage& weight, const ConvKey& key);
    std::unique_ptr<PreparedConv> prepare(ConvStorage& weight, const ConvKey& key);
    dnnl::memory weights_as(ConvStorage& weight, const dnnl::memory::desc& desc);

    dnnl::engine engine_;
    dnnl::stream stream_;
};

}  // namespace gvc::nn::onednn
