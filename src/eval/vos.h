// Video object segmentation as DAVIS measures it (Perazzi et al., CVPR 2016; Pont-Tuset et al.,
// 2017): region similarity J, contour accuracy F.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/label_video.h"

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
    std::vector<double> j_values, f_values;  // the frames', beginning with the second
};

// Means over objects, as DAVIS has them.
struct VosMeans {
    double j = 0, f = 0, j_recall = 0, f_recall = 0, j_decay = 0, f_decay = 0;

    double j_and_f() const { return (j + f) / 2; }
};
VosMeans vos_means(const std::vector<VosResult>& results);

// One result for each object of the first true mask. `found` may hold more objects than `truth`;
// they do not count, and one that is missing there is empty. Code::quality if numbers of frames or
// sizes differ.
Result<std::vector<VosResult>> evaluate_labels(const std::string& sequence, const LabelVideo& truth,
                                               const LabelVideo& found);

// The same of folders.
Result<std::vector<VosResult>> evaluate_masks(const std::string& sequence, const std::string& truth,
                                              const std::string& found);

}  // namespace gvc::eval
