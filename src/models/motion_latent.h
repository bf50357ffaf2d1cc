// Motion as it is sent (Note [Motion in the latent], tokeniser.cpp), and how pictures are read
// along it.
#pragma once

#include <vector>

#include "base/affine.h"
#include "models/blocks.h"
#include "models/config.h"
#include "models/motion_search.h"
#include "nn/ops.h"

namespace gvc::models {

// A unit of CellVector, in cells of 8x8 pixels.
inline constexpr float kVectorUnit = 2.0f / (kPatch * kVectorUnits);

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
