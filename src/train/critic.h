// The adversarial part of a refiner's training: a discriminator that tells patches of two
// consecutive frames from decoded ones (PatchGAN, Isola et al. 2017; hinge loss; spectral
// normalisation, Miyato et al. 2018).
#pragma once

#include <torch/nn/module.h>
#include <torch/nn/pimpl.h>
#include <torch/optim/adam.h>
#include <torch/types.h>

#include <memory>
#include <string>

#include "base/result.h"
#include "train/archive.h"

namespace gvc::train {

// A convolution whose weight is divided by its largest singular value, followed one power iteration
// a forward pass.
class SpectralConvImpl : public torch::nn::Module {
  public:
    SpectralConvImpl(int64_t in, int64_t out, int64_t stride);
    at::Tensor forward(const at::Tensor& x);

  private:
    int64_t stride_;
    at::Tensor weight_, bias_, u_;
};
TORCH_MODULE(SpectralConv);

// [N, 6 + condition channels, H, W] -> [N, 1, H/8, W/8], positive where it looks real.
class PatchDiscriminatorImpl : public torch::nn::Module {
  public:
    PatchDiscriminatorImpl(int64_t channels, int64_t width);
    at::Tensor forward(at::Tensor x);

  private:
    SpectralConv first_{nullptr}, down1_{nullptr}, down2_{nullptr}, last_{nullptr};
};
TORCH_MODULE(PatchDiscriminator);

// The discriminator with its optimiser.
class Critic {
  public:
    // channels: of the frames and of what both sides are shown beside them.
    Critic(int64_t channels, double lr, at::Device device);

    // Two steps in one: it learns from both batches, and says how the generator's frames do:
    // a gradient of their score with respect to `fake`, and its own loss.
    struct Verdict {
        at::Tensor gradient;        // of -score, shape of fake
        double loss = 0;            // hinge; 2 where it cannot tell
        double real = 0, fake = 0;  // mean scores
    };
    Verdict judge(const at::Tensor& real, const at::Tensor& fake);

    Status save(const std::string& path);
    Status load(const std::string& path);

  private:
    std::vector<ArchivePart> parts();

    PatchDiscriminator net_;
    torch::optim::Adam optimiser_;
};

}  // namespace gvc::train
