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

// Of a keyframe's descent by Adam. The more steps the smaller the first one, measured: 0.06 of a
// quantiser's step for 10, 0.03 for 60. They shrink to nothing along a cosine.
inline float step_length(int step, int steps) {
    const float part = static_cast<float>(step) / static_cast<float>(steps);
    return 0.095f / std::sqrt(static_cast<float>(steps)) *
           (1.0f + std::cos(std::numbers::pi_v<float> * part));
}

}  // namespace gvc::codec
