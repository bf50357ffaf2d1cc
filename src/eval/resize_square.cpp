#include "eval/resize_square.h"

#include <algorithm>
#include <cstddef>

namespace gvc::eval {

void resize_to_square(const float* from, int width, int height, int side, float* to) {
    for (int y = 0; y < side; ++y) {
        const float fy = std::clamp((y + 0.5f) * height / side - 0.5f, 0.0f, height - 1.0f);
        const int y0 = static_cast<int>(fy), y1 = std::min(y0 + 1, height - 1);
        for (int x = 0; x < side; ++x) {
            const float fx = std::clamp((x + 0.5f) * width / side - 0.5f, 0.0f, width - 1.0f);
            const int x0 = static_cast<int>(fx), x1 = std::min(x0 + 1, width - 1);
            const float* above = from + static_cast<size_t>(y0) * width;
            const float* below = from + static_cast<size_t>(y1) * width;
            const float top = above[x0] + (above[x1] - above[x0]) * (fx - x0);
            const float bottom = below[x0] + (below[x1] - below[x0]) * (fx - x0);
            to[static_cast<size_t>(y) * side + x] = top + (bottom - top) * (fy - y0);
        }
    }
}

}  // namespace gvc::eval
