// Comparing a block of 16x16 luma samples with one of a reference, moved by parts of a sample.
#pragma once

#include <cstdint>

namespace gvc::models {

inline constexpr int kBlockSide = 16;
// Margin of planes that blocks are read from: a block that lies outside, a sample for
// interpolation and gradients included, sees the edge only.
inline constexpr int kSearchMargin = 20;

// Sum of absolute differences of the block at `a` to that at `b`, moved right and down by
// fx, fy (0 ... 15) sixteenths of a sample. From `enough` on any sum that is no less than that.
int block_difference(const uint8_t* a, int a_stride, const uint8_t* b, int b_stride, int fx, int fy,
                     int enough);

// In samples, what Lucas and Kanade's method would move the block at `b` by to fit that at `a`.
struct GradientStep {
    float x, y;
};
GradientStep gradient_step(const uint8_t* a, int a_stride, const uint8_t* b, int b_stride, int fx,
                           int fy);

}  // namespace gvc::models
