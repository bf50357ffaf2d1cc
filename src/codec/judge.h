// How an encoder judges a GOP by what a decoder will show of it.
#pragma once

#include <span>
#include <vector>

#include "base/result.h"
#include "codec/encoder_options.h"
#include "codec/picture.h"

namespace gvc::codec {

// The pictures of a GOP of so many that are looked at, ascending: two of every third group that a
// decoder refines together, in long ones of fewer.
std::vector<int> judged_pictures(int count);

// By `distance`, or the mean squared error where there is none.
Result<double> distance_of(const PictureDistance& distance, std::span<const float> original,
                           std::span<const float> shown, PictureSize size);

// Distances at different rates brought to one: LPIPS falls with about this power of the rate.
inline constexpr double kDistanceSlope = 0.4;
double at_equal_rate(double distance, double bits, double wanted_bits);

// So many times nearer to its original a keyframe comes by the search, about.
inline constexpr double kSearchGain = 1.6;

}  // namespace gvc::codec
