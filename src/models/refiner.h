// The refiner, GVC's diffusion decoder: one rectified-flow step (more on request) from the decoder
// base's latent to the picture that is shown. Sizes S, M and L differ in RefinerConfig alone.
//
// A trunk of depth-wise convolution blocks at 1/8, each modulated by (time, qp, style), between a
// stem and a head at 1/4 that a skip connects: detail that the base has need not pass the trunk.
// Why not DiCo blocks: docs/decisions/0002-refiner.md.
#pragma once

#include <vector>

#include "models/blocks.h"
#include "models/config.h"

namespace gvc::models {

struct RefinerInput {
    nn::Tensor z_t;       // [N*T, 32, H/8, W/8]
    nn::Tensor feature;   // [N*T, width_frame, H/8, W/8], the decoder base's
    nn::Tensor base_rgb;  // [N*T, 3, H, W]
    nn::Tensor previous;  // [N*T, 3, H, W]: the refined references warped to each frame; the base
                          // picture where there is none (keyframes)
    nn::Tensor style;     // [N*T, 8, 1, 1], rounded
    std::vector<float> qps, times;  // one per item; time 0 is the clean latent, 1 pure noise
};

struct RefinerOutput {
    // One of the two, the other is undefined:
    nn::Tensor z0;   // [N*T, 32, H/8, W/8], predicted clean latent
    nn::Tensor rgb;  // [N*T, 3, H, W], not clamped; where pixels are asked for
};

class Refiner {
  public:
    // prefix: of the parameters' names, "refiner" for the neural base.
    Refiner(nn::Ops& ops, const RefinerConfig& config, int width_frame,
            const std::string& prefix = "refiner");

    const RefinerConfig& config() const { return config_; }
    // frames: T, the frames of one chunk that follow each other in the batch (1 or 4).
    RefinerOutput run(nn::Ops& ops, const RefinerInput& input, int frames, bool pixels) const;

  private:
    RefinerConfig config_;
    Conv condition_in_, condition_mid_, stem_in_, in_, z0_, head_up_, head_out_;
    DcbStack stem_, pixel_blocks_;  // at 1/4
    std::vector<Modulation> modulations_;
    std::vector<Dcb> blocks_;
};

}  // namespace gvc::models
