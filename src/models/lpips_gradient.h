// The way downhill on LPIPS, for encoders that look for what looks best.
#pragma once

#include <vector>

#include "models/lpips.h"
#include "nn/gradient_ops.h"

namespace gvc::models {

class LpipsGradient {
  public:
    // Parameters come from the source of the backend behind `ops`, as LpipsFeatures names them.
    LpipsGradient(nn::GradientOps& ops, LpipsNet net) : ops_(ops), features_(ops, net) {}

    // The picture that others are compared with, rgb [1, 3, H, W] in [0, 1], at least 35x35.
    void aim(const nn::Tensor& rgb);
    // LPIPS of a picture of the same size.
    double distance(const nn::Tensor& rgb);
    // Gradient of weight * LPIPS with respect to a picture of the same size. Forgets what `ops` has
    // recorded.
    nn::Tensor operator()(const nn::Tensor& rgb, float weight);

  private:
    nn::GradientOps& ops_;
    LpipsFeatures features_;
    std::vector<nn::Tensor> truth_;  // features, each position's of length 1
};

}  // namespace gvc::models
