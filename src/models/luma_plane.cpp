#include "models/luma_plane.h"

#include <algorithm>
#include <cstring>

#include "nn/parallel.h"

namespace gvc::models {

LumaPlane::LumaPlane(int width, int height, int margin)
    : width_(width),
      height_(height),
      margin_(margin),
      stride_(width + 2 * margin),
      pixels_(static_cast<size_t>(stride_) * static_cast<size_t>(height + 2 * margin) + kSlack) {}

void LumaPlane::repeat_edges() {
    for (int y = 0; y < height_; ++y) {
        std::memset(at(-margin_, y), *at(0, y), static_cast<size_t>(margin_));
        std::memset(at(width_, y), *at(width_ - 1, y), static_cast<size_t>(margin_));
    }
    for (int y = 1; y <= margin_; ++y) {
        std::memcpy(at(-margin_, -y), at(-margin_, 0), static_cast<size_t>(stride_));
        std::memcpy(at(-margin_, height_ - 1 + y), at(-margin_, height_ - 1),
                    static_cast<size_t>(stride_));
    }
}

LumaPlane luma_plane(const float* rgb, int width, int height, int margin, int threads) {
    LumaPlane plane(width, height, margin);
    const size_t area = static_cast<size_t>(width) * static_cast<size_t>(height);
    nn::parallel_for(threads, height, 16, [&](int64_t begin, int64_t end) {
        for (int64_t y = begin; y < end; ++y) {
            const float* r = rgb + y * width;
            const float* g = r + area;
            const float* b = g + area;
            uint8_t* out = plane.at(0, static_cast<int>(y));
            for (int x = 0; x < width; ++x) {
                const float value = 0.2126f * r[x] + 0.7152f * g[x] + 0.0722f * b[x];
                // In this order not-a-number gives 0.
                out[x] = static_cast<uint8_t>(
                    static_cast<int>(std::min(std::max(0.0f, value), 1.0f) * 255.0f + 0.5f));
            }
        }
    });
    plane.repeat_edges();
    return plane;
}

LumaPlane quarter_size(const LumaPlane& from, int margin, int threads) {
    LumaPlane plane(from.width() / 4, from.height() / 4, margin);
    nn::parallel_for(threads, plane.height(), 16, [&](int64_t begin, int64_t end) {
        for (int y = static_cast<int>(begin); y < end; ++y)
            for (int x = 0; x < plane.width(); ++x) {
                int sum = 8;
                for (int i = 0; i < 4; ++i) {
                    const uint8_t* row = from.at(4 * x, 4 * y + i);
                    sum += row[0] + row[1] + row[2] + row[3];
                }
                *plane.at(x, y) = static_cast<uint8_t>(sum / 16);
            }
    });
    plane.repeat_edges();
    return plane;
}

}  // namespace gvc::models
