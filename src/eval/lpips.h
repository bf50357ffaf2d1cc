// LPIPS v0.1: distance between the features that a network sees in two pictures. Features come from
// models/lpips.h on any backend; the head (normalise, difference, weight, mean) is here, in host
// memory. 0 for equal pictures, about 0.1 for good, 0.5 for hardly recognisable ones.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/metric.h"
#include "models/lpips.h"
#include "nn/inference_ops.h"

namespace gvc::eval {

constexpr int kLpipsMinSide = 35;

// One picture's features, of length 1 at each position.
struct LpipsMaps {
    struct Map {
        int channels = 0;
        size_t positions = 0;
        std::vector<float> values;  // [channels, positions]
    };
    std::vector<Map> maps;
};

class Lpips {
  public:
    // Builds the network with `ops`, whose weights must be those of models/metrics. Code::model if
    // they are not.
    static Result<Lpips> make(std::unique_ptr<nn::InferenceOps> ops, models::LpipsNet net);
    // From FOLDER/lpips_<net>_v0.1_fp32.safetensors, fp32 on the CPU backend. Code::model if it is
    // missing or damaged. threads: 0 is one for each CPU.
    static Result<Lpips> open(const std::string& folder, models::LpipsNet net, int threads = 0);

    // `pictures` are planar R'G'B' [3, H, W] in [0, 1], sides at least kLpipsMinSide, all of one
    // size; they run as one batch.
    Result<std::vector<LpipsMaps>> features(const std::vector<const float*>& pictures, int width,
                                            int height);
    // Of two pictures of one size.
    double distance(const LpipsMaps& a, const LpipsMaps& b) const;

  private:
    Lpips(std::unique_ptr<nn::InferenceOps> ops, models::LpipsNet net);

    std::unique_ptr<nn::InferenceOps> ops_;
    models::LpipsFeatures network_;
    std::vector<std::vector<float>> heads_;
};

// Per frame. `name` is what the results call it.
std::unique_ptr<Metric> make_lpips(std::shared_ptr<Lpips> lpips, const std::string& name);

// Temporal LPIPS: |LPIPS(x_t, x_t+1) - LPIPS(y_t, y_t+1)|, how differently the two videos change
// from frame to frame. One value less than frames.
std::unique_ptr<Metric> make_temporal_lpips(std::shared_ptr<Lpips> lpips, const std::string& name);

}  // namespace gvc::eval
