// The hybrid base's decoder: what a conventional codec decoded, through the refiner, to the picture
// that is shown (design: docs/architecture.md).
#pragma once

#include <vector>

#include "models/detail.h"
#include "models/refiner.h"

namespace gvc::models {

struct HybridInput {
    nn::Tensor rgb;  // [N*T, 3, H, W]: decoded, scaled up to the shown size; H, W multiples of 32
    nn::Tensor previous;  // [N*T, 3, H, W]: of previous_pictures(), or `rgb` where no group was
                          // before
    nn::Tensor detail;    // [N*T, kDetailBands, H/32, W/32], symbols; zeros where none were sent
    // One value per item, what the base was coded with:
    std::vector<float> crfs;    // quantiser, 0 ... 63
    std::vector<float> scales;  // coded height / shown height, (0, 1]
    std::vector<float> bpps;    // of the whole GOP, in bits per shown pixel
};

// What the last refined picture shows of each of the `frames` pictures that follow it: warped along
// motion that is searched between decoded pictures, and where that does not fit, the decoded
// picture itself. No gradient flows through it.
//   rgb [N*frames, 3, H, W]; last_rgb, last_refined [N, 3, H, W], the picture before them
nn::Tensor previous_pictures(nn::Ops& ops, const nn::Tensor& rgb, const nn::Tensor& last_rgb,
                             const nn::Tensor& last_refined, int frames);

class HybridRefiner {
  public:
    HybridRefiner(nn::Ops& ops, const HybridConfig& config, const RefinerConfig& refiner);

    // Whether groups of frames refer to the one before them.
    bool recurrent() const { return recurrent_; }
    // frames: T, consecutive frames of one GOP that share their features. [N*T, 3, H, W], not
    // clamped.
    nn::Tensor run(nn::Ops& ops, const HybridInput& input, int frames) const;

  private:
    bool recurrent_;
    Conv code_in_, code_out_, feature_in_, z_base_;
    DcbStack feature_;
    DetailSynthesis detail_;
    Refiner refiner_;
};

}  // namespace gvc::models
