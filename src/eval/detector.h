// What a detector sees in pictures: boxes, and features that nothing of GVC was trained on.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/metric.h"
#include "models/fastestdet.h"
#include "nn/inference_ops.h"

namespace gvc::eval {

constexpr int kDetectorMinSide = 32;

struct Box {
    double left = 0, top = 0, right = 0, bottom = 0;  // shares of the picture's sides
    double score = 0;
    int category = 0;  // of COCO's 80
};

class Detector {
  public:
    // Builds the network with `ops`, whose weights must be models::fastestdet_weights'.
    static Result<Detector> make(std::unique_ptr<nn::InferenceOps> ops);
    // From FOLDER/fastestdet_coco_fp32.safetensors, fp32 on the CPU backend. Code::model if it is
    // missing or damaged. threads: 0 is one for each CPU.
    static Result<Detector> open(const std::string& folder, int threads = 0);

    // `rgb` is planar [3, H, W] in [0, 1]. Scores, their least (0.25) and the suppression of boxes
    // beside better ones (IoU 0.45 within a class) are those of the authors' handle_preds; best
    // first.
    Result<std::vector<Box>> boxes(const float* rgb, int width, int height);

    // Mean over three feature maps of the squared difference of features that have length 1 at each
    // position: LPIPS without trained heads. 0 for equal pictures, at most 2.
    Result<double> feature_distance(const float* a, const float* b, int width, int height);

    // Objectness, box and classes of each cell, before sigmoid and softmax: [85, 22, 22].
    Result<std::vector<float>> raw(const float* rgb_352);

  private:
    explicit Detector(std::unique_ptr<nn::InferenceOps> ops);

    std::unique_ptr<nn::InferenceOps> ops_;
    models::FastestDet network_;
};

double overlap(const Box& a, const Box& b);  // intersection over union

// Boxes found against boxes wanted: a pair has the same category and an IoU of at least 0.5.
struct Agreement {
    int matched = 0, found = 0, wanted = 0;
    // 2 matched / (found + wanted); 1 if there is nothing on either side.
    double f1() const;
};
Agreement agreement(std::vector<Box> wanted, std::vector<Box> found);

std::unique_ptr<Metric> make_feature_distance(std::shared_ptr<Detector> detector);
// F1 at IoU 0.5 of the boxes found in the distorted frame against those in the reference. Overall:
// of all frames' boxes together.
std::unique_ptr<Metric> make_detection_f1(std::shared_ptr<Detector> detector);

}  // namespace gvc::eval
