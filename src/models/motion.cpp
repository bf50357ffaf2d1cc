#include "models/motion.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "models/blocks.h"
#include "models/config.h"

namespace gvc::models {

using nn::Ops;
using nn::Shape;
using nn::Tensor;

namespace {

constexpr int kMatchRadius = 8;  // cells, that is 64 pixels
constexpr int kRefinements = 4;
constexpr int kHalf = 4;              // half-size pixels along a side of a cell
constexpr float kMaxStep = 1.5f;      // half-size pixels a refinement may move
constexpr float kStiffness = 2e-4f;   // against flat cells, in squared luma gradients
constexpr float kStillBias = 0.002f;  // moving must fit better by this much
constexpr float kStillShare = 0.1f;   // and by this share of what staying costs
constexpr float kRoughness = 0.004f;  // of luma difference that a cell of disagreement must pay for
constexpr float kRoughnessEnd = 2.0f;  // cells; from there on it is an edge, however large

// The half-size reference sampled at flow + (dx, dy) half-size pixels.
class Warper {
  public:
    Warper(Ops& ops, const Tensor& reference, const Shape& cells)
        : ops_(ops), reference_(reference) {
        const float one[2] = {1.0f, 1.0f}, sure[2] = {30.0f, -30.0f};
        one_ = ops.from_host({1, 2, 1, 1}, one);
        logits_ = ops.scale_shift(ops.zeros({cells.n, 2, cells.h, cells.w}), one_,
                                  ops.from_host({1, 2, 1, 1}, sure));
    }
    Tensor at(const Tensor& flow, float dx, float dy) const {
        const float shift[2] = {dx / kHalf, dy / kHalf};
        return ops_.warp_blend({reference_},
                               ops_.scale_shift(flow, one_, ops_.from_host({1, 2, 1, 1}, shift)),
                               logits_, kHalf);
    }

  private:
    Ops& ops_;
    Tensor reference_, one_, logits_;
};

// Sums over 3x3 cells, edges repeated, of one map.
std::vector<float> box(const float* map, int h, int w) {
    std::vector<float> rows(size_t(h) * w), out(size_t(h) * w);
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x)
            rows[y * w + x] = map[y * w + std::max(x - 1, 0)] + map[y * w + x] +
                              map[y * w + std::min(x + 1, w - 1)];
    for (int y = 0; y < h; ++y)
        for (int x = 0; x < w; ++x)
            out[y * w + x] = rows[std::max(y - 1, 0) * w + x] + rows[y * w + x] +
                             rows[std::min(y + 1, h - 1) * w + x];
    return out;
}

// One step of Lucas-Kanade for every cell; flow is [n, 2, h, w] on the host, in cells.
void refine(Ops& ops, const Warper& warper, const Tensor& current, const Shape& cells,
            std::vector<float>& flow) {
    Tensor f = ops.from_host({cells.n, 2, cells.h, cells.w}, flow.data());
    Tensor gx = ops.affine(ops.sub(warper.at(f, 1, 0), warper.at(f, -1, 0)), 0.5f, 0.0f);
    Tensor gy = ops.affine(ops.sub(warper.at(f, 0, 1), warper.at(f, 0, -1)), 0.5f, 0.0f);
    Tensor gt = ops.sub(warper.at(f, 0, 0), current);
    Tensor products = ops.mean_pool(ops.concat({ops.mul(gx, gx), ops.mul(gx, gy), ops.mul(gy, gy),
                                                ops.mul(gx, gt), ops.mul(gy, gt)}),
                                    kHalf);
    const size_t area = size_t(cells.h) * cells.w;
    std::vector<float> sums(size_t(cells.n) * 5 * area);
    ops.to_host(products, sums.data());
    for (int64_t n = 0; n < cells.n; ++n) {
        std::vector<float> s[5];
        for (int k = 0; k < 5; ++k)
            s[k] = box(&sums[(n * 5 + k) * area], int(cells.h), int(cells.w));
        for (size_t i = 0; i < area; ++i) {
            float a = s[0][i] + 9 * kStiffness, b = s[1][i], c = s[2][i] + 9 * kStiffness;
            float determinant = a * c - b * b;
            float dx = -(c * s[3][i] - b * s[4][i]) / determinant;
            float dy = -(a * s[4][i] - b * s[3][i]) / determinant;
            flow[(n * 2 + 0) * area + i] += std::clamp(dx, -kMaxStep, kMaxStep) / kHalf;
            flow[(n * 2 + 1) * area + i] += std::clamp(dy, -kMaxStep, kMaxStep) / kHalf;
        }
    }
}

// Mean absolute difference of each cell's 3x3 neighbourhood, [n, h, w].
std::vector<float> costs(Ops& ops, const Warper& warper, const Tensor& current, const Shape& cells,
                         const std::vector<float>& flow) {
    Tensor f = ops.from_host({cells.n, 2, cells.h, cells.w}, flow.data());
    Tensor d = ops.sub(warper.at(f, 0, 0), current);
    // |d| by two rectified halves: there is no absolute value among the operations
    Tensor magnitude = ops.add(ops.activate(d, nn::Act::relu),
                               ops.activate(ops.affine(d, -1.0f, 0.0f), nn::Act::relu));
    const size_t area = size_t(cells.h) * cells.w;
    std::vector<float> host(size_t(cells.n) * area);
    ops.to_host(ops.mean_pool(magnitude, kHalf), host.data());
    for (int64_t n = 0; n < cells.n; ++n) {
        std::vector<float> sum = box(&host[n * area], int(cells.h), int(cells.w));
        for (size_t i = 0; i < area; ++i) host[n * area + i] = sum[i] / 9.0f;
    }
    return host;
}

// What a vector's disagreement with its four neighbours costs.
float roughness(const float* field, int h, int w, int y, int x, float dx, float dy) {
    const size_t area = size_t(h) * w;
    float sum = 0.0f;
    auto against = [&](int ny, int nx) {
        size_t i = size_t(std::clamp(ny, 0, h - 1)) * w + std::clamp(nx, 0, w - 1);
        float d = std::abs(field[i] - dx) + std::abs(field[area + i] - dy);
        sum += std::min(d, kRoughnessEnd);
    };
    against(y - 1, x);
    against(y + 1, x);
    against(y, x - 1);
    against(y, x + 1);
    return kRoughness * 0.25f * sum;
}

// The field with each vector taken from the cell at (x + ox, y + oy); zero for no offset at all.
std::vector<float> moved(const std::vector<float>& field, const Shape& s, int ox, int oy) {
    std::vector<float> out(field.size(), 0.0f);
    if (ox == 0 && oy == 0) return out;
    const int h = int(s.h), w = int(s.w);
    for (size_t map = 0; map < field.size() / (size_t(h) * w); ++map)
        for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x)
                out[(map * h + y) * w + x] = field[(map * h + std::clamp(y + oy, 0, h - 1)) * w +
                                                   std::clamp(x + ox, 0, w - 1)];
    return out;
}

// Replaces vectors by zero or a neighbour's where that fits about as well: block matching invents
// motion in flat and noisy places, and every invented vector must be sent.
void regularise(Ops& ops, const Warper& warper, const Tensor& current, const Shape& cells,
                std::vector<float>& flow, std::vector<float>& cost) {
    constexpr int kOffsets[][2] = {{0, 0}, {-1, 0}, {0, -1}, {1, 0}, {0, 1}};
    const int h = int(cells.h), w = int(cells.w);
    const size_t area = size_t(h) * w;
    for (auto [ox, oy] : kOffsets) {
        std::vector<float> candidate = moved(flow, cells, ox, oy);
        std::vector<float> fit = costs(ops, warper, current, cells, candidate);
        const std::vector<float> field = flow;  // all cells change at once
        for (int64_t n = 0; n < cells.n; ++n)
            for (int y = 0; y < h; ++y)
                for (int x = 0; x < w; ++x) {
                    const size_t i = n * area + size_t(y) * w + x, vx = i + n * area,
                                 vy = vx + area;
                    const float* f = &field[n * 2 * area];
                    float old = cost[i] + roughness(f, h, w, y, x, field[vx], field[vy]);
                    float next = fit[i] + roughness(f, h, w, y, x, candidate[vx], candidate[vy]);
                    if (next >= old) continue;
                    cost[i] = fit[i];
                    flow[vx] = candidate[vx];
                    flow[vy] = candidate[vy];
                }
    }
}

}  // namespace

Tensor motion_hint(Ops& ops, const Tensor& rgb, const Tensor& reference) {
    Tensor y = luma(ops, rgb), r = luma(ops, reference);
    Tensor match =
        ops.block_match(ops.mean_pool(y, kPatch), ops.mean_pool(r, kPatch), kMatchRadius);
    const Shape cells = match.shape();
    const size_t area = size_t(cells.h) * cells.w;
    Tensor current = ops.mean_pool(y, kPatch / kHalf);
    Warper warper(ops, ops.mean_pool(r, kPatch / kHalf), cells);

    std::vector<float> matched(size_t(cells.n) * 4 * area), flow(size_t(cells.n) * 2 * area);
    ops.to_host(match, matched.data());
    for (int64_t n = 0; n < cells.n; ++n)
        std::copy_n(&matched[n * 4 * area], 2 * area, &flow[n * 2 * area]);

    const std::vector<float> still_cost =
        costs(ops, warper, current, cells, std::vector<float>(flow.size()));
    std::vector<float> cost = costs(ops, warper, current, cells, flow);
    regularise(ops, warper, current, cells, flow, cost);
    for (int i = 0; i < kRefinements; ++i) {
        std::vector<float> refined = flow;
        refine(ops, warper, current, cells, refined);
        const std::vector<float> fit = costs(ops, warper, current, cells, refined);
        for (int64_t n = 0; n < cells.n; ++n)
            for (size_t k = 0; k < area; ++k) {
                if (fit[n * area + k] >= cost[n * area + k]) continue;
                cost[n * area + k] = fit[n * area + k];
                for (int c = 0; c < 2; ++c)
                    flow[(n * 2 + c) * area + k] = refined[(n * 2 + c) * area + k];
            }
    }
    regularise(ops, warper, current, cells, flow, cost);
    std::vector<float> out(size_t(cells.n) * 4 * area);
    for (int64_t n = 0; n < cells.n; ++n)
        for (size_t k = 0; k < area; ++k) {
            float moving = cost[n * area + k], still = still_cost[n * area + k];
            bool moves = moving + kStillBias < (1.0f - kStillShare) * still;
            for (int c = 0; c < 2; ++c)
                out[(n * 4 + c) * area + k] = moves ? flow[(n * 2 + c) * area + k] : 0.0f;
            out[(n * 4 + 2) * area + k] = moves ? moving : still;
            out[(n * 4 + 3) * area + k] = still;
        }
    return ops.from_host({cells.n, 4, cells.h, cells.w}, out.data());
}

Tensor paired_vectors(Ops& ops, const Tensor& first, const Tensor& second) {
    constexpr float kBetterShare = 0.8f, kBetterBy = 0.003f;
    const Shape s = first.shape();
    const size_t area = size_t(s.h) * s.w;
    std::vector<float> a(size_t(s.count())), b(a.size());
    ops.to_host(first, a.data());
    ops.to_host(second, b.data());
    std::vector<float> out(a.size());
    for (int64_t n = 0; n < s.n; ++n)
        for (size_t i = 0; i < area; ++i) {
            auto at = [&](int c) { return (n * 4 + c) * area + i; };
            bool better = b[at(2)] < kBetterShare * a[at(2)] - kBetterBy;
            for (int c = 0; c < 2; ++c) {
                out[at(c)] = a[at(c)];
                out[at(c + 2)] = better ? b[at(c)] : a[at(c)];
            }
        }
    return ops.from_host(s, out.data());
}

Tensor decorrelate_motion(Ops& ops, const Tensor& vectors) {
    auto last = [&](int t) { return ops.channels(vectors, t * kFlowChannels, 2); };
    auto detour = [&](int t) {
        return ops.sub(ops.channels(vectors, t * kFlowChannels + 2, 2), last(t));
    };
    constexpr int kEnd = kChunkFrames - 1;
    std::vector<Tensor> sent{last(kEnd), detour(kEnd)};
    for (int t = 0; t < kEnd; ++t) {
        float share = float(t + 1) / kChunkFrames;
        sent.push_back(ops.sub(last(t), ops.affine(last(kEnd), share, 0.0f)));
        sent.push_back(ops.sub(detour(t), detour(kEnd)));
    }
    return ops.concat(sent);
}

Tensor correlate_motion(Ops& ops, const Tensor& sent) {
    auto part = [&](int i) { return ops.channels(sent, 2 * i, 2); };
    std::vector<Tensor> vectors;
    for (int t = 0; t < kChunkFrames; ++t) {
        bool end = t == kChunkFrames - 1;
        float share = float(t + 1) / kChunkFrames;
        Tensor last = end ? part(0) : ops.add(part(2 + 2 * t), ops.affine(part(0), share, 0.0f));
        Tensor detour = end ? part(1) : ops.add(part(3 + 2 * t), part(1));
        vectors.push_back(last);
        vectors.push_back(ops.add(last, detour));
    }
    return ops.concat(vectors);
}

}  // namespace gvc::models
