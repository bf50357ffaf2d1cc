// What encoders go down on: the loss of stage key of the trainer, kL1 * L1 + kLpips * LPIPS + bits.
#pragma once

namespace gvc::codec {

inline constexpr float kDescentL1 = 2.0f;
inline constexpr float kDescentLpips = 0.4f;

}  // namespace gvc::codec
