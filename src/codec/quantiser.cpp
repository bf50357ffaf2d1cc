#include "codec/quantiser.h"

#include <cmath>

#include "entropy/token_config.h"

namespace gvc::codec {
namespace {

// plane[(position) * channels + channel] <-> values[channel * positions + position]
template <typename Copy>
void each_sample(const nn::Shape& shape, Copy copy) {
    const auto channels = static_cast<size_t>(shape.c);
    const auto positions = static_cast<size_t>(shape.h * shape.w);
    for (size_t c = 0; c < channels; ++c) {
        for (size_t p = 0; p < positions; ++p) copy(p * channels + c, c * positions + p);
    }
}

}  // namespace

int16_t quantise(float value) {
    constexpr float kMax = entropy::kMaxMagnitude;
    const float symbol = std::floor(value + 0.5f);
    if (!(symbol > -kMax)) return std::isnan(symbol) ? 0 : -entropy::kMaxMagnitude;
    return symbol < kMax ? static_cast<int16_t>(symbol) : entropy::kMaxMagnitude;
}

std::vector<int16_t> quantise(nn::Ops& ops, const nn::Tensor& x) {
    std::vector<float> values(static_cast<size_t>(x.shape().count()));
    ops.to_host(x, values.data());
    std::vector<int16_t> plane(values.size());
    each_sample(x.shape(),
                [&](size_t token, size_t value) { plane[token] = quantise(values[value]); });
    return plane;
}

nn::Tensor dequantise(nn::Ops& ops, const std::vector<int16_t>& plane, const nn::Shape& shape) {
    std::vector<float> values(plane.size());
    each_sample(shape, [&](size_t token, size_t value) { values[value] = plane[token]; });
    return ops.from_host(shape, values.data());
}

}  // namespace gvc::codec
