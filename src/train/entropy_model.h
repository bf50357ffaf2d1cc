// The trainable double of the integer entropy model (entropy/scale_network.h and, of keyframes,
// entropy/context_network.h).
#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <vector>

#include "train/context_phases.h"
#include "train/integer_layer.h"
#include "train/parameters.h"
#include "weights/safetensors.h"

namespace gvc::train {

struct Rates {
    at::Tensor bits;         // [N], expected bits with uniform noise: has gradients
    at::Tensor symbols;      // as the encoder chooses them, no gradients
    at::Tensor bits_hard;    // [N], of these symbols, no gradients
    at::Tensor bits_motion;  // [N], their part in the channels that carry motion
    at::Tensor bits_hyper;   // [N], and in z
    Distribution y, z;       // of the symbols and of z: no gradients
};

class EntropyModel {
  public:
    // kind: "key", whose symbols have a context, or "chunk".
    EntropyModel(Parameters& parameters, const std::string& kind);

    // Of symbols [N, 96, 4h, 4w], from z [N, 48, h, w] rounded and, in phases, from each other.
    // previous [N, 96, 4h, 4w] rounded or undefined; qps one per item.
    Distribution of_symbols(const at::Tensor& symbols, const at::Tensor& z,
                            const at::Tensor& previous, const std::vector<float>& qps,
                            bool neighbours = true) const;
    // Of z, rounded. Without a context, and in phase 0, index and shift mean nothing.
    Distribution of_hyper(const at::Tensor& z, const std::vector<float>& qps) const;

    // y_residual = y - mean (not rounded), z not rounded, z_hat rounded straight through.
    // neighbours: whether symbols of y have their context, as they are coded.
    Rates rates(const at::Tensor& y_residual, const at::Tensor& z, const at::Tensor& z_hat,
                const at::Tensor& previous, const std::vector<float>& qps,
                bool neighbours = true) const;
    // Bits [N] of symbols and z as they are, with gradients for this model.
    at::Tensor bits_of(const at::Tensor& symbols, const at::Tensor& z,
                       const std::vector<float>& qps) const;

    bool has_context() const { return y_context_.has_value(); }
    at::Tensor z_sigma(const std::vector<float>& qps) const;  // [N, 48, 1, 1], of phase 0
    at::Tensor z_mean(const std::vector<float>& qps) const;

    // The integer networks' tensors for a weights file, "entropy.<kind>.*".
    std::vector<weights::NamedTensor> integer_tensors(const std::string& kind) const;

  private:
    // What z and the previous chunk's symbols tell of each position.
    at::Tensor features(const at::Tensor& z, const at::Tensor& previous) const;

    bool chunk_;
    IntegerLayer z1_, z2_, p1_, p2_, d1_, out_;
    std::optional<ContextPhases> y_context_, z_context_;
    at::Tensor z_log_sigma_, z_log_sigma_quality_, z_mean_, z_mean_quality_;
};

}  // namespace gvc::train
