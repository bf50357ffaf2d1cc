// Motion estimation of the encoder: what moved where, as a hint to the networks.
#pragma once

#include <vector>

#include "base/affine.h"
#include "models/config.h"
#include "models/motion_search.h"
#include "nn/ops.h"

namespace gvc::models {

// For each 8x8 cell of each frame of a chunk the displacements to where its content is found in two
// references, searched on the host (motion_search.h); the four cells of 16x16 pixels, the grain
// that motion is sent in, share theirs. No gradient flows through it.
//   rgb [N*4, 3, H, W], last, key [N, 3, H, W] in [0, 1], H and W multiples of 16
//   qps: one per item; the coarser, the smoother are the fields, since bits are dearer
//   way [N, 2, H/16, W/16]: from the last frame to the keyframe, in cells; undefined: none
//   vectors [N*4, 4, H/8, W/8]: dx, dy in cells to the last frame, then to the keyframe. What does
//   not pay is not sent: such a vector is what the decoder expects (the common motion; steady
//   motion; the way to the last frame and on from there).
//   costs [N*4, 4, H/8, W/8]: mean absolute luma difference at the last frame's own vector and for
//   no motion, then the same for the keyframe, at its own vector no worse than the last frame's.
//   effort: quick looks where motion leads on, not everywhere
//   common: one per item, what the pictures do as a whole from the last frame to the chunk's last,
//   and how they shake on that way; all zero where saying so does not pay
struct MotionHint {
    nn::Tensor vectors, costs;
};
struct ChunkMotionHint : MotionHint {
    std::vector<CommonMotion> common;
};
ChunkMotionHint motion_hint(nn::Ops& ops, const nn::Tensor& rgb, const nn::Tensor& last,
                            const nn::Tensor& key, const std::vector<float>& qps,
                            const nn::Tensor& way, SearchEffort effort = SearchEffort::thorough);

// The same for `frames` pictures that follow each other, to the picture before them alone, searched
// quickly.
//   rgb [N*frames, 3, H, W], last [N, 3, H, W]
//   vectors [N*frames, 2, H/8, W/8], costs [N*frames, 1, H/8, W/8]: at the vector
MotionHint motion_to_last(nn::Ops& ops, const nn::Tensor& rgb, const nn::Tensor& last, int frames);

}  // namespace gvc::models
