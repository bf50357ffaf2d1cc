// The trainable double of the integer entropy model (entropy/scale_net.h).
//
// Weights and activations are rounded exactly as the integer network rounds them, with gradients
// passed straight through, so that the exported integers give the indices that training saw.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "train/parameters.h"
#include "weights/safetensors.h"

namespace gvc::train {

// Standard deviation of scale index i >= 1; index 0 means "not coded".
inline constexpr double kSigmaFirst = 0.12;
inline constexpr double kSigmaStep = 1.166;
inline constexpr double kActivationUnit = 16.0;  // an activation of 1.0 is the integer 16

struct Rates {
    at::Tensor bits;         // [N], expected bits with uniform noise: has gradients
    at::Tensor symbols;      // as the encoder chooses them, no gradients
    at::Tensor bits_hard;    // [N], of these symbols, no gradients
    at::Tensor bits_motion;  // [N], their part in the channels that carry motion
    at::Tensor bits_hyper;   // [N], and in z
    at::Tensor index;        // [N, 96, H/16, W/16] as the symbols, rounded scale indices
};

class EntropyModel {
  public:
    // kind: "key" or "chunk".
    EntropyModel(Parameters& parameters, const std::string& kind);

    // Scale indices, 0 ... 31 with straight-through rounding, from symbols alone.
    // z [N, 48, h, w] rounded; previous [N, 96, 4h, 4w] rounded or undefined; qps one per item.
    at::Tensor scale_index(const at::Tensor& z, const at::Tensor& previous,
                           const std::vector<float>& qps) const;

    // y_residual = y - mean (not rounded), z not rounded, z_hat rounded straight through.
    Rates rates(const at::Tensor& y_residual, const at::Tensor& z, const at::Tensor& z_hat,
                const at::Tensor& previous, const std::vector<float>& qps) const;

    at::Tensor z_sigma(const std::vector<float>& qps) const;  // [N, 48, 1, 1]
    at::Tensor z_mean(const std::vector<float>& qps) const;

    // The integer network's tensors for a weights file, "entropy.<kind>.scale.*".
    std::vector<weights::NamedTensor> integer_tensors(const std::string& kind) const;

  private:
    struct Layer {
        at::Tensor weight, bias, quality;  // quality [out, 8], undefined without qp
        int shift = 0;                     // weights are multiples of 2^-shift
    };
    Layer layer(Parameters& p, const std::string& name, int in, int out, int kernel, int shift,
                bool quality) const;
    at::Tensor run(const Layer& l, const at::Tensor& x, const at::Tensor& quality) const;
    at::Tensor hidden(const Layer& l, const at::Tensor& x, const at::Tensor& quality = {}) const;

    bool chunk_;
    Layer z1_, z2_, p1_, p2_, d1_, out_;
    at::Tensor z_log_sigma_, z_log_sigma_quality_, z_mean_, z_mean_quality_;
};

// Cosine features of qualities, [N, 8], the same as models::quality_features.
at::Tensor quality_matrix(const std::vector<float>& qps, at::Device device);

}  // namespace gvc::train
