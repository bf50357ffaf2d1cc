// The distance that LPIPS takes between two feature maps, with its gradient.
#pragma once

#include <torch/types.h>

namespace gvc::train {

// a, b [N, C, H, W] (fp32 or bf16), weight [1, C, 1, 1] -> [N]: both normalised to unit length over
// their channels, squared difference, weighted sum over channels, mean over positions. Gradients
// flow into `a` only. On a CPU one pass of its own: as a chain of ATen's operations it costs more
// than the network before it.
at::Tensor lpips_distance(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weight);

}  // namespace gvc::train
