// Operations that only move values.
#include <algorithm>
#include <cassert>

#include "nn/reference/backend.h"

namespace gvc::nn::reference {
namespace {

// out(n, c, y, x) = value of `x` at the position that `from` gives for it.
template <typename F>
Tensor gather(const Tensor& x, const Shape& shape, F from) {
    Output out(shape);
    Shape in = x.shape();
    const float* values = data(x);
    float* next = out.values;
    for (int64_t n = 0; n < shape.n; ++n)
        for (int64_t c = 0; c < shape.c; ++c)
            for (int64_t y = 0; y < shape.h; ++y)
                for (int64_t column = 0; column < shape.w; ++column) {
                    // A Shape serves as a position here.
                    Shape at = from(Shape{n, c, y, column});
                    *next++ = values[((at.n * in.c + at.c) * in.h + at.h) * in.w + at.w];
                }
    return out.tensor;
}

}  // namespace

Tensor ReferenceOps::concat(const std::vector<Tensor>& xs) {
    Shape shape = xs.front().shape();
    int64_t plane = shape.h * shape.w;
    shape.c = 0;
    for (const Tensor& x : xs) shape.c += x.shape().c;
    Output out(shape);
    float* next = out.values;
    for (int64_t n = 0; n < shape.n; ++n)
        for (const Tensor& x : xs) {
            assert(x.shape().n == shape.n && x.shape().h == shape.h && x.shape().w == shape.w);
            int64_t count = x.shape().c * plane;
            next = std::copy_n(data(x) + n * count, count, next);
        }
    return out.tensor;
}

Tensor ReferenceOps::channels(const Tensor& x, int64_t from, int64_t count) {
    Shape shape = x.shape();
    assert(from >= 0 && count > 0 && from + count <= shape.c);
    shape.c = count;
    return gather(x, shape, [=](Shape p) { return Shape{p.n, p.c + from, p.h, p.w}; });
}

Tensor ReferenceOps::concat_batch(const std::vector<Tensor>& xs) {
    Shape shape = xs.front().shape();
    shape.n = 0;
    for (const Tensor& x : xs) shape.n += x.shape().n;
    Output out(shape);
    float* next = out.values;
    for (const Tensor& x : xs) next = std::copy_n(data(x), x.shape().count(), next);
    return out.tensor;
}

Tensor ReferenceOps::batch(const Tensor& x, int64_t from, int64_t count) {
    Shape shape = x.shape();
    assert(from >= 0 && count > 0 && from + count <= shape.n);
    shape.n = count;
    return gather(x, shape, [=](Shape p) { return Shape{p.n + from, p.c, p.h, p.w}; });
}

Tensor ReferenceOps::channels_to_batch(const Tensor& x, int64_t t) {
    Shape shape = x.shape();
    assert(shape.c % t == 0);
    shape.n *= t;
    shape.c /= t;
    return gather(x, shape, [=](Shape p) {
        return Shape{p.n / t, p.n % t * shape.c + p.c, p.h, p.w};
    });
}

Tensor ReferenceOps::batch_to_channels(const Tensor& x, int64_t t) {
    Shape shape = x.shape();
    assert(shape.n % t == 0);
    int64_t c = shape.c;
    shape.n /= t;
    shape.c *= t;
    return gather(x, shape, [=](Shape p) { return Shape{p.n * t + p.c / c, p.c % c, p.h, p.w}; });
}

Tensor ReferenceOps::repeat_batch(const Tensor& x, int64_t t) {
    Shape shape = x.shape();
    shape.n *= t;
    return gather(x, shape, [=](Shape p) { return Shape{p.n / t, p.c, p.h, p.w}; });
}

Tensor ReferenceOps::rows(const Tensor& table, const std::vector<int>& rows) {
    Shape shape = table.shape();
    shape.n = static_cast<int64_t>(rows.size());
    return gather(table, shape, [&](Shape p) { return Shape{rows[p.n], p.c, p.h, p.w}; });
}

Tensor ReferenceOps::unshuffle(const Tensor& x, int r) {
    Shape shape = x.shape();
    assert(shape.h % r == 0 && shape.w % r == 0);
    int64_t c = shape.c;
    shape.c *= r * r;
    shape.h /= r;
    shape.w /= r;
    return gather(x, shape, [=](Shape p) {
        int64_t cell = p.c / c;
        return Shape{p.n, p.c % c, p.h * r + cell / r, p.w * r + cell % r};
    });
}

Tensor ReferenceOps::shuffle(const Tensor& x, int r) {
    Shape shape = x.shape();
    assert(shape.c % (r * r) == 0);
    shape.c /= r * r;
    shape.h *= r;
    shape.w *= r;
    return gather(x, shape, [=](Shape p) {
        return Shape{p.n, (p.h % r * r + p.w % r) * shape.c + p.c, p.h / r, p.w / r};
    });
}

Tensor ReferenceOps::pad_edge(const Tensor& x, int64_t h, int64_t w) {
    Shape in = x.shape();
    assert(h >= in.h && w >= in.w);
    return gather(x, {in.n, in.c, h, w}, [=](Shape p) {
        return Shape{p.n, p.c, std::min(p.h, in.h - 1), std::min(p.w, in.w - 1)};
    });
}

Tensor ReferenceOps::crop(const Tensor& x, int64_t h, int64_t w) {
    Shape in = x.shape();
    assert(h <= in.h && w <= in.w);
    return gather(x, {in.n, in.c, h, w}, [](Shape p) { return p; });
}

Tensor ReferenceOps::temporal_shift(const Tensor& x, int64_t t) {
    Shape shape = x.shape();
    assert(shape.n % t == 0);
    int64_t eighth = shape.c / 8;
    return gather(x, shape, [=](Shape p) {
        int64_t frame = p.n % t;
        if (p.c < eighth && frame > 0) --p.n;
        if (p.c >= eighth && p.c < 2 * eighth && frame < t - 1) ++p.n;
        return p;
    });
}

}  // namespace gvc::nn::reference
