// TAEF2's encoder (github.com/madebyollin/taesd, MIT), a tiny autoencoder of the FLUX.2 latent: the
// teacher of the refiner's latent. Needed to train, never to encode or decode.
#pragma once

#include <torch/types.h>

#include <map>
#include <string>

#include "base/result.h"

namespace gvc::train {

class Teacher {
  public:
    // A safetensors file with the encoder's weights, see ../shared/models/README.md. Fails with
    // Code::input where it cannot be read or lacks a tensor.
    static Result<Teacher> load(const std::string& path, at::Device device);

    // rgb [N, 3, H, W] in [0, 1], sides multiples of 8 -> latents [N, 32, H/8, W/8], of about
    // unit variance, without gradients. A frame's latent depends on all of its content (group
    // normalisation).
    at::Tensor latent(const at::Tensor& rgb) const;

  private:
    at::Tensor conv(const at::Tensor& x, const std::string& name, int64_t stride = 1) const;
    at::Tensor block(const at::Tensor& x, int layer) const;
    bool has(const std::string& name) const { return weights_.count(name) > 0; }

    std::map<std::string, at::Tensor> weights_;  // by the file's names without "encoder."
};

}  // namespace gvc::train
