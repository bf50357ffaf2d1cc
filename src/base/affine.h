// Motion of a whole picture in a few integers, as streams carry it.
#pragma once

#include <cstdint>

namespace gvc {

// What is shown at a point (x, y), in pixels from the padded picture's centre, comes from
// (x, y) + ((xx, xy), (yx, yy)) / 2^14 * (x, y) + (tx, ty) / 8 of the picture before.
struct Affine {
    int16_t xx = 0, xy = 0, yx = 0, yy = 0, tx = 0, ty = 0;
    bool operator==(const Affine&) const = default;
};

}  // namespace gvc
