// Makes pairs for the hybrid's refiner (train/pairs.h): codes GOPs of a pack with AV1, decodes them
// and scales them up to the size of the source. Needs FFmpeg's libraries with SVT-AV1, which
// reading pairs does not.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace gvc::train {

constexpr int kLeastPairFrames = 29;

struct PairOptions {
    std::string pack;
    int count = 400;                   // pairs to be made, of both splits
    int frames = kLeastPairFrames;     // of the longest; lengths are drawn evenly up to it
    double minutes = 0;                // stops earlier; 0: no limit
    int preset = 6;                    // of SVT-AV1
    double low = 0.0018, high = 0.04;  // bits per pixel; pairs outside are thrown away
    // The coarsest quantiser: a low one leaves the scenes that suit AV1, those of little motion.
    int most_crf = 85;
    uint64_t seed = 1;
    std::function<void(int done, int thrown_away)> progress;
};

// Appends to those that are there.
Status make_pairs(const PairOptions& options);

}  // namespace gvc::train
