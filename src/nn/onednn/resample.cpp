#include <algorithm>
#include <cassert>

#include "nn/onednn/backend.h"
#include "nn/pooling.h"

namespace gvc::nn::onednn {

Tensor OneDnnOps::upsample(const Tensor& x, int factor) {
    if (factor == 1) return x;
    Shape shape = x.shape();
    int64_t h = shape.h * factor, w = shape.w * factor, row_size = shape.w * shape.c;
    Tensor result = make({shape.n, shape.c, h, w}, type(x));
    parallel(shape.n * h, w * shape.c, [&](int64_t begin, int64_t end) {
        std::vector<float> row_scratch(static_cast<size_t>((shape.w + 2 + w) * shape.c + 64));
        for (int64_t row = begin; row < end; ++row) {
            int64_t first = row / h * shape.h;
            float y = (static_cast<float>(row % h) + 0.5f) / static_cast<float>(factor) - 0.5f;
            y = std::max(y, 0.0f);
            int64_t top = static_cast<int64_t>(y), bottom = std::min(top + 1, shape.h - 1);
            kernels_.upsample_row(in(x, (first + top) * row_size),
                                  in(x, (first + bottom) * row_size), y - static_cast<float>(top),
                                  shape.w, shape.c, factor, row_scratch.data(),
                                  out(result, row * w * shape.c));
        }
    });
    return result;
}

Tensor OneDnnOps::mean_pool(const Tensor& x, int factor) {
    Shape shape = x.shape();
    int64_t h = shape.h / factor, w = shape.w / factor, row_size = shape.w * shape.c;
    Tensor result = make({shape.n, shape.c, h, w}, type(x));
    parallel(shape.n * h, factor * row_size, [&](int64_t begin, int64_t end) {
        std::vector<float> row_scratch(static_cast<size_t>(row_size));
        for (int64_t row = begin; row < end; ++row)
            kernels_.mean_row(in(x, (row / h * shape.h + row % h * factor) * row_size), row_size,
                              factor, w, shape.c, row_scratch.data(),
                              out(result, row * w * shape.c));
    });
    return result;
}

Tensor OneDnnOps::max_pool(const Tensor& x, int kernel, int stride, bool ceil_mode) {
    Shape shape = x.shape();
    int64_t h = pooled_size(shape.h, kernel, stride, ceil_mode);
    int64_t w = pooled_size(shape.w, kernel, stride, ceil_mode), row_size = shape.w * shape.c;
    Tensor result = make({shape.n, shape.c, h, w}, type(x));
    parallel(shape.n * h, kernel * row_size, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
            for (int64_t column = 0; column < w; ++column) {
                int64_t y = row % h * stride, left = column * stride;
                kernels_.max_window(in(x, (row / h * shape.h + y) * row_size + left * shape.c),
                                    row_size, std::min<int64_t>(kernel, shape.h - y),
                                    std::min<int64_t>(kernel, shape.w - left), shape.c,
                                    out(result, (row * w + column) * shape.c));
            }
    });
    return result;
}

}  // namespace gvc::nn::onednn
