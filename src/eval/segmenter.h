// What a segmentation network sees in pictures: DeepLabv3 on MobileNetV2 (Chen et al., 2017), 21
// classes of Pascal VOC. Nothing of GVC was trained with it. Its file is not part of the project.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/metric.h"
#include "models/tflite.h"

namespace gvc::eval {

constexpr int kSegmenterSide = 257;  // of the picture that it takes
constexpr int kPersonClass = 15;     // of VOC's; 0 is the background

class Segmenter {
  public:
    // From FOLDER/deeplabv3_257_mv_gpu.tflite. Code::model if it is missing or another network.
    static Result<Segmenter> open(const std::string& folder);

    // The class of each of kSegmenterSide squared pixels. `rgb` is planar [3, H, W] in [0, 1].
    std::vector<uint8_t> classes(const float* rgb, int width, int height) const;

  private:
    explicit Segmenter(models::TfliteNetwork network) : network_(std::move(network)) {}

    models::TfliteNetwork network_;
};

// Two pictures' masks of the same classes against each other.
struct MaskAgreement {
    int64_t both = 0, either = 0;  // pixels, summed over classes
    // Intersection over union; 1 if there is nothing on either side.
    double iou() const;
};
// Of one class, or with 0 of all but the background.
MaskAgreement mask_agreement(const std::vector<uint8_t>& wanted, const std::vector<uint8_t>& found,
                             int only_class);

// IoU of the masks that are found in the distorted frame against those in the reference. Overall:
// of all frames' pixels together.
std::unique_ptr<Metric> make_mask_agreement(std::shared_ptr<Segmenter> segmenter,
                                            const std::string& name, int only_class);

}  // namespace gvc::eval
