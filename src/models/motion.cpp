#include "models/motion.h"

#include <algorithm>
#include <span>
#include <vector>

#include "models/blocks.h"
#include "models/config.h"
#include "models/motion_search.h"

namespace gvc::models {

using nn::Ops;
using nn::Shape;
using nn::Tensor;

namespace {

// The way to the keyframe is taken where it fits better by this share and, in [0, 1], this much.
constexpr float kBetterShare = 0.85f, kBetterBy = 0.002f;

std::vector<SearchPicture> search_pictures(Ops& ops, const Tensor& rgb) {
    const Tensor half = ops.mean_pool(rgb, 2);
    const Shape s = half.shape();
    // One at a time: new memory is slow, and one picture's can be used again.
    std::vector<float> values(static_cast<size_t>(s.count() / s.n));
    std::vector<SearchPicture> pictures;
    for (int64_t n = 0; n < s.n; ++n) {
        ops.to_host(ops.batch(half, n, 1), values.data());
        pictures.push_back(search_picture(values.data(), static_cast<int>(s.w),
                                          static_cast<int>(s.h), ops.threads()));
    }
    return pictures;
}

// v + after - before for each cell: where motion that led from `before` to `after` takes `v` next.
std::vector<CellVector> continued(const std::vector<CellVector>& v,
                                  const std::vector<CellVector>& before,
                                  const std::vector<CellVector>& after) {
    const auto sum = [](int at, int from, int to) {
        return static_cast<int16_t>(std::clamp(at + to - from, -kLongestVector, kLongestVector));
    };
    std::vector<CellVector> next;
    for (size_t i = 0; i < v.size(); ++i)
        next.push_back(
            {sum(v[i].x, before[i].x, after[i].x), sum(v[i].y, before[i].y, after[i].y)});
    return next;
}

// The fields of a chunk's frames to the last frame and to the keyframe.
struct ChunkFields {
    std::vector<MotionField> last, key;
};

ChunkFields search_chunk(std::span<const SearchPicture> frames, const SearchPicture& last,
                         const SearchPicture* key, int threads,
                         SearchEffort effort = SearchEffort::thorough) {
    ChunkFields fields;
    std::vector<CellVector> before, predicted, key_predicted;
    for (size_t t = 0; t < frames.size(); ++t) {
        fields.last.push_back(search_motion(frames[t], last, predicted, threads, effort));
        const std::vector<CellVector>& now = fields.last.back().vectors;
        if (t == 0) before.resize(now.size());  // the last frame itself: no motion
        if (key) {
            if (t > 0) key_predicted = continued(fields.key.back().vectors, before, now);
            fields.key.push_back(search_motion(frames[t], *key, key_predicted, threads, effort));
        } else {
            fields.key.push_back(fields.last.back());
        }
        predicted = continued(now, before, now);
        before = now;
    }
    return fields;
}

constexpr float kUnit = 2.0f / (kPatch * kVectorUnits), kWhite = 1.0f / 255.0f;

// Writes a field's vectors [2, h, w] and costs [h, w] for each 8x8 cell; still_cost may be null.
void write(const MotionField& field, const Shape& cells, float* vectors, float* cost,
           float* still_cost) {
    const size_t w = static_cast<size_t>(cells.w), area = static_cast<size_t>(cells.h) * w;
    for (size_t i = 0; i < area; ++i) {
        const size_t cell = i / w / 2 * static_cast<size_t>(field.width) + i % w / 2;
        vectors[i] = kUnit * field.vectors[cell].x;
        vectors[area + i] = kUnit * field.vectors[cell].y;
        cost[i] = kWhite * field.cost[cell];
        if (still_cost) still_cost[i] = kWhite * field.still_cost[cell];
    }
}

// The way to the keyframe where it fits clearly better, else the way to the last frame; the costs
// stay the keyframe's.
MotionField better_way(MotionField key, const MotionField& last) {
    for (size_t i = 0; i < key.vectors.size(); ++i) {
        const bool better =
            kWhite * key.cost[i] < kBetterShare * (kWhite * last.cost[i]) - kBetterBy;
        if (!better) key.vectors[i] = last.vectors[i];
    }
    return key;
}

}  // namespace

MotionHint motion_hint(Ops& ops, const Tensor& rgb, const Tensor& last, const Tensor& key) {
    const bool same = last.storage() == key.storage();
    const std::vector<SearchPicture> frames = search_pictures(ops, rgb);
    const std::vector<SearchPicture> lasts = search_pictures(ops, last);
    const std::vector<SearchPicture> keys =
        same ? std::vector<SearchPicture>() : search_pictures(ops, key);
    const Shape cells{rgb.shape().n, 4, rgb.shape().h / kPatch, rgb.shape().w / kPatch};
    const size_t area = static_cast<size_t>(cells.h * cells.w);
    std::vector<float> vectors(static_cast<size_t>(cells.count())), costs(vectors.size());
    for (size_t n = 0; n < lasts.size(); ++n) {
        const ChunkFields fields = search_chunk({&frames[n * kChunkFrames], kChunkFrames}, lasts[n],
                                                same ? nullptr : &keys[n], ops.threads());
        for (size_t t = 0; t < kChunkFrames; ++t) {
            float* v = &vectors[(n * kChunkFrames + t) * 4 * area];
            float* c = &costs[(n * kChunkFrames + t) * 4 * area];
            write(fields.last[t], cells, v, c, c + area);
            write(better_way(fields.key[t], fields.last[t]), cells, v + 2 * area, c + 2 * area,
                  c + 3 * area);
        }
    }
    return {ops.from_host(cells, vectors.data()), ops.from_host(cells, costs.data())};
}

MotionHint motion_to_last(Ops& ops, const Tensor& rgb, const Tensor& last, int frames) {
    const std::vector<SearchPicture> pictures = search_pictures(ops, rgb);
    const std::vector<SearchPicture> lasts = search_pictures(ops, last);
    const auto count = static_cast<size_t>(frames);
    const Shape cells{rgb.shape().n, 2, rgb.shape().h / kPatch, rgb.shape().w / kPatch};
    const size_t area = static_cast<size_t>(cells.h * cells.w);
    std::vector<float> vectors(static_cast<size_t>(cells.count())), costs(vectors.size() / 2);
    for (size_t n = 0; n < lasts.size(); ++n) {
        const ChunkFields fields =
            search_chunk({&pictures[n * count], count}, lasts[n], nullptr, ops.threads(),
                         SearchEffort::quick);
        for (size_t t = 0; t < count; ++t) {
            const size_t at = (n * count + t) * area;
            write(fields.last[t], cells, &vectors[2 * at], &costs[at], nullptr);
        }
    }
    return {ops.from_host(cells, vectors.data()),
            ops.from_host({cells.n, 1, cells.h, cells.w}, costs.data())};
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
