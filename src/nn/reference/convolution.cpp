#include <algorithm>
#include <cassert>

#include "nn/reference/backend.h"

namespace gvc::nn::reference {
namespace {

// One input plane's share of one output plane: sum += w * x at every position the kernel reaches.
void add_plane(const float* x, int64_t h, int64_t w, const float* kernel, int size, int stride,
               int pad, float* sum, int64_t out_h, int64_t out_w) {
    for (int ky = 0; ky < size; ++ky)
        for (int kx = 0; kx < size; ++kx) {
            float weight = kernel[ky * size + kx];
            // Output columns whose input column ox * stride + kx - pad lies inside.
            int64_t first = std::max<int64_t>(0, (pad - kx + stride - 1) / stride);
            int64_t last = w - 1 - kx + pad < 0 ? -1 : (w - 1 - kx + pad) / stride;
            last = std::min(last, out_w - 1);
            for (int64_t oy = 0; oy < out_h; ++oy) {
                int64_t iy = oy * stride + ky - pad;
                if (iy < 0 || iy >= h) continue;
                const float* row = x + iy * w + kx - pad;
                for (int64_t ox = first; ox <= last; ++ox)
                    sum[oy * out_w + ox] += weight * row[ox * stride];
            }
        }
}

void finish_plane(float* sum, int64_t count, Act act, const float* residual) {
    for (int64_t i = 0; i < count; ++i) {
        sum[i] = activate(sum[i], act);
        if (residual) sum[i] += residual[i];
    }
}

}  // namespace

Tensor ReferenceOps::conv(const Tensor& x, const ConvWeight& w, Act act, const Tensor& residual) {
    const ConvSpec& spec = w.spec;
    const auto& storage = static_cast<const ConvStorage&>(*w.storage);
    Shape in = x.shape();
    assert(in.c == spec.in);
    int pad = spec.padding();
    Shape shape{in.n, spec.out, (in.h + 2 * pad - spec.kernel) / spec.stride + 1,
                (in.w + 2 * pad - spec.kernel) / spec.stride + 1};
    assert(!residual.defined() || residual.shape() == shape);
    Output out(shape);
    int64_t in_plane = in.h * in.w, plane = shape.h * shape.w;
    int area = spec.kernel * spec.kernel;
    for (int64_t n = 0; n < shape.n; ++n)
        for (int64_t o = 0; o < shape.c; ++o) {
            int64_t offset = (n * shape.c + o) * plane;
            float* sum = out.values + offset;
            std::fill_n(sum, plane, storage.bias[o]);
            for (int64_t i = 0; i < in.c; ++i)
                add_plane(data(x) + (n * in.c + i) * in_plane, in.h, in.w,
                          storage.weight.data() + (o * in.c + i) * area, spec.kernel, spec.stride,
                          pad, sum, shape.h, shape.w);
            finish_plane(sum, plane, act, residual.defined() ? data(residual) + offset : nullptr);
        }
    return out.tensor;
}

Tensor ReferenceOps::depthwise(const Tensor& x, const DepthwiseWeight& w, Act act) {
    const auto& storage = static_cast<const ConvStorage&>(*w.storage);
    Shape shape = x.shape();
    assert(shape.c == w.channels);
    Output out(shape);
    int64_t plane = shape.h * shape.w;
    for (int64_t i = 0; i < shape.n * shape.c; ++i) {
        int64_t channel = i % shape.c;
        float* sum = out.values + i * plane;
        std::fill_n(sum, plane, storage.bias[channel]);
        add_plane(data(x) + i * plane, shape.h, shape.w, storage.weight.data() + channel * 9, 3, 1,
                  1, sum, shape.h, shape.w);
        finish_plane(sum, plane, act, nullptr);
    }
    return out.tensor;
}

}  // namespace gvc::nn::reference
