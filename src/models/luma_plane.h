// Luma in 8 bits with its edges repeated, as motion search on the host reads it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace gvc::models {

class LumaPlane {
  public:
    LumaPlane() = default;
    // `margin`: pixels of repeated edge on all sides. The content is not set.
    LumaPlane(int width, int height, int margin);

    int width() const { return width_; }
    int height() const { return height_; }
    int margin() const { return margin_; }
    int stride() const { return stride_; }
    // x and y from -margin up to size + margin; behind a row there are kSlack readable bytes.
    const uint8_t* at(int x, int y) const { return &pixels_[index(x, y)]; }
    uint8_t* at(int x, int y) { return &pixels_[index(x, y)]; }

    // To be called when rows [0, height) are set.
    void repeat_edges();

    static constexpr int kSlack = 16;

  private:
    size_t index(int x, int y) const {
        return static_cast<size_t>(y + margin_) * static_cast<size_t>(stride_) +
               static_cast<size_t>(x + margin_);
    }

    int width_ = 0, height_ = 0, margin_ = 0, stride_ = 0;
    std::vector<uint8_t> pixels_;
};

// Luma (BT.709 weights on R'G'B') of planar RGB [3, height, width] in [0, 1], rounded to 8 bits.
LumaPlane luma_plane(const float* rgb, int width, int height, int margin, int threads);

// Means of disjoint 4x4 cells; width and height are multiples of 4.
LumaPlane quarter_size(const LumaPlane& plane, int margin, int threads);

}  // namespace gvc::models
