#include "nn/torch/torch_motion.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace gvc::nn {

at::Tensor upsample_bilinear(const at::Tensor& x, int factor) {
    if (factor == 1) return x;
    return at::upsample_bilinear2d(x, {x.size(2) * factor, x.size(3) * factor}, false);
}

at::Tensor torch_warp(const at::Tensor& x, const at::Tensor& flow, Sampling sampling) {
    int64_t h = x.size(2), w = x.size(3);
    auto options = flow.options().dtype(at::kFloat);
    at::Tensor gx = torch::arange(w, options).view({1, 1, w}) + flow.select(1, 0).to(at::kFloat);
    at::Tensor gy = torch::arange(h, options).view({1, h, 1}) + flow.select(1, 1).to(at::kFloat);
    // grid_sample wants [-1, 1] between the centres of the corner pixels (align_corners).
    gx = gx * (2.0 / std::max<int64_t>(w - 1, 1)) - 1.0;
    gy = gy * (2.0 / std::max<int64_t>(h - 1, 1)) - 1.0;
    at::Tensor grid = at::stack({gx, gy}, -1);
    // Mirrored as in nn/cubic.h. (Reflection as PyTorch has it mirrors each tap of a kernel.)
    grid = at::abs(grid + 1.0) - 1.0;
    grid = at::clamp(at::minimum(grid, 2.0 - grid), -1.0, 1.0);
    // The bicubic kernel is that of kCubicSharpness.
    const bool cubic = sampling == Sampling::cubic;
    return at::grid_sampler(x.to(at::kFloat), grid, /*bilinear, bicubic*/ cubic ? 2 : 0,
                            /*border*/ 1, /*align_corners*/ true);
}

at::Tensor torch_warp_blend(const std::vector<at::Tensor>& refs, const at::Tensor& flows,
                            const at::Tensor& logits, int s, Sampling sampling) {
    at::Tensor flow = upsample_bilinear(flows.to(at::kFloat), s) * static_cast<double>(s);
    at::Tensor mask = upsample_bilinear(at::softmax(logits.to(at::kFloat), 1), s);
    at::Tensor sum;
    for (size_t i = 0; i < refs.size(); ++i) {
        int64_t k = static_cast<int64_t>(i);
        const at::Tensor ref = refs[i].repeat_interleave(flows.size(0) / refs[i].size(0), 0);
        at::Tensor part =
            torch_warp(ref, flow.narrow(1, 2 * k, 2), sampling) * mask.narrow(1, k, 1);
        sum = sum.defined() ? sum + part : part;
    }
    return sum.to(refs[0].scalar_type());
}

at::Tensor torch_block_match(const at::Tensor& current, const at::Tensor& reference, int radius) {
    torch::NoGradGuard no_grad;
    // One cell more on every side for the window: both pictures have their edges repeated.
    at::Tensor cur = at::replication_pad2d(current.to(at::kFloat), {1, 1, 1, 1});
    int64_t reach = radius + 1;
    at::Tensor ref = at::replication_pad2d(reference.to(at::kFloat), {reach, reach, reach, reach});
    int64_t h = cur.size(2), w = cur.size(3);

    // Shorter vectors first, then raster order: a strict "less" then breaks ties as documented.
    std::vector<std::pair<int, int>> vectors;
    for (int dy = -radius; dy <= radius; ++dy)
        for (int dx = -radius; dx <= radius; ++dx) vectors.emplace_back(dy, dx);
    auto length = [](const std::pair<int, int>& v) {
        return v.first * v.first + v.second * v.second;
    };
    std::stable_sort(vectors.begin(), vectors.end(),
                     [&](const auto& a, const auto& b) { return length(a) < length(b); });

    at::Tensor best, best_x, best_y, zero;
    for (auto [dy, dx] : vectors) {
        at::Tensor moved = ref.narrow(2, radius + dy, h).narrow(3, radius + dx, w);
        at::Tensor cost = at::avg_pool2d((cur - moved).abs(), {3, 3}, {1, 1});
        if (!best.defined()) {
            best = zero = cost;
            best_x = at::zeros_like(cost);
            best_y = at::zeros_like(cost);
            continue;
        }
        at::Tensor better = cost < best;
        best = at::where(better, cost, best);
        best_x.masked_fill_(better, dx);
        best_y.masked_fill_(better, dy);
    }
    return at::cat({best_x, best_y, best, zero}, 1);
}

}  // namespace gvc::nn
