// Keys' cubic convolution, "Cubic Convolution Interpolation for Digital Image Processing", IEEE
// Trans. ASSP 1981, at kCubicSharpness.
#pragma once

#include <array>

#include "nn/ops.h"

namespace gvc::nn {

// The weights of the four samples around a position that lies t behind the second one.
inline std::array<float, 4> cubic_weights(float t) {
    constexpr float a = kCubicSharpness;
    const auto near = [](float d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    const auto far = [](float d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
    return {far(t + 1), near(t), near(1 - t), far(2 - t)};
}

}  // namespace gvc::nn
