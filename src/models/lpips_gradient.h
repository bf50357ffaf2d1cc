// The way downhill on LPIPS, for encoders that look for what looks best.
#pragma once

#include <span>
#include <vector>

#include "models/lpips.h"
#include "nn/gradient_ops.h"

namespace gvc::models {

// Where LPIPS is added up, by the part of the picture that it is of: rows * columns blocks of equal
// size in raster order.
struct BlockSums {
    std::span<double> sums;
    int64_t rows, columns;
};

class LpipsGradient {
  public:
    // Parameters come from the source of the backend behind `ops`, as LpipsFeatures names them.
    LpipsGradient(nn::GradientOps& ops, LpipsNet net) : ops_(ops), features_(ops, net) {}

    // The picture that others are compared with, rgb [1, 3, H, W] in [0, 1], at least 35x35.
    void aim(const nn::Tensor& rgb);
    // LPIPS of a picture of the same size, which is added to `blocks`, too, unless that is null.
    double distance(const nn::Tensor& rgb, const BlockSums* blocks = nullptr);
    // Gradient of weight * LPIPS with respect to a picture of the same size. Forgets what `ops` has
    // recorded. Adds weight * LPIPS to `blocks`, unless that is null.
    nn::Tensor operator()(const nn::Tensor& rgb, float weight, const BlockSums* blocks = nullptr);

  private:
    // squares: what LPIPS is the sum of at a tap, [1, C, h, w].
    void add_up(const nn::Tensor& squares, const BlockSums& blocks);

    nn::GradientOps& ops_;
    LpipsFeatures features_;
    std::vector<nn::Tensor> truth_;  // features, each position's of length 1
};

}  // namespace gvc::models
