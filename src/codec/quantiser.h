// From latents to tokens and back.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "entropy/cdf.h"
#include "nn/ops.h"

namespace gvc::codec {

// The two orders of a latent's values: calls copy(place in a token plane, [row, column, channel];
// place in an array [channel, row, column]) for each of them.
template <typename Copy>
void each_sample(const nn::Shape& shape, Copy copy) {
    const auto channels = static_cast<size_t>(shape.c);
    const auto positions = static_cast<size_t>(shape.h * shape.w);
    for (size_t c = 0; c < channels; ++c) {
        for (size_t p = 0; p < positions; ++p) copy(p * channels + c, c * positions + p);
    }
}

// floor(value + 0.5), cut to what a token can be; not-a-number gives 0.
int16_t quantise(float value);

// A tensor [1, C, H, W] as tokens in the order of token planes, [row, column, channel].
std::vector<int16_t> quantise(nn::Ops& ops, const nn::Tensor& x);

// Makes tokens of `exact` [1, C, H, W], rounded, smaller where that saves more than it costs: an
// error in the square against kMotionBitWeight for each bit. For the first channels of a chunk's
// latent, those of motion; what is seen of texture does not bear it. token_rows: of the plane,
// costs: of the tokens at each row.
void spare_motion_bits(nn::Ops& ops, const nn::Tensor& exact,
                       std::span<const entropy::TokenRow> token_rows,
                       std::span<const entropy::CdfCost> costs, std::vector<int16_t>& plane);

// Tokens of a plane as a tensor of this shape, [1, C, H, W].
nn::Tensor dequantise(nn::Ops& ops, const std::vector<int16_t>& plane, const nn::Shape& shape);

}  // namespace gvc::codec
