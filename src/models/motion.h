// Motion estimation of the encoder: what moved where, as a hint to the networks.
#pragma once

#include "nn/ops.h"

namespace gvc::models {

// For each 8x8 cell of each frame of a chunk the displacements to where its content is found in two
// references, searched on the host (motion_search.h); the four cells of 16x16 pixels, the grain that
// motion is sent in, share theirs. No gradient flows through it.
//   rgb [N*4, 3, H, W], last, key [N, 3, H, W] in [0, 1], H and W multiples of 16
//   vectors [N*4, 4, H/8, W/8]: dx, dy in cells to the last frame, then to the keyframe. Where
//   moving fits no better than staying, a vector is zero; the keyframe's is the last frame's where
//   it does not fit clearly better: a way that is not used should cost nothing to send.
//   costs [N*4, 4, H/8, W/8]: mean absolute luma difference at the last frame's own vector and for
//   no motion, then the same for the keyframe.
struct MotionHint {
    nn::Tensor vectors, costs;
};
MotionHint motion_hint(nn::Ops& ops, const nn::Tensor& rgb, const nn::Tensor& last,
                       const nn::Tensor& key);

// The same for `frames` pictures that follow each other, to the picture before them alone, searched
// quickly.
//   rgb [N*frames, 3, H, W], last [N, 3, H, W]
//   vectors [N*frames, 2, H/8, W/8], costs [N*frames, 1, H/8, W/8]: at the vector
MotionHint motion_to_last(nn::Ops& ops, const nn::Tensor& rgb, const nn::Tensor& last, int frames);

// A chunk's vectors, [N, 16, h, w] with channels t*4 + {last dx, last dy, key dx, key dy}, as they
// are sent: the last frame's vector, the other frames' deviations from steady motion, and the same
// for how the way to the keyframe differs from the way to the last frame. correlate_motion is the
// inverse.
inline constexpr int kFlowChannels = 4;
nn::Tensor decorrelate_motion(nn::Ops& ops, const nn::Tensor& vectors);
nn::Tensor correlate_motion(nn::Ops& ops, const nn::Tensor& sent);

}  // namespace gvc::models
