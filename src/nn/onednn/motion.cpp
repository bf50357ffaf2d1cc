#include <algorithm>
#include <cassert>

#include "nn/onednn/backend.h"

namespace gvc::nn::onednn {

Tensor OneDnnOps::warp_blend(const std::vector<Tensor>& refs, const Tensor& flows,
                             const Tensor& logits, int s, Sampling sampling) {
    Shape shape = refs.front().shape(), cells = flows.shape();
    shape.n = cells.n;
    int64_t count = static_cast<int64_t>(refs.size());
    assert(count <= kMaxWarpRefs && s <= kMaxWarpFactor);
    assert(cells.c == 2 * count && logits.shape().c == count + 1);
    assert(cells.h * s == shape.h && cells.w * s == shape.w);
    assert(sampling == Sampling::bilinear || shape.c == 3);
    bool half = shape.c > kFineChannels;
    for (const Tensor& ref : refs) half &= type(ref) == DType::bf16;
    std::vector<Tensor> pictures;
    for (const Tensor& ref : refs)
        pictures.push_back(converted(ref, half ? DType::bf16 : DType::f32));

    int64_t plane = cells.h * cells.w, planes = 3 * count;
    std::shared_ptr<Buffer> memory = scratch(shape.n * planes * plane);
    float* coarse = reinterpret_cast<float*>(memory->data());
    for (int64_t n = 0; n < shape.n; ++n)
        parallel(plane, planes, [&](int64_t begin, int64_t end) {
            int64_t at = n * plane + begin;
            kernels_.warp_planes(in(flows, at * 2 * count), in(logits, at * (count + 1)), count,
                                 end - begin, static_cast<float>(s), plane,
                                 coarse + n * planes * plane + begin);
        });

    Tensor result = make(shape, type(pictures.front()));
    int64_t row_size = shape.w * shape.c;
    parallel(shape.n * shape.h, row_size * count, [&](int64_t begin, int64_t end) {
        std::vector<float> row_scratch(static_cast<size_t>((6 * count + 4) * (shape.w + 128) + 64));
        std::vector<In> items(static_cast<size_t>(count));
        for (int64_t row = begin; row < end; ++row) {
            int64_t n = row / shape.h;
            for (int64_t r = 0; r < count; ++r) {
                const int64_t item = n * pictures[r].shape().n / shape.n;
                items[r] = in(pictures[r], item * shape.h * row_size);
            }
            kernels_.warp_row({.refs = count,
                               .pictures = items.data(),
                               .h = shape.h,
                               .w = shape.w,
                               .channels = shape.c,
                               .y = row % shape.h,
                               .cells_h = cells.h,
                               .cells_w = cells.w,
                               .s = s,
                               .cubic = sampling == Sampling::cubic ? kCubicSharpness : 0.0f,
                               .planes = coarse + n * planes * plane,
                               .scratch = row_scratch.data(),
                               .out = out(result, row * row_size)});
        }
    });
    return result;
}

Tensor OneDnnOps::block_match(const Tensor& current, const Tensor& reference, int radius) {
    Shape shape = current.shape();
    assert(shape.c == 1 && reference.shape() == shape);
    int64_t pad = radius + 1, h = shape.h, w = shape.w;
    Shape padded{shape.n, 1, h + 2 * pad, w + 2 * pad};
    Tensor planes[2] = {make(padded, DType::f32), make(padded, DType::f32)};
    for (int i = 0; i < 2; ++i) {
        Tensor from = converted(i == 0 ? current : reference, DType::f32);
        const float* values = static_cast<const float*>(in(from).data);
        float* to = static_cast<float*>(out(planes[i]).data);
        for (int64_t n = 0; n < shape.n; ++n)
            for (int64_t y = 0; y < padded.h; ++y) {
                const float* row = values + (n * h + std::clamp<int64_t>(y - pad, 0, h - 1)) * w;
                to = std::fill_n(to, pad, row[0]);
                to = std::copy_n(row, w, to);
                to = std::fill_n(to, pad, row[w - 1]);
            }
    }

    // In order of preference: shorter vectors first, equal ones in raster order.
    std::vector<std::pair<int, int>> candidates;  // dy, dx
    for (int dy = -radius; dy <= radius; ++dy)
        for (int dx = -radius; dx <= radius; ++dx) candidates.emplace_back(dy, dx);
    auto length = [](std::pair<int, int> v) { return v.first * v.first + v.second * v.second; };
    std::stable_sort(candidates.begin(), candidates.end(),
                     [&](auto a, auto b) { return length(a) < length(b); });
    std::vector<int> dx, dy;
    for (auto [y, x] : candidates) {
        dx.push_back(x);
        dy.push_back(y);
    }

    Tensor result = make({shape.n, 4, h, w}, DType::f32);
    int64_t item = padded.h * padded.w;
    parallel(shape.n * h, static_cast<int64_t>(dx.size()) * w, [&](int64_t begin, int64_t end) {
        std::vector<float> row_scratch(static_cast<size_t>(4 * (w + 64)));
        for (int64_t row = begin; row < end; ++row)
            kernels_.match_row(
                {.current = static_cast<const float*>(in(planes[0], row / h * item).data),
                 .reference = static_cast<const float*>(in(planes[1], row / h * item).data),
                 .w = w,
                 .stride = padded.w,
                 .pad = pad,
                 .y = row % h,
                 .candidates = static_cast<int64_t>(dx.size()),
                 .dx = dx.data(),
                 .dy = dy.data(),
                 .scratch = row_scratch.data(),
                 .out = static_cast<float*>(out(result, row * w * 4).data)});
    });
    return result;
}

}  // namespace gvc::nn::onednn
