// Conversions between tensors of a file and values in memory (declared in safetensors.h).
#include <bit>
#include <cmath>

#include "base/bytes.h"
#include "weights/safetensors.h"

namespace gvc::weights {
namespace {

float half_to_float(uint16_t h) {
    const uint32_t sign = static_cast<uint32_t>(h & 0x8000) << 16;
    const uint32_t exponent = (h >> 10) & 0x1F;
    const uint32_t mantissa = h & 0x3FF;
    if (exponent == 0) {  // zero and subnormals: mantissa * 2^-24 is exact in float
        const float value = std::ldexp(static_cast<float>(mantissa), -24);
        return sign != 0 ? -value : value;
    }
    const uint32_t wide = exponent == 31 ? 0xFF : exponent + 112;
    return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

uint16_t float_to_bf16(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    if (std::isnan(value)) return static_cast<uint16_t>(bits >> 16 | 0x40);
    return static_cast<uint16_t>((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
}

float element(DType dtype, const std::byte* p) {
    switch (dtype) {
        case DType::f32:
            return std::bit_cast<float>(load_le<uint32_t>(p));
        case DType::f16:
            return half_to_float(load_le<uint16_t>(p));
        case DType::bf16:
            return std::bit_cast<float>(static_cast<uint32_t>(load_le<uint16_t>(p)) << 16);
        case DType::i8:
            return static_cast<int8_t>(*p);
        case DType::u8:
            return static_cast<uint8_t>(*p);
        case DType::u16:
            return load_le<uint16_t>(p);
        case DType::i32:
            return static_cast<float>(static_cast<int32_t>(load_le<uint32_t>(p)));
    }
    return 0;
}

template <typename T>
std::vector<T> integers(const TensorView& view) {
    using Unsigned = std::make_unsigned_t<T>;
    std::vector<T> out(view.data.size() / sizeof(T));
    for (size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<T>(load_le<Unsigned>(view.data.data() + i * sizeof(T)));
    }
    return out;
}

// bits(value) gives the unsigned integer that is stored.
template <typename T, typename Bits>
NamedTensor make(std::string name, DType dtype, std::vector<int64_t> shape,
                 std::span<const T> values, Bits&& bits) {
    NamedTensor out{std::move(name), dtype, std::move(shape), {}};
    const size_t size = dtype_size(dtype);
    out.data.resize(values.size() * size);
    for (size_t i = 0; i < values.size(); ++i) store_le(&out.data[i * size], bits(values[i]));
    return out;
}

}  // namespace

void to_float(const TensorView& view, std::vector<float>& out) {
    const size_t size = dtype_size(view.dtype);
    out.resize(view.data.size() / size);
    for (size_t i = 0; i < out.size(); ++i) {
        out[i] = element(view.dtype, view.data.data() + i * size);
    }
}

std::vector<int8_t> to_i8(const TensorView& view) { return integers<int8_t>(view); }
std::vector<uint16_t> to_u16(const TensorView& view) { return integers<uint16_t>(view); }
std::vector<int32_t> to_i32(const TensorView& view) { return integers<int32_t>(view); }

NamedTensor from_float(std::string name, std::vector<int64_t> shape,
                       std::span<const float> values) {
    return make(std::move(name), DType::f32, std::move(shape), values,
                [](float v) { return std::bit_cast<uint32_t>(v); });
}

NamedTensor from_float_as_bf16(std::string name, std::vector<int64_t> shape,
                               std::span<const float> values) {
    return make(std::move(name), DType::bf16, std::move(shape), values, float_to_bf16);
}

NamedTensor from_i8(std::string name, std::vector<int64_t> shape, std::span<const int8_t> values) {
    return make(std::move(name), DType::i8, std::move(shape), values,
                [](int8_t v) { return static_cast<uint8_t>(v); });
}

NamedTensor from_u16(std::string name, std::vector<int64_t> shape,
                     std::span<const uint16_t> values) {
    return make(std::move(name), DType::u16, std::move(shape), values,
                [](uint16_t v) { return v; });
}

NamedTensor from_i32(std::string name, std::vector<int64_t> shape,
                     std::span<const int32_t> values) {
    return make(std::move(name), DType::i32, std::move(shape), values,
                [](int32_t v) { return static_cast<uint32_t>(v); });
}

}  // namespace gvc::weights
