// Tensors as host arrays, and mixtures of two.
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

// From a, where the share of b is 0, to b, where it is 1; all of one shape.
inline Tensor mixed(Ops& ops, const Tensor& a, const Tensor& b, const Tensor& share) {
    return ops.add(a, ops.mul(share, ops.sub(b, a)));
}

}  // namespace gvc::nn
