// Operations that only move values: runs of channels, positions or rows.
#include <algorithm>
#include <cassert>

#include "nn/onednn/backend.h"

namespace gvc::nn::onednn {

Tensor OneDnnOps::concat(const std::vector<Tensor>& xs) {
    Shape shape = xs.front().shape();
    shape.c = 0;
    bool half = false, mixed = false;
    for (const Tensor& x : xs) {
        assert(x.shape().n == shape.n && x.shape().h == shape.h && x.shape().w == shape.w);
        shape.c += x.shape().c;
        half |= type(x) == DType::bf16;
        mixed |= type(x) != type(xs.front());
    }
    // Of a mixture a convolution will take bf16 anyway, unless it is all flows and masks.
    Tensor result = make(shape, half && (!mixed || shape.c > 8) ? DType::bf16 : DType::f32);
    parallel(shape.n * shape.h * shape.w, shape.c, [&](int64_t begin, int64_t end) {
        int64_t done = 0;
        for (const Tensor& x : xs) {
            int64_t c = x.shape().c;
            kernels_.copy(in(x, begin * c), out(result, begin * shape.c + done), end - begin, c, c,
                          shape.c);
            done += c;
        }
    });
    return result;
}

Tensor OneDnnOps::channels(const Tensor& x, int64_t from, int64_t count) {
    Shape shape = x.shape();
    assert(from >= 0 && count > 0 && from + count <= shape.c);
    if (count == shape.c) return x;
    int64_t stride = shape.c;
    shape.c = count;
    Tensor result = make(shape, type(x));
    parallel(shape.n * shape.h * shape.w, count, [&](int64_t begin, int64_t end) {
        kernels_.copy(in(x, begin * stride + from), out(result, begin * count), end - begin, count,
                      stride, count);
    });
    return result;
}

Tensor OneDnnOps::concat_batch(const std::vector<Tensor>& xs) {
    if (xs.size() == 1) return xs.front();
    Shape shape = xs.front().shape();
    shape.n = 0;
    bool half = true;
    for (const Tensor& x : xs) {
        shape.n += x.shape().n;
        half &= type(x) == DType::bf16;
    }
    Tensor result = make(shape, half ? DType::bf16 : DType::f32);
    int64_t done = 0;
    for (const Tensor& x : xs) {
        parallel(x.shape().count(), 1, [&](int64_t begin, int64_t end) {
            kernels_.copy(in(x, begin), out(result, done + begin), 1, end - begin, 0, 0);
        });
        done += x.shape().count();
    }
    return result;
}

Tensor OneDnnOps::batch(const Tensor& x, int64_t from, int64_t count) {
    Shape shape = x.shape();
    assert(from >= 0 && count > 0 && from + count <= shape.n);
    if (count == shape.n) return x;
    shape.n = count;
    // Items follow each other in memory: a view does.
    auto view = std::make_shared<HostStorage>();
    view->buffer = storage(x).buffer;
    view->type = type(x);
    view->offset = storage(x).offset + from * shape.c * shape.h * shape.w * size_of(type(x));
    return Tensor(shape, std::move(view));
}

Tensor OneDnnOps::channels_to_batch(const Tensor& x, int64_t t) {
    Shape shape = x.shape();
    assert(shape.c % t == 0);
    int64_t plane = shape.h * shape.w, c = shape.c / t;
    Tensor result = make({shape.n * t, c, shape.h, shape.w}, type(x));
    for (int64_t n = 0; n < shape.n; ++n)
        parallel(plane, shape.c, [&](int64_t begin, int64_t end) {
            for (int64_t i = 0; i < t; ++i)
                kernels_.copy(in(x, (n * plane + begin) * shape.c + i * c),
                              out(result, ((n * t + i) * plane + begin) * c), end - begin, c,
                              shape.c, c);
        });
    return result;
}

Tensor OneDnnOps::batch_to_channels(const Tensor& x, int64_t t) {
    Shape shape = x.shape();
    assert(shape.n % t == 0);
    int64_t plane = shape.h * shape.w, c = shape.c;
    Tensor result = make({shape.n / t, c * t, shape.h, shape.w}, type(x));
    for (int64_t n = 0; n < shape.n / t; ++n)
        parallel(plane, c * t, [&](int64_t begin, int64_t end) {
            for (int64_t i = 0; i < t; ++i)
                kernels_.copy(in(x, ((n * t + i) * plane + begin) * c),
                              out(result, (n * plane + begin) * c * t + i * c), end - begin, c, c,
                              c * t);
        });
    return result;
}

Tensor OneDnnOps::repeat_batch(const Tensor& x, int64_t t) {
    if (t == 1) return x;
    Shape shape = x.shape();
    int64_t item = shape.c * shape.h * shape.w;
    Tensor result = make({shape.n * t, shape.c, shape.h, shape.w}, type(x));
    parallel(shape.n * t, item, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
            kernels_.copy(in(x, i / t * item), out(result, i * item), 1, item, 0, 0);
    });
    return result;
}

Tensor OneDnnOps::rows(const Tensor& table, const std::vector<int>& rows) {
    int64_t c = table.shape().c, count = static_cast<int64_t>(rows.size());
    Tensor result = make({count, c, 1, 1}, type(table));
    for (int64_t i = 0; i < count; ++i)
        kernels_.copy(in(table, rows[i] * c), out(result, i * c), 1, c, 0, 0);
    return result;
}

Tensor OneDnnOps::unshuffle(const Tensor& x, int r) {
    Shape shape = x.shape();
    assert(shape.h % r == 0 && shape.w % r == 0);
    int64_t run = r * shape.c, cells = shape.w / r;
    Tensor result = make({shape.n, r * run, shape.h / r, cells}, type(x));
    // Row i of a cell is one run, both here and there.
    parallel(shape.n * shape.h, shape.w * shape.c, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
            kernels_.copy(in(x, row * cells * run),
                          out(result, (row / r * cells * r + row % r) * run), cells, run, run,
                          r * run);
    });
    return result;
}

Tensor OneDnnOps::shuffle(const Tensor& x, int r) {
    Shape shape = x.shape();
    assert(shape.c % (r * r) == 0);
    int64_t c = shape.c / (r * r), run = r * c, cells = shape.w;
    Tensor result = make({shape.n, c, shape.h * r, cells * r}, type(x));
    parallel(shape.n * shape.h * r, cells * run, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
            kernels_.copy(in(x, (row / r * cells * r + row % r) * run),
                          out(result, row * cells * run), cells, run, r * run, run);
    });
    return result;
}

Tensor OneDnnOps::pad_edge(const Tensor& x, int64_t h, int64_t w) {
    Shape shape = x.shape();
    assert(h >= shape.h && w >= shape.w);
    if (h == shape.h && w == shape.w) return x;
    int64_t c = shape.c;
    Tensor result = make({shape.n, c, h, w}, type(x));
    parallel(shape.n * h, w * c, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            int64_t from = row / h * shape.h + std::min(row % h, shape.h - 1);
            kernels_.copy(in(x, from * shape.w * c), out(result, row * w * c), 1, shape.w * c, 0,
                          0);
            if (w > shape.w)
                kernels_.copy(in(x, ((from + 1) * shape.w - 1) * c),
                              out(result, (row * w + shape.w) * c), w - shape.w, c, 0, c);
        }
    });
    return result;
}

Tensor OneDnnOps::crop(const Tensor& x, int64_t h, int64_t w) {
    Shape shape = x.shape();
    assert(h <= shape.h && w <= shape.w);
    if (h == shape.h && w == shape.w) return x;
    Tensor result = make({shape.n, shape.c, h, w}, type(x));
    parallel(shape.n * h, w * shape.c, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row)
            kernels_.copy(in(x, (row / h * shape.h + row % h) * shape.w * shape.c),
                          out(result, row * w * shape.c), 1, w * shape.c, 0, 0);
    });
    return result;
}

Tensor OneDnnOps::temporal_shift(const Tensor& x, int64_t t) {
    Shape shape = x.shape();
    assert(shape.n % t == 0);
    int64_t c = shape.c, eighth = c / 8, plane = shape.h * shape.w;
    Tensor result = make(shape, type(x));
    parallel(shape.n * plane, c, [&](int64_t begin, int64_t end) {
        for (int64_t at = begin; at < end;) {
            int64_t n = at / plane, count = std::min(end, (n + 1) * plane) - at;
            auto take = [&](int64_t item, int64_t channel, int64_t channels) {
                if (channels == 0) return;
                kernels_.copy(in(x, (at + (item - n) * plane) * c + channel),
                              out(result, at * c + channel), count, channels, c, c);
            };
            take(n % t > 0 ? n - 1 : n, 0, eighth);
            take(n % t < t - 1 ? n + 1 : n, eighth, eighth);
            take(n, 2 * eighth, c - 2 * eighth);
            at += count;
        }
    });
    return result;
}

}  // namespace gvc::nn::onednn
