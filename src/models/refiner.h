// The refiner, GVC's diffusion decoder: one rectified-flow step (more on request) from the decoder
// base's latent to the picture that is shown. Sizes S, M and L differ in RefinerConfig alone.
#pragma once

#include <vector>

#include "models/blocks.h"
#include "models/config.h"

namespace gvc::models {

// Diffusion block for convolutions (DiCo, 2025): adaptive norm, 1x1, depth-wise 3x3, GELU, channel
// attention, 1x1; then adaptive norm and a feed-forward of four times the width.
class DiCo {
  public:
    DiCo() = default;
    DiCo(nn::Ops& ops, const std::string& name, int channels, int condition);
    nn::Tensor operator()(nn::Ops& ops, const nn::Tensor& x, const nn::Tensor& condition) const;

  private:
    Conv scale1_, shift1_, scale2_, shift2_, in_, attention_, out_, expand_, reduce_;
    nn::DepthwiseWeight depthwise_;
};

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
    nn::Tensor z0;   // [N*T, 32, H/8, W/8], predicted clean latent
    nn::Tensor rgb;  // [N*T, 3, H, W], not clamped; undefined unless asked for
};

class Refiner {
  public:
    Refiner(nn::Ops& ops, const RefinerConfig& config, int width_frame);

    const RefinerConfig& config() const { return config_; }
    // frames: T, the frames of one chunk that follow each other in the batch (1 or 4).
    RefinerOutput run(nn::Ops& ops, const RefinerInput& input, int frames, bool pixels) const;

  private:
    RefinerConfig config_;
    Conv condition_in_, condition_mid_, in_, z0_, head_up_, head_out_;
    std::vector<DiCo> blocks_;
    DcbStack pixel_blocks_;
};

}  // namespace gvc::models
