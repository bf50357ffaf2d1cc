// What encoders go down on: the loss of stage key of the trainer,
// kDescentL1 * L1 + kDescentLpips * LPIPS + bits.
#pragma once

#include <cmath>
#include <numbers>

#include "nn/ops.h"

namespace gvc::codec {

inline constexpr float kDescentL1 = 2.0f;
inline constexpr float kDescentLpips = 0.4f;

// The slope of L1: the sign of a difference of pictures, but for pixels that are nearly right.
inline nn::Tensor slope_of_l1(nn::Ops& ops, const nn::Tensor& difference) {
    constexpr float kSteep = 1e4f;
    return ops.clamp(ops.affine(difference, kSteep, 0.0f), -1.0f, 1.0f);
}

// A keyframe's descent by Adam. Pictures take turns in being looked at, so that gradients change
// from step to step: a long memory of them leads astray
// (docs/decisions/0016-steps-of-the-search.md).
inline constexpr float kDescentMemory = 0.6f, kDescentSquareMemory = 0.95f;

// Its step's length in units of the quantiser's step, measured: the more steps the smaller the
// first one, and the finer the quantiser the more of its steps a symbol has to go. They shrink to
// nothing along a cosine.
inline float step_length(int step, int steps, float qp) {
    const float part = static_cast<float>(step) / static_cast<float>(steps);
    return 0.12f * std::exp(-0.023f * (qp - 16.0f)) / std::sqrt(static_cast<float>(steps)) *
           (1.0f + std::cos(std::numbers::pi_v<float> * part));
}

}  // namespace gvc::codec
