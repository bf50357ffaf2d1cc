// SiLU and GELU with gradients, plain and summed over halves of the channels.
//
// ATen's CPU versions in bfloat16 cost more than the convolutions around them (a sum of halves
// takes 15 ms backwards where these loops take 1); on CUDA, ATen's are used.
#pragma once

#include <torch/types.h>

#include "nn/ops.h"

namespace gvc::nn {

// act is Act::silu or Act::gelu (tanh form); x [N, C, H, W], channels-last on a CPU.
at::Tensor torch_gated(const at::Tensor& x, Act act);

// [N, 2C, H, W] -> [N, C, H, W]: act(first half) + act(second half).
at::Tensor torch_gated_sum(const at::Tensor& x, Act act);

}  // namespace gvc::nn
