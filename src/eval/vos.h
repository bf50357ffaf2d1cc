// Video object segmentation as DAVIS measures it (Perazzi et al., CVPR 2016; Pont-Tuset et al.,
// 2017): region similarity J, contour accuracy F.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/process.h"

namespace gvc::eval {

// One object's mask: 1 inside, 0 outside.
struct Mask {
    int width = 0, height = 0;
    std::vector<uint8_t> inside;
};

// Intersection over union; 1 for two empty masks. Sizes must be the same.
double region_similarity(const Mask& truth, const Mask& found);

// F-measure of the contours, matched within 0.8 % of the diagonal (rounded up to whole pixels).
double contour_accuracy(const Mask& truth, const Mask& found);

// Over a sequence's frames, the first and the last left out, as in DAVIS' semi-supervised task.
struct VosStatistics {
    double mean = 0;
    double recall = 0;  // share of frames above 0.5
    double decay = 0;   // mean of the first quarter less that of the last
};
VosStatistics vos_statistics(const std::vector<double>& values);

struct VosResult {
    std::string sequence;
    std::string object;  // its colour in the masks, such as "#800000"
    int frames = 0;
    VosStatistics j, f;
};

// Folders of PNG masks, one picture a frame in the order of their names, one colour an object,
// black the background. `found` may hold more objects than `truth`; they do not count, and one that
// is missing there is empty. Code::quality if numbers of frames or sizes differ.
Result<std::vector<VosResult>> evaluate_masks(const std::string& sequence, const std::string& truth,
                                              const std::string& found);

}  // namespace gvc::eval
