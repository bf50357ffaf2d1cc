// From latents to tokens and back.
#pragma once

#include <cstdint>
#include <vector>

#include "nn/ops.h"

namespace gvc::codec {

// floor(value + 0.5), cut to what a token can be; not-a-number gives 0.
int16_t quantise(float value);

// A tensor [1, C, H, W] as tokens in the order of token planes, [row, column, channel].
std::vector<int16_t> quantise(nn::Ops& ops, const nn::Tensor& x);

// Tokens of a plane as a tensor of this shape, [1, C, H, W].
nn::Tensor dequantise(nn::Ops& ops, const std::vector<int16_t>& plane, const nn::Shape& shape);

}  // namespace gvc::codec
