#include <algorithm>
#include <cassert>

#include "nn/onednn/backend.h"

namespace gvc::nn::onednn {
namespace {

const float* floats(const Tensor& x, int64_t offset) {
    return static_cast<const float*>(in(x, offset).data);
}

}  // namespace

Tensor OneDnnOps::activate_gradient(const Tensor& x, Act act, const Tensor& g) {
    assert(x.shape() == g.shape());
    Tensor result = make(g.shape(), type(g));
    parallel(x.shape().count(), 1, [&](int64_t begin, int64_t end) {
        kernels_.activate_gradient(unary(act), in(x, begin), in(g, begin), out(result, begin),
                                   end - begin);
    });
    return result;
}

// In bands of as many rows as windows step. Windows reach into the bands below: each band takes its
// own part of its own windows and of those above.
Tensor OneDnnOps::max_pool_gradient(const Tensor& x, const Tensor& g, int kernel, int stride) {
    const Shape shape = x.shape(), pooled = g.shape();
    assert(pooled.n == shape.n && pooled.c == shape.c);
    const Tensor from = converted(x, DType::f32), gradients = converted(g, DType::f32);
    const Tensor result = zeros(shape);
    const int64_t bands = (shape.h + stride - 1) / stride;
    const auto element = [&](int64_t n, int64_t y, int64_t column) {
        return ((n * shape.h + y) * shape.w + column) * shape.c;
    };
    const auto share_out = [&](int64_t n, int64_t y, int64_t first, int64_t end) {
        const int64_t top = y * stride, rows = std::min<int64_t>(kernel, shape.h - top);
        for (int64_t column = 0; column < pooled.w; ++column) {
            const int64_t left = column * stride, at = element(n, top, left);
            const Window window{shape.w * shape.c, rows, std::min<int64_t>(kernel, shape.w - left),
                                shape.c};
            kernels_.max_window_gradient(
                floats(from, at),
                floats(gradients, ((n * pooled.h + y) * pooled.w + column) * shape.c), window,
                std::max<int64_t>(first - top, 0), std::min(end - top, rows),
                static_cast<float*>(out(result, at).data));
        }
    };
    parallel(shape.n * bands, kernel * shape.w * shape.c, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            const int64_t band = i % bands, reach = (kernel - 1) / stride;
            for (int64_t y = std::max<int64_t>(band - reach, 0); y <= std::min(band, pooled.h - 1);
                 ++y)
                share_out(i / bands, y, band * stride, (band + 1) * stride);
        }
    });
    return result;
}

Tensor OneDnnOps::unit_length(const Tensor& x) {
    const Shape shape = x.shape();
    Tensor result = make(shape, type(x));
    parallel(shape.n * shape.h * shape.w, shape.c, [&](int64_t begin, int64_t end) {
        kernels_.unit_length(in(x, begin * shape.c), out(result, begin * shape.c), end - begin,
                             shape.c);
    });
    return result;
}

Tensor OneDnnOps::unit_length_gradient(const Tensor& x, const Tensor& g) {
    const Shape shape = x.shape();
    assert(shape == g.shape());
    Tensor result = make(shape, type(g));
    parallel(shape.n * shape.h * shape.w, shape.c, [&](int64_t begin, int64_t end) {
        kernels_.unit_length_gradient(in(x, begin * shape.c), in(g, begin * shape.c),
                                      out(result, begin * shape.c), end - begin, shape.c);
    });
    return result;
}

}  // namespace gvc::nn::onednn
