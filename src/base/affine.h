// Motion of a whole picture in a few integers, as streams carry it.
#pragma once

#include <array>
#include <cstdint>

namespace gvc {

// What is shown at a point (x, y), in pixels from the padded picture's centre, comes from
// (x, y) + ((xx, xy), (yx, yy)) / 2^14 * (x, y) + (tx, ty) / 8 of the picture before.
struct Affine {
    int16_t xx = 0, xy = 0, yx = 0, yy = 0, tx = 0, ty = 0;
    bool operator==(const Affine&) const = default;
};

// A translation, in eighths of a pixel.
struct Shift {
    int16_t x = 0, y = 0;
    bool operator==(const Shift&) const = default;
};

// What the pictures of a chunk do as a whole: the last one as `end` says of the picture before the
// chunk, the others evenly on that way, but for what a hand or a car shakes them by.
struct CommonMotion {
    Affine end;
    std::array<Shift, 3> jitter{};
    bool operator==(const CommonMotion&) const = default;
};

}  // namespace gvc
