#include "nn/warp_gradient.h"

#include <algorithm>
#include <array>

#include "nn/cubic.h"
#include "nn/values.h"

namespace gvc::nn {
namespace {

constexpr int kTaps = 4;
constexpr size_t kColours = 3;

// Where a sample is read, along one side, and how much of each.
struct Taps {
    int64_t first;  // may lie outside
    std::array<float, kTaps> weights;
};

Taps taps_at(float position, int64_t size, Sampling sampling) {
    position = mirrored(position, size);
    const auto whole = static_cast<int64_t>(position);
    const float t = position - static_cast<float>(whole);
    if (sampling == Sampling::cubic) return {whole - 1, cubic_weights(t)};
    return {whole - 1, {0, 1 - t, t, 0}};
}

}  // namespace

WarpGradient::WarpGradient(Ops& ops, const Tensor& flows, const Tensor& logits, int s,
                           Sampling sampling)
    : h_(flows.shape().h * s),
      w_(flows.shape().w * s),
      sampling_(sampling),
      references_(static_cast<size_t>(flows.shape().c / 2)) {
    const Tensor fine = ops.affine(ops.upsample(flows, s), static_cast<float>(s), 0.0f);
    const Shape one{1, 1, h_, w_};
    const std::vector<float> ones(static_cast<size_t>(h_ * w_), 1.0f);
    for (size_t r = 0; r < references_.size(); ++r) {
        const auto channel = static_cast<int64_t>(2 * r);
        // A warped picture of ones, where the others are black, is the mask.
        std::vector<Tensor> pictures(references_.size(), ops.zeros(one));
        pictures[r] = ops.from_host(one, ones.data());
        const Tensor mask = ops.warp_blend(pictures, flows, logits, s, Sampling::bilinear);
        references_[r] = {values_of(ops, ops.channels(fine, channel, 1)),
                          values_of(ops, ops.channels(fine, channel + 1, 1)), values_of(ops, mask)};
    }
}

void WarpGradient::add(size_t ref, std::span<const float> g, std::span<float> of_ref) const {
    const Reference& from = references_[ref];
    const auto plane = static_cast<size_t>(h_ * w_);
    for (int64_t y = 0; y < h_; ++y) {
        for (int64_t x = 0; x < w_; ++x) {
            const auto i = static_cast<size_t>(y * w_ + x);
            const Taps columns = taps_at(static_cast<float>(x) + from.dx[i], w_, sampling_);
            Taps rows = taps_at(static_cast<float>(y) + from.dy[i], h_, sampling_);
            for (float& weight : rows.weights) weight *= from.mask[i];
            const bool inside = columns.first >= 0 && columns.first + kTaps <= w_;
            for (size_t c = 0; c < kColours; ++c) {
                const float value = g[c * plane + i];
                float* to = of_ref.data() + c * plane;
                for (int j = 0; j < kTaps; ++j) {
                    float* row = to + std::clamp<int64_t>(rows.first + j, 0, h_ - 1) * w_;
                    const float share = value * rows.weights[static_cast<size_t>(j)];
                    if (inside) {
                        for (int k = 0; k < kTaps; ++k)
                            row[columns.first + k] +=
                                share * columns.weights[static_cast<size_t>(k)];
                    } else {
                        for (int k = 0; k < kTaps; ++k)
                            row[std::clamp<int64_t>(columns.first + k, 0, w_ - 1)] +=
                                share * columns.weights[static_cast<size_t>(k)];
                    }
                }
            }
        }
    }
}

}  // namespace gvc::nn
