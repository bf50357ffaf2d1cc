// Exhaustive matching of a small luma plane against another: where motion search starts.
#pragma once

#include <cstdint>
#include <vector>

#include "models/luma_plane.h"

namespace gvc::models {

inline constexpr int kCoarseRadius = 8;  // pixels of the small plane
inline constexpr int kCoarseMargin = kCoarseRadius + 1;

struct CoarseVector {
    int8_t x, y;
};

// For each pixel of `current` the vector within +-kCoarseRadius to where its 3x3 window differs
// least (sum of absolute differences) in `reference`; among equals the shortest. Planes are of one
// size, with margins of kCoarseMargin. [height * width]
std::vector<CoarseVector> coarse_match(const LumaPlane& current, const LumaPlane& reference,
                                       int threads);

}  // namespace gvc::models
