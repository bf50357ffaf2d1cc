#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

#include "nn/reference/backend.h"

namespace gvc::nn::reference {
namespace {

double slope(double x, Act act) {
    const auto sigmoid = [](double v) { return 1.0 / (1.0 + std::exp(-v)); };
    switch (act) {
        case Act::none:
            return 1;
        case Act::relu:
            return x > 0 ? 1 : 0;
        case Act::leaky:
            return x > 0 ? 1 : 0.1;
        case Act::silu:
            return sigmoid(x) * (1 + x * (1 - sigmoid(x)));
        case Act::gelu: {
            // x * sigmoid(u) with u = 2 * 0.79788 * (x + 0.044715 x^3)
            const double s = sigmoid(1.5957691216 * (x + 0.044715 * x * x * x));
            return s + x * s * (1 - s) * 1.5957691216 * (1 + 3 * 0.044715 * x * x);
        }
        case Act::sigmoid:
            return sigmoid(x) * (1 - sigmoid(x));
        case Act::exp:
            return std::exp(x);
    }
    return 1;
}

constexpr double kLeast = 1e-10;

// Calls f(first channel of the input at a position, where it goes, distance of channels).
template <typename F>
Tensor each_position(const Tensor& x, F f) {
    const Shape shape = x.shape();
    Output out(shape);
    const int64_t plane = shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; ++n)
        for (int64_t i = 0; i < plane; ++i) f(n * shape.c * plane + i, out.values, plane);
    return out.tensor;
}

double length(const float* x, int64_t channels, int64_t plane) {
    double squares = 0;
    for (int64_t c = 0; c < channels; ++c) squares += std::pow(x[c * plane], 2);
    return std::sqrt(squares);
}

}  // namespace

Tensor ReferenceOps::activate_gradient(const Tensor& x, Act act, const Tensor& g) {
    assert(x.shape() == g.shape());
    Output out(x.shape());
    for (int64_t i = 0; i < x.shape().count(); ++i)
        out.values[i] = static_cast<float>(data(g)[i] * slope(data(x)[i], act));
    return out.tensor;
}

Tensor ReferenceOps::max_pool_gradient(const Tensor& x, const Tensor& g, int kernel, int stride) {
    const Shape in = x.shape(), pooled = g.shape();
    Output out(in);
    std::memset(out.values, 0, sizeof(float) * static_cast<size_t>(in.count()));
    for (int64_t p = 0; p < in.n * in.c; ++p) {
        const float* plane = data(x) + p * in.h * in.w;
        for (int64_t i = 0; i < pooled.h * pooled.w; ++i) {
            const int64_t top = i / pooled.w * stride, left = i % pooled.w * stride;
            int64_t best = top * in.w + left;
            for (int64_t y = top; y < std::min(in.h, top + kernel); ++y)
                for (int64_t column = left; column < std::min(in.w, left + kernel); ++column)
                    if (plane[y * in.w + column] > plane[best]) best = y * in.w + column;
            out.values[p * in.h * in.w + best] += data(g)[p * pooled.h * pooled.w + i];
        }
    }
    return out.tensor;
}

Tensor ReferenceOps::unit_length(const Tensor& x) {
    const int64_t channels = x.shape().c;
    return each_position(x, [&](int64_t at, float* out, int64_t plane) {
        const double share = 1.0 / (length(data(x) + at, channels, plane) + kLeast);
        for (int64_t c = 0; c < channels; ++c)
            out[at + c * plane] = static_cast<float>(data(x)[at + c * plane] * share);
    });
}

Tensor ReferenceOps::unit_length_gradient(const Tensor& x, const Tensor& g) {
    assert(x.shape() == g.shape());
    const int64_t channels = x.shape().c;
    return each_position(x, [&](int64_t at, float* out, int64_t plane) {
        const double share = 1.0 / (length(data(x) + at, channels, plane) + kLeast);
        double along = 0;
        for (int64_t c = 0; c < channels; ++c)
            along += data(x)[at + c * plane] * share * data(g)[at + c * plane];
        for (int64_t c = 0; c < channels; ++c)
            out[at + c * plane] = static_cast<float>(
                share * (data(g)[at + c * plane] - data(x)[at + c * plane] * share * along));
    });
}

}  // namespace gvc::nn::reference
