// Warping and block matching on torch tensors (see nn/ops.h for what they compute).
#pragma once

#include <torch/types.h>

#include <vector>

#include "nn/ops.h"

namespace gvc::nn {

at::Tensor upsample_bilinear(const at::Tensor& x, int factor);

// Samples of x [N, C, H, W] at (x + flow_x, y + flow_y), flow [N, 2, H, W] in pixels, coordinates
// mirrored at the edges. fp32.
at::Tensor torch_warp(const at::Tensor& x, const at::Tensor& flow,
                      Sampling sampling = Sampling::bilinear);

at::Tensor torch_warp_blend(const std::vector<at::Tensor>& refs, const at::Tensor& flows,
                            const at::Tensor& logits, int s, Sampling sampling);

at::Tensor torch_block_match(const at::Tensor& current, const at::Tensor& reference, int radius);

}  // namespace gvc::nn
