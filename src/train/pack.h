// Packs clips for training: short sequences, scaled down, as raw YUV 4:2:0 (BT.709, limited range).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.h"

namespace gvc::train {

struct PackOptions {
    // Folder of videos and photographs. With a manifest.csv (columns file, source_repo) sources are
    // kept apart: a source is wholly in "train" or in "val".
    std::string clips;
    std::string output;                              // folder for index.json, train.yuv, val.yuv
    int frames = 32;                                 // of a sequence
    int short_side_min = 272, short_side_max = 400;  // random; at most the source's / 1.25
    int validation_every = 9;                        // one source in so many is held out
    int threads = 1;  // clips at once; the pack does not depend on it
    uint64_t seed = 7;
    std::function<void(size_t done, size_t all)> progress;
};

// Sequences a clip: 1 below 64 frames, 2 below 140, 3 from there; 1 for validation. A photograph is
// a sequence of one frame.
Status pack(const PackOptions& options);

}  // namespace gvc::train
