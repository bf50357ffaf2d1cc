// Weights of the convolutions that gradients go back through.
#pragma once

#include <optional>
#include <string>

#include "nn/ops.h"
#include "nn/weight_source.h"

namespace gvc::nn {

// The gradient of a convolution with respect to what it reads is a convolution of the result's
// gradient, without bias:
//   g(x) = crop(shuffle(conv(g, weight of gradient_name(name, spec)), spec.stride), size of x)
// With a stride its kernel is the part of the forward one that one place of a stride x stride cell
// sees, and it has that many outputs for each place of the cell.
ConvSpec gradient_spec(const ConvSpec& spec);
std::string gradient_name(const std::string& name, const ConvSpec& spec);
// Of a depth-wise one: a depth-wise one with bias 0.
std::string depthwise_gradient_name(const std::string& name);

// Another source's weights, and under the names above those of their gradients.
class GradientWeights : public WeightSource {
  public:
    explicit GradientWeights(const WeightSource& source) : source_(source) {}
    std::optional<WeightArray> find(const std::string& name) const override;

  private:
    std::optional<WeightArray> of_conv(const std::string& name, int stride, int pad) const;
    std::optional<WeightArray> of_depthwise(const std::string& name) const;

    const WeightSource& source_;
};

}  // namespace gvc::nn
