// Internals of the CPU backend; the methods are in one file per kind of operation.
#pragma once

#include <memory>
#include <vector>

#include "nn/onednn/buffer_pool.h"
#include "nn/onednn/kernels.h"
#include "nn/onednn/onednn_ops.h"
#include "nn/parallel.h"

namespace gvc::nn::onednn {

// NHWC, without gaps. A view into a larger batch starts at an offset.
struct HostStorage : Storage {
    std::shared_ptr<Buffer> buffer;
    int64_t offset = 0;  // in bytes
    DType type = DType::f32;
    Tensor as_bf16;  // made when a convolution first asks for it
};

// Results of so few channels are pictures, flows or masks: bf16 would show, and save nothing.
inline constexpr int64_t kFineChannels = 8;

HostStorage& storage(const Tensor& x);
DType type(const Tensor& x);
// From element `offset` on.
In in(const Tensor& x, int64_t offset = 0);
Out out(const Tensor& x, int64_t offset = 0);

Unary unary(Act act);

class Convolver;
struct ConvStorage;

class OneDnnOps final : public InferenceOps {
  public:
    // `kernels`: another table than the best, for tests.
    OneDnnOps(const WeightSource& weights, Precision precision,
              const Kernels& table = onednn::kernels());
    ~OneDnnOps() override;

    std::string name() const override;
    int threads() const override { return threads_; }
    void set_threads(int threads) override;
    const BufferPool& pool() const { return *pool_; }

    ConvWeight conv_weight(const std::string& name, const ConvSpec& spec) override;
    DepthwiseWeight depthwise_weight(const std::string& name, int channels) override;
    Tensor parameter(const std::string& name, const Shape& shape, Init init) override;

    Tensor from_host(const Shape& shape, const float* values) override;
    Tensor from_host_padded(const Shape& shape, const float* values, int64_t h, int64_t w) override;
    void to_host(const Tensor& x, float* values) override;
    void to_host_shown(const Tensor& x, const Tensor& base, float share, int64_t h, int64_t w,
                       float* values) override;
    Tensor zeros(const Shape& shape) override;

    Tensor conv(const Tensor& x, const ConvWeight& w, Act act, const Tensor& residual) override;
    Tensor depthwise(const Tensor& x, const DepthwiseWeight& w, Act act) override;
    Tensor conv_parts(const std::vector<ConvPart>& parts, const ConvWeight& w, Act act) override;
    Tensor conv_shuffle(const Tensor& x, const ConvWeight& w, int r,
                        const Tensor& residual) override;
    Tensor dcb(const Tensor& x, const DcbWeights& w) override;

    Tensor activate(const Tensor& x, Act act) override;
    Tensor add(const Tensor& a, const Tensor& b) override;
    Tensor sub(const Tensor& a, const Tensor& b) override;
    Tensor mul(const Tensor& a, const Tensor& b) override;
    Tensor scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) override;
    Tensor affine(const Tensor& x, float a, float b) override;
    Tensor clamp(const Tensor& x, float low, float high) override;
    Tensor sum_halves(const Tensor& x, Act act) override;
    Tensor norm_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) override;

    Tensor concat(const std::vector<Tensor>& xs) override;
    Tensor channels(const Tensor& x, int64_t from, int64_t count) override;
    Tensor concat_batch(const std::vector<Tensor>& xs) override;
    Tensor batch(const Tensor& x, int64_t from, int64_t count) override;
    Tensor channels_to_batch(const Tensor& x, int64_t t) override;
    Tensor batch_to_channels(const Tensor& x, int64_t t) override;
    Tensor repeat_batch(const Tensor& x, int64_t t) override;
    Tensor rows(const Tensor& table, const std::vector<int>& rows) override;
    Tensor unshuffle(const Tensor& x, int r) override;
    Tensor shuffle(const Tensor& x, int r) override;
    Tensor pad_edge(const Tensor& x, int64_t h, int64_t w) override;
    Tensor crop(const Tensor& x, int64_t h, int64_t w) override;
    Tensor temporal_shift(const Tensor& x, int64_t t) override;

    Tensor global_mean(const Tensor& x) override;
    Tensor upsample(const Tensor& x, int factor) override;
    Tensor mean_pool(const Tensor& x, int factor) override;

    Tensor warp_blend(const std::vector<Tensor>& refs, const Tensor& flows, const Tensor& logits,
                      int s, Sampling sampling) override;
    Tensor block_match(const Tensor& current, const Tensor& reference, int radius) override;

    Tensor max_pool(const Tensor& x, int kernel, int stride, bool ceil_mode) override;
    Tensor group_norm(const Tensor& x, int groups, const Tensor& weight, const Tensor& bias,
                      float eps) override;
    Tensor unit_length(const Tensor& x) override;

    Tensor activate_gradient(const Tensor& x, Act act, const Tensor& g) override;
    Tensor max_pool_gradient(const Tensor& x, const Tensor& g, int kernel, int stride) override;
    Tensor unit_length_gradient(const Tensor& x, const Tensor& g) override;

  private:
    Tensor make(const Shape& shape, DType type);  // contents undefined
    // `count` floats of scratch.
    std::shared_ptr<Buffer> scratch(int64_t count);
    Tensor converted(const Tensor& x, DType type);
    Tensor convolve(const Tensor& x, const std::shared_ptr<WeightStorage>& weight, Act act,
                    const Tensor& residual);
    // Whether the bf16 kernels do a convolution of features; else oneDNN does.
    bool multiplies(const ConvSpec& spec) const;
    Tensor multiply(const Tensor& x, ConvStorage& weight, Act act, const Tensor& residual);
    Tensor binary(Binary op, const Tensor& a, const Tensor& b);
    // Sums over each channel's positions of x - offset and of its square, [N, C] each; offset [N,
    // C].
    void channel_sums(const Tensor& x, const float* offset, std::vector<double>& sums,
                      std::vector<double>* squares);

    // body(begin, end) over parts of [0, count), each item of which touches `cost` elements.
    template <typename Body>
    void parallel(int64_t count, int64_t cost, const Body& body) const {
        constexpr int64_t kElementsPerThread = 16384;  // less is done before a thread has woken up
        parallel_for(threads_, count, kElementsPerThread / (cost > 0 ? cost : 1) + 1, body);
    }

    const Kernels& kernels_;
    std::shared_ptr<BufferPool> pool_;
    std::unique_ptr<Convolver> convolver_;
    Precision wanted_, precision_;
    int threads_;
};

}  // namespace gvc::nn::onednn
