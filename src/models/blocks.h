// Building blocks shared by the networks. Every block holds weight handles of one Ops and is run on
// that Ops; features are [N, C, H, W].
#pragma once

#include <string>
#include <vector>

#include "nn/ops.h"

namespace gvc::models {

// A convolution followed by an activation, the plainest layer.
class Conv {
  public:
    Conv() = default;
    Conv(nn::Ops& ops, const std::string& name, int in, int out, int kernel = 1, int stride = 1,
         nn::Act act = nn::Act::none, nn::Init init = nn::Init::kaiming, float gain = 1.0f);
    nn::Tensor operator()(nn::Ops& ops, const nn::Tensor& x, const nn::Tensor& residual = {}) const;
    // Of the parts' concatenation.
    nn::Tensor of_parts(nn::Ops& ops, const std::vector<nn::ConvPart>& parts) const;
    // shuffle(conv(x), r) + residual. For layers without activation.
    nn::Tensor shuffled(nn::Ops& ops, const nn::Tensor& x, int r, const nn::Tensor& residual) const;

  private:
    nn::ConvWeight weight_;
    nn::Act act_ = nn::Act::none;
};

// Depth-wise convolution block (as in DCVC-RT, CVPR 2025): 1x1, SiLU, depth-wise 3x3, 1x1,
// residual; then 1x1 to 4C, SiLU and sum of halves, 1x1, residual. 8 C^2 + 9 C products a position.
class Dcb {
  public:
    Dcb() = default;
    Dcb(nn::Ops& ops, const std::string& name, int channels);
    nn::Tensor operator()(nn::Ops& ops, const nn::Tensor& x) const;

  private:
    nn::DcbWeights weights_;
};

class DcbStack {
  public:
    DcbStack() = default;
    DcbStack(nn::Ops& ops, const std::string& name, int channels, int count);
    nn::Tensor operator()(nn::Ops& ops, nn::Tensor x) const;

  private:
    std::vector<Dcb> blocks_;
};

// Scale and shift of a feature by a global condition vector [N, E, 1, 1]: x * (1 + a(e)) + b(e).
// Starts as the identity.
class Modulation {
  public:
    Modulation() = default;
    Modulation(nn::Ops& ops, const std::string& name, int condition, int channels);
    nn::Tensor operator()(nn::Ops& ops, const nn::Tensor& x, const nn::Tensor& condition) const;

  private:
    Conv scale_, shift_;
};

// Features of a quality index for conditioning: cosines of (qp + 0.5) / 32, smooth in qp.
inline constexpr int kQualityFeatures = 8;
// One column per item: [qps.size(), 8, 1, 1]. qp may be fractional (hierarchical offsets).
nn::Tensor quality_features(nn::Ops& ops, const std::vector<float>& qps);

// Pictures [N, 3, H, W] in [0, 1] as patches of 8x8, [N, 192, H/8, W/8], about zero mean and unit
// variance: what every network takes a picture in as.
inline constexpr int kPatch = 8;
inline constexpr int kPatchChannels = 3 * kPatch * kPatch;
nn::Tensor patches(nn::Ops& ops, const nn::Tensor& rgb);
// The same as a part of a convolution's input, with patches of any size.
nn::ConvPart patch_part(const nn::Tensor& rgb, int patch = kPatch);

}  // namespace gvc::models
