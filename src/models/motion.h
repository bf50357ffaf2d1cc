// Motion estimation of the encoder: what moved where, as a hint to the networks.
#pragma once

#include <vector>

#include "base/affine.h"
#include "models/config.h"
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
                            const nn::Tensor& way);

// The same for `frames` pictures that follow each other, to the picture before them alone, searched
// quickly.
//   rgb [N*frames, 3, H, W], last [N, 3, H, W]
//   vectors [N*frames, 2, H/8, W/8], costs [N*frames, 1, H/8, W/8]: at the vector
MotionHint motion_to_last(nn::Ops& ops, const nn::Tensor& rgb, const nn::Tensor& last, int frames);

// How a chunk's pictures are read from their references.
inline nn::Sampling warp_sampling(const TokeniserConfig& config) {
    return config.cubic_warps > 0 ? nn::Sampling::cubic : nn::Sampling::bilinear;
}

// A chunk's vectors, [N, 16, h, w] with channels t*4 + {last dx, last dy, key dx, key dy}, as they
// are sent: the last frame's vector, the other frames' deviations from steady motion, and the same
// for the detour: by what the way to the keyframe differs from the way to the last frame and from
// there on along `way` [N, 2, h, w], where that is defined. correlate_motion is the inverse.
inline constexpr int kFlowChannels = 4;
inline constexpr int kMotionLatents = kChunkFrames * kFlowChannels;  // a latent's first channels
// Symbols of motion are rounded by rate and distortion: what a bit weighs against squared errors in
// quantiser steps (docs/decisions/0009-rounding-of-motion.md).
inline constexpr float kMotionBitWeight = 0.15f;
nn::Tensor decorrelate_motion(nn::Ops& ops, const nn::Tensor& vectors, const nn::Tensor& way);
nn::Tensor correlate_motion(nn::Ops& ops, const nn::Tensor& sent, const nn::Tensor& way);
// The gradient with respect to `sent` where g is that with respect to the vectors.
nn::Tensor correlate_motion_gradient(nn::Ops& ops, const nn::Tensor& g);

// Of each item's common motion, what it is part of in all that is sent: [N, 16, h, w], zero but for
// the last frame's vector and the other frames' deviations from steady motion.
nn::Tensor common_motion_sent(nn::Ops& ops, const std::vector<CommonMotion>& common, int64_t h,
                              int64_t w);

// An orthonormal Haar transform of each 4x4 block of each channel, [N, C, h, w] with h and w
// multiples of 4: of a field that is the same all over a block only its first value is left. In
// each block the coefficients lie in one another's places: the mean at (0, 0), what tells the
// quarters apart at (0, 2), (2, 0) and (2, 2), the rest where x or y is odd.
nn::Tensor block_transform(nn::Ops& ops, const nn::Tensor& x);
nn::Tensor inverse_block_transform(nn::Ops& ops, const nn::Tensor& coefficients);

}  // namespace gvc::models
