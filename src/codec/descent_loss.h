// What encoders go down on: the loss of stage key of the trainer,
// kDescentL1 * L1 + kDescentLpips * LPIPS + bits.
#pragma once

#include "nn/ops.h"

namespace gvc::codec {

inline constexpr float kDescentL1 = 2.0f;
inline constexpr float kDescentLpips = 0.4f;

// The slope of L1: the sign of a difference of pictures, but for pixels that are nearly right.
inline nn::Tensor slope_of_l1(nn::Ops& ops, const nn::Tensor& difference) {
    constexpr float kSteep = 1e4f;
    return ops.clamp(ops.affine(difference, kSteep, 0.0f), -1.0f, 1.0f);
}

}  // namespace gvc::codec
