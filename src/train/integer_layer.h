// The trainable double of an integer convolution (entropy/int_conv.h).
//
// Weights and activations are rounded exactly as the integer networks round them, with gradients
// passed straight through, so that the exported integers give what training saw.
#pragma once

#include <torch/types.h>

#include <string>
#include <vector>

#include "train/parameters.h"
#include "weights/safetensors.h"

namespace gvc::train {

inline constexpr double kActivationUnit = 16.0;  // an activation of 1.0 is the integer 16

class IntegerLayer {
  public:
    IntegerLayer() = default;
    // Weights are multiples of 2^-shift; with_quality: the bias depends on the qp.
    IntegerLayer(Parameters& parameters, const std::string& name, int in, int out, int kernel,
                 int shift, bool with_quality);

    // Its sums. quality: of quality_matrix(), for layers that depend on it.
    at::Tensor operator()(const at::Tensor& x, const at::Tensor& quality = {}) const;
    // As activations: rounded, 0 ... 255 sixteenths.
    at::Tensor hidden(const at::Tensor& x, const at::Tensor& quality = {}) const;
    // Rounded, within these bounds; outside them a gradient still passes, so that nothing is stuck
    // at an end.
    at::Tensor index(const at::Tensor& x, const at::Tensor& quality, double least,
                     double most) const;

    // Fills the bias of a layer that has just been made.
    void start_at(float bias) const;

    // "NAME.weight", ".bias" and ".shift". offset: added to an index, whose activation unit is
    // taken off as well; hidden layers have none.
    void append(std::vector<weights::NamedTensor>& to, const std::string& name) const;
    void append_index(std::vector<weights::NamedTensor>& to, const std::string& name,
                      int offset = 0) const;

  private:
    void append(std::vector<weights::NamedTensor>& to, const std::string& name, int extra_shift,
                double offset) const;

    at::Tensor weight_, bias_, quality_;  // quality_ [out, 8], undefined without qp
    int shift_ = 0;
};

// Cosine features of qualities, [N, 8], the same as models::quality_features.
at::Tensor quality_matrix(const std::vector<float>& qps, at::Device device);

}  // namespace gvc::train
