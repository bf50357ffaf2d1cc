// Where and with which weights warps read.
//
// Keys' cubic convolution, "Cubic Convolution Interpolation for Digital Image Processing", IEEE
// Trans. ASSP 1981, at kCubicSharpness.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "nn/ops.h"

namespace gvc::nn {

// The place along a side of `size` pixels: beyond its ends is what lies before them, mirrored. In
// this order NaN becomes 0: flows come from a network fed with whatever the stream holds.
inline float mirrored(float at, int64_t size) {
    const auto end = static_cast<float>(size - 1);
    at = std::max(at, -at);
    return std::min(std::max(0.0f, std::min(at, 2 * end - at)), end);
}

// The weights of the four samples around a position that lies t behind the second one.
inline std::array<float, 4> cubic_weights(float t) {
    constexpr float a = kCubicSharpness;
    const auto near = [](float d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    const auto far = [](float d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
    return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

}  // namespace gvc::nn
