#include "nn/gradient_weights.h"

#include <algorithm>
#include <cstdio>

namespace gvc::nn {
namespace {

constexpr char kConv[] = "gradient/%d/%d/%n";  // stride, padding
constexpr char kDepthwise[] = "gradient/depthwise/";

// Note [Gradients of strided convolutions]
// y[i] = sum over u of w[u] x[s i + u - p], so x[s q + r] has the gradient
//   sum over t of w[s t + r + p] g[q - t],
// where t goes over those for which 0 <= s t + r + p < k. For all places r of a cell together
// first <= t <= last: a convolution of kernel last - first + 1, which reads w backwards, padded by
// `last`. Its result begins with cell 0. Where a size is no multiple of the stride it could end too
// early: then the kernel gets taps of zero in front, and with them more padding.
struct Taps {
    int first, last;

    int kernel() const { return last - first + 1; }
};

Taps taps(int kernel, int stride, int pad) {
    Taps t{-((stride - 1 + pad) / stride), (kernel - 1 - pad) / stride};
    int missing = 0;  // cells at the end, at worst
    for (int size = kernel; size < kernel + stride; ++size) {
        const int outputs = (size + 2 * pad - kernel) / stride + 1;
        const int cells = (size + stride - 1) / stride;
        missing = std::max(missing, cells - (outputs + t.last + t.first));
    }
    t.last += missing;
    return t;
}

}  // namespace

ConvSpec gradient_spec(const ConvSpec& spec) {
    const Taps t = taps(spec.kernel, spec.stride, spec.padding());
    ConvSpec gradient;
    gradient.in = spec.out;
    gradient.out = spec.in * spec.stride * spec.stride;
    gradient.kernel = t.kernel();
    gradient.pad = t.last;
    gradient.bias = false;
    return gradient;
}

std::string gradient_name(const std::string& name, const ConvSpec& spec) {
    return "gradient/" + std::to_string(spec.stride) + "/" + std::to_string(spec.padding()) + "/" +
           name;
}

std::string depthwise_gradient_name(const std::string& name) { return kDepthwise + name; }

std::optional<WeightArray> GradientWeights::find(const std::string& name) const {
    if (name.starts_with(kDepthwise)) return of_depthwise(name.substr(sizeof kDepthwise - 1));
    int stride = 0, pad = 0, length = 0;
    if (std::sscanf(name.c_str(), kConv, &stride, &pad, &length) == 2 && length > 0 && stride > 0)
        return of_conv(name.substr(static_cast<size_t>(length)), stride, pad);
    return source_.find(name);
}

std::optional<WeightArray> GradientWeights::of_conv(const std::string& name, int stride,
                                                    int pad) const {
    const auto forward = source_.find(name);
    if (!forward || forward->shape.size() != 4) return forward;
    const int64_t out = forward->shape[0], in = forward->shape[1];
    const int k = static_cast<int>(forward->shape[2]);
    const Taps t = taps(k, stride, pad);
    const int kernel = t.kernel();
    WeightArray gradient{{in * stride * stride, out, kernel, kernel}, {}};
    gradient.values.resize(static_cast<size_t>(in * stride * stride * out * kernel * kernel));
    // Where place r of a cell finds, with tap `at` of the new kernel, the forward kernel's tap.
    const auto tap = [&](int r, int at) { return stride * (t.last - at) + r + pad; };
    size_t to = 0;
    for (int i = 0; i < stride; ++i)
        for (int j = 0; j < stride; ++j)
            for (int64_t c = 0; c < in; ++c)
                for (int64_t o = 0; o < out; ++o)
                    for (int y = 0; y < kernel; ++y)
                        for (int x = 0; x < kernel; ++x, ++to) {
                            const int u = tap(i, y), v = tap(j, x);
                            if (u < 0 || u >= k || v < 0 || v >= k) continue;
                            gradient.values[to] =
                                forward
                                    ->values[static_cast<size_t>(((o * in + c) * k + u) * k + v)];
                        }
    return gradient;
}

std::optional<WeightArray> GradientWeights::of_depthwise(const std::string& name) const {
    auto array = source_.find(name);
    if (!array) return array;
    if (name.ends_with(".bias")) {
        std::fill(array->values.begin(), array->values.end(), 0.0f);
        return array;
    }
    constexpr size_t kTaps = 9;
    for (size_t i = 0; i + kTaps <= array->values.size(); i += kTaps)
        std::reverse(array->values.begin() + static_cast<std::ptrdiff_t>(i),
                     array->values.begin() + static_cast<std::ptrdiff_t>(i + kTaps));
    return array;
}

}  // namespace gvc::nn
