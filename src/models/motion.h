// Motion estimation of the encoder: what moved where, as a hint to the networks.
#pragma once

#include "nn/ops.h"

namespace gvc::models {

// For each 8x8 cell of each frame the displacement to where its content is found in `reference`:
// integer block matching on 1/8 luma, refined by Lucas-Kanade steps (1981) on 1/2 luma.
//   rgb, reference [M, 3, H, W] in [0, 1], H and W multiples of 8
//   returns [M, 4, H/8, W/8]: dx, dy in cells; mean absolute luma difference there, and for no
//   motion.
// Where moving fits no better than staying, the vector is zero. No gradient flows through it.
nn::Tensor motion_hint(nn::Ops& ops, const nn::Tensor& rgb, const nn::Tensor& reference);

// [M, 4, h, w]: the vectors of two hints side by side. The second reference's vector is replaced by
// the first's where it does not fit clearly better: a way that is not used should cost nothing to
// send.
nn::Tensor paired_vectors(nn::Ops& ops, const nn::Tensor& first, const nn::Tensor& second);

// A chunk's vectors, [N, 16, h, w] with channels t*4 + {last dx, last dy, key dx, key dy}, as they
// are sent: the last frame's vector, the other frames' deviations from steady motion, and the same
// for how the way to the keyframe differs from the way to the last frame. correlate_motion is the
// inverse.
inline constexpr int kFlowChannels = 4;
nn::Tensor decorrelate_motion(nn::Ops& ops, const nn::Tensor& vectors);
nn::Tensor correlate_motion(nn::Ops& ops, const nn::Tensor& sent);

}  // namespace gvc::models
