// The one place where YUV becomes RGB and back. Everything else only carries samples.
#pragma once

#include <cstddef>

#include "media/frame.h"

namespace gvc::media {

// How a planar float RGB picture lies in memory, in floats. 0 means packed [3, H, W].
struct RgbStrides {
    ptrdiff_t row = 0;
    ptrdiff_t plane = 0;
};

// Note [Colour conversion]
// RGB is the non-linear R'G'B' of the frame's own primaries and transfer: only matrix, range, bit
// depth and chroma position are undone. Chroma is interpolated bilinearly from where the colour
// description says its samples sit, and filtered back with the matching triangle or box; edges
// repeat. All arithmetic is fp32 without contraction, so that each CPU gives the same samples.
//
// Both use OpenMP threads (the caller's omp_set_num_threads decides) and may run concurrently.

// Writes planar RGB [3, H, W] clamped to [0, 1]. `rgb` must hold the picture; frame not empty().
void yuv_to_rgb(const Frame& frame, float* rgb, RgbStrides strides = {});

// Fills the samples of `frame`, whose size, colour and planes are set (allocate_frame). Values of
// `rgb` outside [0, 1] are clamped.
void rgb_to_yuv(const float* rgb, const Frame& frame, RgbStrides strides = {});

}  // namespace gvc::media
