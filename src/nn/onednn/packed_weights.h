// Weights of a 1x1 convolution as the bf16 kernels read them: panels of up to four vectors of 16
// output channels, in each panel pairs of input channels in turn.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace gvc::nn::onednn {

class PackedWeights {
  public:
    // weight [out, in], bias [out]; `in` even, `out` a multiple of 16. gated: for
    // Epilogue::gated_silu, `out` a multiple of 32.
    PackedWeights(std::span<const float> weight, std::span<const float> bias, bool gated);

    const uint16_t* weights() const { return weights_.get(); }
    const float* bias() const { return bias_.data(); }  // in the order of the weights
    int64_t in() const { return in_; }
    int64_t vectors() const { return static_cast<int64_t>(bias_.size()) / 16; }

  private:
    struct Free {
        void operator()(uint16_t* memory) const;
    };

    int64_t in_;
    std::vector<float> bias_;
    std::unique_ptr<uint16_t[], Free> weights_;  // aligned to a cache line
};

}  // namespace gvc::nn::onednn
