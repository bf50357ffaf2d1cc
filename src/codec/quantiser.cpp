#include "codec/quantiser.h"

#include <cmath>

#include "codec/picture.h"
#include "entropy/token_config.h"
#include "models/motion_latent.h"

namespace gvc::codec {

int16_t quantise(float value) {
    constexpr float kMax = entropy::kMaxMagnitude;
    const float symbol = std::floor(value + 0.5f);
    if (!(symbol > -kMax)) return std::isnan(symbol) ? 0 : -entropy::kMaxMagnitude;
    return symbol < kMax ? static_cast<int16_t>(symbol) : entropy::kMaxMagnitude;
}

std::vector<int16_t> quantise(nn::Ops& ops, const nn::Tensor& x) {
    const std::vector<float> values = values_of(ops, x);
    std::vector<int16_t> plane(values.size());
    each_sample(x.shape(),
                [&](size_t token, size_t value) { plane[token] = quantise(values[value]); });
    return plane;
}

void spare_motion_bits(nn::Ops& ops, const nn::Tensor& exact,
                       std::span<const entropy::TokenRow> token_rows,
                       std::span<const entropy::CdfCost> costs, std::vector<int16_t>& plane) {
    const nn::Tensor motion = ops.channels(exact, 0, models::kMotionLatents);
    const auto channels = static_cast<size_t>(exact.shape().c);
    const std::vector<float> values = values_of(ops, motion);
    const size_t positions = values.size() / models::kMotionLatents;
    for (size_t p = 0; p < positions; ++p) {
        for (size_t c = 0; c < models::kMotionLatents; ++c) {
            int16_t& token = plane[p * channels + c];
            const entropy::TokenRow row = token_rows[p * channels + c];
            if (token == 0 || row == 0) continue;
            const auto cost = [&](int symbol) {
                const float error = values[c * positions + p] - static_cast<float>(symbol);
                return error * error + models::kMotionBitWeight * costs[row].bits(symbol);
            };
            const int smaller = token - (token > 0 ? 1 : -1);
            int best = token;
            for (const int symbol : {smaller, 0})
                if (cost(symbol) < cost(best)) best = symbol;
            token = static_cast<int16_t>(best);
        }
    }
}

nn::Tensor dequantise(nn::Ops& ops, const std::vector<int16_t>& plane, const nn::Shape& shape) {
    std::vector<float> values(plane.size());
    each_sample(shape, [&](size_t token, size_t value) { values[value] = plane[token]; });
    return ops.from_host(shape, values.data());
}

}  // namespace gvc::codec
