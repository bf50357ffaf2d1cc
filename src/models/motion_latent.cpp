#include "models/motion_latent.h"

#include <algorithm>

#include "models/global_motion.h"

namespace gvc::models {

using nn::Ops;
using nn::Shape;
using nn::Tensor;

namespace {

// Of the four samples of each 2x2 block in four channels: their sum, the differences between
// columns, between rows and across, halved. It is its own inverse.
Tensor haar(Ops& ops, const Tensor& x) {
    const Tensor top = ops.channels(x, 0, 2), bottom = ops.channels(x, 2, 2);
    const Tensor sums = ops.add(top, bottom), differences = ops.sub(top, bottom);
    const auto left = [&](const Tensor& row) { return ops.channels(row, 0, 1); };
    const auto right = [&](const Tensor& row) { return ops.channels(row, 1, 1); };
    return ops.affine(
        ops.concat({ops.add(left(sums), right(sums)), ops.sub(left(sums), right(sums)),
                    ops.add(left(differences), right(differences)),
                    ops.sub(left(differences), right(differences))}),
        0.5f, 0.0f);
}

// The first of four channels by another four, the others as they are.
Tensor with_first(Ops& ops, const Tensor& x, const Tensor& first) {
    return ops.concat({first, ops.channels(x, 1, 3)});
}

}  // namespace

Tensor decorrelate_motion(Ops& ops, const Tensor& vectors, const Tensor& way) {
    auto last = [&](int t) { return ops.channels(vectors, t * kFlowChannels, 2); };
    auto detour = [&](int t) {
        return ops.sub(ops.channels(vectors, t * kFlowChannels + 2, 2), last(t));
    };
    constexpr int kEnd = kChunkFrames - 1;
    std::vector<Tensor> sent{last(kEnd), way.defined() ? ops.sub(detour(kEnd), way) : detour(kEnd)};
    for (int t = 0; t < kEnd; ++t) {
        float share = float(t + 1) / kChunkFrames;
        sent.push_back(ops.sub(last(t), ops.affine(last(kEnd), share, 0.0f)));
        sent.push_back(ops.sub(detour(t), detour(kEnd)));
    }
    return ops.concat(sent);
}

Tensor correlate_motion(Ops& ops, const Tensor& sent, const Tensor& way) {
    auto part = [&](int i) { return ops.channels(sent, 2 * i, 2); };
    const Tensor end_detour = way.defined() ? ops.add(part(1), way) : part(1);
    std::vector<Tensor> vectors;
    for (int t = 0; t < kChunkFrames; ++t) {
        bool end = t == kChunkFrames - 1;
        float share = float(t + 1) / kChunkFrames;
        Tensor last = end ? part(0) : ops.add(part(2 + 2 * t), ops.affine(part(0), share, 0.0f));
        Tensor detour = end ? end_detour : ops.add(part(3 + 2 * t), end_detour);
        vectors.push_back(last);
        vectors.push_back(ops.add(last, detour));
    }
    return ops.concat(vectors);
}

Tensor correlate_motion_gradient(Ops& ops, const Tensor& g) {
    // The ways to the keyframe go by those to the last frame.
    auto detour = [&](int t) { return ops.channels(g, t * kFlowChannels + 2, 2); };
    auto last = [&](int t) { return ops.add(ops.channels(g, t * kFlowChannels, 2), detour(t)); };
    constexpr int kEnd = kChunkFrames - 1;
    std::vector<Tensor> sent{last(kEnd), detour(kEnd)};
    for (int t = 0; t < kEnd; ++t) {
        float share = float(t + 1) / kChunkFrames;
        sent[0] = ops.add(sent[0], ops.affine(last(t), share, 0.0f));
        sent[1] = ops.add(sent[1], detour(t));
        sent.push_back(last(t));
        sent.push_back(detour(t));
    }
    return ops.concat(sent);
}

Tensor common_motion_sent(Ops& ops, const std::vector<CommonMotion>& common, int64_t h, int64_t w) {
    const Shape shape{static_cast<int64_t>(common.size()), kMotionLatents, h, w};
    const auto area = static_cast<size_t>(h * w);
    std::vector<float> values(static_cast<size_t>(shape.count()));
    for (size_t n = 0; n < common.size(); ++n) {
        float* of_item = &values[n * area * static_cast<size_t>(shape.c)];
        const std::vector<CellVector> field =
            affine_field(common[n].end, static_cast<int>(w), static_cast<int>(h));
        for (size_t i = 0; i < area; ++i) {
            of_item[i] = kVectorUnit * field[i].x;
            of_item[area + i] = kVectorUnit * field[i].y;
        }
        // In the order of decorrelate_motion: two pairs of the last frame, then two of each other.
        for (size_t t = 0; t < common[n].jitter.size(); ++t) {
            float* of_frame = of_item + (4 + 4 * t) * area;
            std::fill_n(of_frame, area, kVectorUnit * common[n].jitter[t].x);
            std::fill_n(of_frame + area, area, kVectorUnit * common[n].jitter[t].y);
        }
    }
    return ops.from_host(shape, values.data());
}

Tensor block_transform(Ops& ops, const Tensor& x) {
    const int64_t c = x.shape().c;
    const Tensor fine = haar(ops, ops.unshuffle(ops.channels_to_batch(x, c), 2));
    const Tensor coarse = haar(ops, ops.unshuffle(ops.channels(fine, 0, 1), 2));
    return ops.batch_to_channels(ops.shuffle(with_first(ops, fine, ops.shuffle(coarse, 2)), 2), c);
}

Tensor inverse_block_transform(Ops& ops, const Tensor& coefficients) {
    const int64_t c = coefficients.shape().c;
    const Tensor fine = ops.unshuffle(ops.channels_to_batch(coefficients, c), 2);
    const Tensor coarse = haar(ops, ops.unshuffle(ops.channels(fine, 0, 1), 2));
    return ops.batch_to_channels(
        ops.shuffle(haar(ops, with_first(ops, fine, ops.shuffle(coarse, 2))), 2), c);
}

}  // namespace gvc::models
