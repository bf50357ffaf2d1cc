// The feature networks of LPIPS v0.1 (Zhang et al., CVPR 2018): AlexNet and SqueezeNet 1.1.
// The heads (normalise, difference, weight, mean) are computed by whoever uses the features:
// eval/lpips.h on the host, train/losses.h with gradients.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "nn/ops.h"
#include "weights/safetensors.h"

namespace gvc::models {

enum class LpipsNet { alex, squeeze };

// Name of the file of its weights, as it lies in models/metrics.
std::string lpips_file(LpipsNet net);
// Code::model, with a hint, if it is not in that folder or damaged.
Result<weights::SafetensorsFile> open_lpips(const std::string& folder, LpipsNet net);

class LpipsFeatures {
  public:
    // Weight names are those of lpips_file().
    LpipsFeatures(nn::Ops& ops, LpipsNet net);

    // rgb [N, 3, H, W] in [0, 1], H and W at least 35 -> 5 (alex) or 7 (squeeze) feature maps.
    std::vector<nn::Tensor> run(nn::Ops& ops, const nn::Tensor& rgb) const;

    // Weights of the heads, "lin<k>.weight" [1, C, 1, 1], one a feature map.
    const std::vector<nn::Tensor>& heads() const { return heads_; }

  private:
    nn::Tensor fire(nn::Ops& ops, const nn::Tensor& x, int index) const;

    LpipsNet net_;
    nn::Tensor shift_, scale_;  // from [0, 1] to the network's normalised input
    std::vector<nn::ConvWeight> convs_;
    std::vector<nn::Tensor> heads_;
};

}  // namespace gvc::models
