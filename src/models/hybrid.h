// The hybrid base's decoder: what a conventional codec decoded, through the refiner, to the picture
// that is shown (design: docs/architecture.md).
#pragma once

#include <vector>

#include "models/detail.h"
#include "models/refiner.h"

namespace gvc::models {

struct HybridInput {
    nn::Tensor rgb;       // [N*T, 3, H, W]: decoded, scaled up to the shown size; H, W multiples of 32
    nn::Tensor previous;  // [N*T, 3, H, W]: the last refined picture, warped to each frame; `rgb`
                          // where there is none
    nn::Tensor detail;    // [N*T, kDetailBands, H/32, W/32], symbols; zeros where none were sent
    // One value per item, what the base was coded with:
    std::vector<float> crfs;    // quantiser, 0 ... 63
    std::vector<float> scales;  // coded height / shown height, (0, 1]
    std::vector<float> bpps;    // of the whole GOP, in bits per shown pixel
};

class HybridRefiner {
  public:
    HybridRefiner(nn::Ops& ops, const HybridConfig& config, const RefinerConfig& refiner);

    // frames: T, consecutive frames of one GOP that share their features. [N*T, 3, H, W], not
    // clamped.
    nn::Tensor run(nn::Ops& ops, const HybridInput& input, int frames) const;

  private:
    Conv code_in_, code_out_, feature_in_, z_base_;
    DcbStack feature_;
    DetailSynthesis detail_;
    Refiner refiner_;
};

}  // namespace gvc::models
