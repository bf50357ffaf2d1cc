// Warping error (Lai et al., ECCV 2018): how much a video flickers along the motion that it should
// have.
#pragma once

#include <memory>

#include "eval/metric.h"

namespace gvc::eval {

constexpr int kWarpingMinSide = 64;

// Motion is searched in the reference, between successive measured frames, by blocks of 16x16
// (models/motion_search.h), and interpolated between the blocks' centres. The distorted frame
// before is carried along it; the value is the root mean square difference to the distorted frame,
// of R'G'B' in [0, 1], over the pixels where the reference itself is carried over well (within 10
// of 255): elsewhere something was uncovered, or there is no telling. One value less than frames.
std::unique_ptr<Metric> make_warping_error(int threads);

}  // namespace gvc::eval
