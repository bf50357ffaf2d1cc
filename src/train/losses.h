// Distortions and rates with gradients.
#pragma once

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/lpips.h"
#include "nn/ops.h"

namespace gvc::train {

// LPIPS v0.1 with one of its networks, weights frozen.
class Lpips {
  public:
    static Result<Lpips> load(models::LpipsNet net, const std::string& path, at::Device device,
                              nn::Precision precision);
    // What it sees in pictures [N, 3, H, W] in [0, 1], without gradients.
    std::vector<at::Tensor> features(const at::Tensor& truth) const;
    // a, b [N, 3, H, W] in [0, 1] -> [N]. Gradients flow into `a`, the decoded pictures.
    at::Tensor operator()(const at::Tensor& a, const at::Tensor& b) const;
    // The same where b's features are known: pictures that are compared more than once.
    at::Tensor operator()(const at::Tensor& a, const std::vector<at::Tensor>& of_b) const;

  private:
    std::shared_ptr<nn::Ops> ops_;
    std::shared_ptr<models::LpipsFeatures> features_;
};

// Census-free photometric difference for flow: L1 of pictures and of their gradients, [N, 1, H, W].
at::Tensor photometric(const at::Tensor& a, const at::Tensor& b);

// Mean absolute difference of neighbours, the smoothness of flows.
at::Tensor smoothness(const at::Tensor& flow);

// 1 - MS-SSIM (three scales, luma and chroma alike), [N].
at::Tensor ms_ssim_loss(const at::Tensor& a, const at::Tensor& b);

// Mean over pictures [N, 3, H, W] in [0, 1], in dB.
at::Tensor mean_psnr(const at::Tensor& a, const at::Tensor& b);

// Bits of symbols drawn from a zero-mean Gaussian of this scale, quantised to integers; the
// likelihood is bounded below by 2^-20 with a gradient that still pulls back. Same shape as `v`.
at::Tensor gaussian_bits(const at::Tensor& v, const at::Tensor& sigma);

// The nearest whole numbers, halves upwards, as tokens are rounded.
at::Tensor rounded(const at::Tensor& x);
// rounded(x) forwards, identity backwards.
at::Tensor round_straight_through(const at::Tensor& x);

}  // namespace gvc::train
