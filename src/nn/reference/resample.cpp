#include <algorithm>
#include <cassert>
#include <cmath>

#include "nn/pooling.h"
#include "nn/reference/backend.h"

namespace gvc::nn::reference {
namespace {

// Calls f(input plane, output plane) for every plane.
template <typename F>
Tensor each_plane(const Tensor& x, int64_t h, int64_t w, F f) {
    Shape in = x.shape();
    Output out({in.n, in.c, h, w});
    for (int64_t i = 0; i < in.n * in.c; ++i) f(data(x) + i * in.h * in.w, out.values + i * h * w);
    return out.tensor;
}

}  // namespace

Tensor ReferenceOps::global_mean(const Tensor& x) {
    int64_t plane = x.shape().h * x.shape().w;
    return each_plane(x, 1, 1, [=](const float* in, float* out) {
        double sum = 0;
        for (int64_t i = 0; i < plane; ++i) sum += in[i];
        *out = static_cast<float>(sum / static_cast<double>(plane));
    });
}

Tensor ReferenceOps::upsample(const Tensor& x, int factor) {
    Shape in = x.shape();
    int64_t w = in.w * factor;
    // Edges are repeated.
    const auto place = [=](int64_t i, int64_t size) {
        const float at = (static_cast<float>(i) + 0.5f) / static_cast<float>(factor) - 0.5f;
        return std::clamp(at, 0.0f, static_cast<float>(size - 1));
    };
    return each_plane(x, in.h * factor, w, [=](const float* plane, float* out) {
        for (int64_t y = 0; y < in.h * factor; ++y)
            for (int64_t column = 0; column < w; ++column)
                out[y * w + column] =
                    sample(plane, in.h, in.w, place(y, in.h), place(column, in.w));
    });
}

Tensor ReferenceOps::mean_pool(const Tensor& x, int factor) {
    Shape in = x.shape();
    int64_t h = in.h / factor, w = in.w / factor;
    return each_plane(x, h, w, [=](const float* plane, float* out) {
        for (int64_t y = 0; y < h; ++y)
            for (int64_t column = 0; column < w; ++column) {
                float sum = 0;
                for (int j = 0; j < factor; ++j)
                    for (int i = 0; i < factor; ++i)
                        sum += plane[(y * factor + j) * in.w + column * factor + i];
                out[y * w + column] = sum / static_cast<float>(factor * factor);
            }
    });
}

Tensor ReferenceOps::max_pool(const Tensor& x, int kernel, int stride, bool ceil_mode) {
    Shape in = x.shape();
    int64_t h = pooled_size(in.h, kernel, stride, ceil_mode);
    int64_t w = pooled_size(in.w, kernel, stride, ceil_mode);
    return each_plane(x, h, w, [=](const float* plane, float* out) {
        for (int64_t y = 0; y < h; ++y)
            for (int64_t column = 0; column < w; ++column) {
                float best = plane[y * stride * in.w + column * stride];
                for (int64_t j = y * stride; j < std::min(in.h, y * stride + kernel); ++j)
                    for (int64_t i = column * stride; i < std::min(in.w, column * stride + kernel);
                         ++i)
                        best = std::max(best, plane[j * in.w + i]);
                out[y * w + column] = best;
            }
    });
}

}  // namespace gvc::nn::reference
