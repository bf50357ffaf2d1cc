// Features by which masks are carried from frame to frame: what a small pretrained network sees at
// the cells of a grid.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "nn/inference_ops.h"

namespace gvc::eval {

// Vectors of length 1; their dot product is how alike two cells are. Cell x lies at pixel
// stride * x + offset, and so do rows.
struct FeatureGrid {
    int width = 0, height = 0, channels = 0;  // channels: a multiple of 8
    int stride = 8, offset = 0;
    std::vector<float> values;  // [height, width, channels]

    const float* cell(int x, int y) const {
        return &values[(static_cast<size_t>(y) * width + x) * channels];
    }
};

// Of the two only FastestDet is no judge in its own cause: GVC's weights were trained to keep what
// SqueezeNet sees.
enum class FeatureNet { fastestdet, squeezenet };

const char* feature_net_name(FeatureNet net);
std::optional<FeatureNet> feature_net_from_name(const std::string& name);

constexpr int kFeatureMinSide = 64;

// The network's maps from 1/8 on, each of length 1 and all of one weight: of SqueezeNet 1.1 the
// first and the last of them (those between would cost three times as much again), of FastestDet
// all three.
class MaskFeatures {
  public:
    // From the weights in FOLDER (models/metrics), fp32 on the CPU backend. Code::model if they
    // are missing or damaged. threads: 0 is one for each CPU.
    static Result<MaskFeatures> open(FeatureNet net, const std::string& folder, int threads = 0);

    // `rgb` is planar [3, H, W] in [0, 1], sides at least kFeatureMinSide.
    Result<FeatureGrid> run(const float* rgb, int width, int height);

    FeatureNet net() const { return net_; }
    int threads() const { return ops_->threads(); }

  private:
    // Where a map's cells lie: pixel stride * x + offset.
    struct Map {
        nn::Tensor tensor;
        int stride = 0, offset = 0;
    };
    using Network = std::function<std::vector<Map>(nn::Ops&, const nn::Tensor& rgb)>;

    MaskFeatures(FeatureNet net, std::unique_ptr<nn::InferenceOps> ops);

    static void add_map(nn::Ops& ops, const Map& map, int from_channel, float weight,
                        FeatureGrid& grid);

    FeatureNet net_;
    std::unique_ptr<nn::InferenceOps> ops_;
    Network network_;
};

}  // namespace gvc::eval
