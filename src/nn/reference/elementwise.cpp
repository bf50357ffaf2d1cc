#include <algorithm>
#include <cassert>
#include <cmath>

#include "nn/reference/backend.h"

namespace gvc::nn::reference {
namespace {

template <typename F>
Tensor map(const Tensor& x, F f) {
    Output out(x.shape());
    const float* in = data(x);
    for (int64_t i = 0; i < x.shape().count(); ++i) out.values[i] = f(in[i]);
    return out.tensor;
}

template <typename F>
Tensor zip(const Tensor& a, const Tensor& b, F f) {
    assert(a.shape() == b.shape());
    Output out(a.shape());
    const float* left = data(a);
    const float* right = data(b);
    for (int64_t i = 0; i < a.shape().count(); ++i) out.values[i] = f(left[i], right[i]);
    return out.tensor;
}

// Value of a condition [N or 1, C, 1, 1] for item n and channel c.
float condition(const Tensor& values, int64_t n, int64_t c) {
    Shape shape = values.shape();
    return data(values)[(shape.n == 1 ? 0 : n) * shape.c + c];
}

}  // namespace

float activate(float value, Act act) {
    switch (act) {
        case Act::none:
            return value;
        case Act::relu:
            return std::max(value, 0.0f);
        case Act::leaky:
            return value > 0 ? value : 0.1f * value;
        case Act::silu:
            return value / (1.0f + std::exp(-value));
        case Act::gelu: {
            float inner = 0.7978845608f * (value + 0.044715f * value * value * value);
            return 0.5f * value * (1.0f + std::tanh(inner));
        }
        case Act::sigmoid:
            return 1.0f / (1.0f + std::exp(-value));
        case Act::exp:
            return std::exp(value);
    }
    return value;
}

Tensor ReferenceOps::activate(const Tensor& x, Act act) {
    return map(x, [act](float v) { return reference::activate(v, act); });
}

Tensor ReferenceOps::add(const Tensor& a, const Tensor& b) {
    return zip(a, b, [](float l, float r) { return l + r; });
}

Tensor ReferenceOps::sub(const Tensor& a, const Tensor& b) {
    return zip(a, b, [](float l, float r) { return l - r; });
}

Tensor ReferenceOps::mul(const Tensor& a, const Tensor& b) {
    return zip(a, b, [](float l, float r) { return l * r; });
}

Tensor ReferenceOps::affine(const Tensor& x, float a, float b) {
    return map(x, [a, b](float v) { return a * v + b; });
}

Tensor ReferenceOps::clamp(const Tensor& x, float low, float high) {
    return map(x, [low, high](float v) { return std::min(std::max(v, low), high); });
}

Tensor ReferenceOps::scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) {
    Shape shape = x.shape();
    Output out(shape);
    int64_t plane = shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; ++n)
        for (int64_t c = 0; c < shape.c; ++c) {
            float a = condition(scale, n, c);
            float b = shift.defined() ? condition(shift, n, c) : 0.0f;
            int64_t offset = (n * shape.c + c) * plane;
            for (int64_t i = 0; i < plane; ++i)
                out.values[offset + i] = data(x)[offset + i] * a + b;
        }
    return out.tensor;
}

Tensor ReferenceOps::sum_halves(const Tensor& x, Act act) {
    Shape shape = x.shape();
    assert(shape.c % 2 == 0);
    shape.c /= 2;
    Output out(shape);
    int64_t item = shape.c * shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; ++n)
        for (int64_t i = 0; i < item; ++i) {
            const float* in = data(x) + n * 2 * item + i;
            out.values[n * item + i] =
                reference::activate(in[0], act) + reference::activate(in[item], act);
        }
    return out.tensor;
}

Tensor ReferenceOps::norm_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) {
    Shape shape = x.shape();
    Output out(shape);
    int64_t plane = shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; ++n)
        for (int64_t i = 0; i < plane; ++i) {
            int64_t offset = n * shape.c * plane + i;
            const float* in = data(x) + offset;
            double sum = 0, squares = 0;
            for (int64_t c = 0; c < shape.c; ++c) sum += in[c * plane];
            double mean = sum / static_cast<double>(shape.c);
            for (int64_t c = 0; c < shape.c; ++c) squares += std::pow(in[c * plane] - mean, 2);
            double norm = 1.0 / std::sqrt(squares / static_cast<double>(shape.c) + 1e-6);
            for (int64_t c = 0; c < shape.c; ++c)
                out.values[offset + c * plane] = static_cast<float>((in[c * plane] - mean) * norm) *
                                                     (1.0f + condition(scale, n, c)) +
                                                 condition(shift, n, c);
        }
    return out.tensor;
}

Tensor ReferenceOps::group_norm(const Tensor& x, int groups, const Tensor& weight,
                                const Tensor& bias, float eps) {
    Shape shape = x.shape();
    assert(shape.c % groups == 0);
    Output out(shape);
    int64_t plane = shape.h * shape.w, size = shape.c / groups * plane;
    for (int64_t group = 0; group < shape.n * groups; ++group) {
        const float* in = data(x) + group * size;
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < size; ++i) sum += in[i];
        double mean = sum / static_cast<double>(size);
        for (int64_t i = 0; i < size; ++i) squares += (in[i] - mean) * (in[i] - mean);
        double norm = 1.0 / std::sqrt(squares / static_cast<double>(size) + eps);
        for (int64_t i = 0; i < size; ++i) {
            int64_t c = (group % groups) * (shape.c / groups) + i / plane;
            out.values[group * size + i] =
                static_cast<float>((in[i] - mean) * norm) * data(weight)[c] + data(bias)[c];
        }
    }
    return out.tensor;
}

}  // namespace gvc::nn::reference
