// The LibTorch backend: autograd for the trainer, and the first CUDA backend.
//
// Works with LibTorch 1.13 (Debian) and 2.x; nothing here may use what only one of them has.
#pragma once

#include <torch/types.h>
#include <torch/utils.h>

#include <functional>
#include <memory>
#include <string>

#include "nn/ops.h"

namespace gvc::nn {

class WeightSource;

struct TorchStorage : Storage {
    explicit TorchStorage(at::Tensor tensor) : value(std::move(tensor)) {}
    at::Tensor value;
};

// Wraps a tensor [N, C, H, W] of any strides; the result keeps its autograd history.
Tensor from_torch(at::Tensor value);
const at::Tensor& to_torch(const Tensor& x);

// Gives the parameter of this name: fp32, on the device, requiring gradients or not.
// fan_in is the number of products per output, 0 for free parameters.
using ParameterProvider = std::function<at::Tensor(const std::string& name, at::IntArrayRef shape,
                                                   Init init, int64_t fan_in, float gain)>;

// precision: that of convolutions and features; pictures, flows and parameters stay fp32.
std::unique_ptr<Ops> make_torch_ops(ParameterProvider provider, at::Device device,
                                    Precision precision);

// For inference: parameters from a weights file, without gradients. Throws c10::Error where a GPU
// is asked for and there is none.
std::unique_ptr<Ops> make_torch_ops(const WeightSource& weights, bool cuda,
                                    Precision precision = Precision::fp32);

}  // namespace gvc::nn
