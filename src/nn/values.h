// Tensors as host arrays.
#pragma once

#include <vector>

#include "nn/ops.h"

namespace gvc::nn {

// What a tensor holds, in [N, C, H, W] order.
inline std::vector<float> values_of(Ops& ops, const Tensor& x) {
    std::vector<float> values(static_cast<size_t>(x.shape().count()));
    ops.to_host(x, values.data());
    return values;
}

}  // namespace gvc::nn
