#include "models/motion.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "models/blocks.h"
#include "models/config.h"
#include "models/global_motion.h"
#include "models/motion_latent.h"
#include "models/motion_search.h"
#include "nn/parallel.h"

namespace gvc::models {

using nn::Ops;
using nn::Shape;
using nn::Tensor;

namespace {

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

using Vectors = std::vector<CellVector>;

// What the whole picture does is a few bytes: it has to fit better by this share only.
constexpr float kCommonShare = 0.98f;
// A shake is three of them at most; by so little it has to fit better, if the other side fits
// worse. In small pictures, of so many cells, three bytes are not few.
float shake_gain(size_t cells) { return std::max(3.6f / static_cast<float>(cells), 0.003f); }
constexpr float kShakeGainToOpposite = 0.015f;

// v + after - before for each cell: where motion that led from `before` to `after` takes `v` next,
// or a way that is as much longer.
Vectors continued(const Vectors& v, const Vectors& before, const Vectors& after) {
    Vectors next;
    for (size_t i = 0; i < v.size(); ++i)
        next.push_back(
            bounded_vector(v[i].x + after[i].x - before[i].x, v[i].y + after[i].y - before[i].y));
    return next;
}

// Steady motion that reaches `end` with the chunk's last frame, at frame t.
Vectors steady(const Vectors& end, int t) {
    Vectors share;
    for (const CellVector& v : end)
        share.push_back(bounded_vector(v.x * (t + 1) / kChunkFrames, v.y * (t + 1) / kChunkFrames));
    return share;
}

// One frame after another, each starting from where the motion so far leads.
std::vector<MotionField> search_in_turn(std::span<const SearchPicture> frames,
                                        const SearchPicture& last, const SearchOptions& options) {
    std::vector<MotionField> fields;
    Vectors before, predicted;
    for (const SearchPicture& frame : frames) {
        fields.push_back(search_motion(frame, last, {predicted, {}, {}}, options));
        const Vectors& now = fields.back().vectors;
        before.resize(now.size());  // at first: the last frame itself, no motion
        predicted = continued(now, before, now);
        before = now;
    }
    return fields;
}

// The same to the keyframe, which is the chunk's motion and then `way` away.
std::vector<MotionField> search_key_in_turn(std::span<const SearchPicture> frames,
                                            const SearchPicture& key,
                                            const std::vector<MotionField>& to_last,
                                            const Vectors& way, const SearchOptions& options) {
    std::vector<MotionField> fields;
    Vectors before(way.size()), found = way;
    for (size_t t = 0; t < frames.size(); ++t) {
        const Vectors& now = to_last[t].vectors;
        fields.push_back(
            search_motion(frames[t], key, {continued(found, before, now), {}, {}}, options));
        found = fields.back().vectors;
        before = now;
    }
    return fields;
}

// The fields of a chunk's frames to the last frame and to the keyframe.
struct ChunkFields {
    std::vector<MotionField> last, key;
    CommonMotion common;
};

Shift opposite(Shift s) { return {static_cast<int16_t>(-s.x), static_cast<int16_t>(-s.y)}; }

Vectors shifted(Vectors v, Shift by) {
    for (CellVector& vector : v) vector = bounded_vector(vector.x + by.x, vector.y + by.y);
    return v;
}

// How all of a picture may move, and how well that fits.
class WholePicture {
  public:
    WholePicture(const SearchPicture& frame, const SearchPicture& reference, int threads)
        : frame_(frame), reference_(reference), threads_(threads) {}

    float cost(Vectors vectors) const {
        const std::vector<float> costs =
            matching_costs(frame_, reference_, std::move(vectors), threads_);
        return std::accumulate(costs.begin(), costs.end(), 0.0f);
    }

    // Downhill with one entry of the motion at a time; steps are halved three times. least: the
    // motion's cost. field: from a motion to its vectors. Returns the cost it ends at.
    template <typename Motion, typename Field>
    float descend(Motion& motion, float least,
                  std::initializer_list<std::pair<int16_t Motion::*, int>> entries_and_steps,
                  const Field& field) const {
        // Steps in one direction as long as they help.
        const auto walk = [&](int16_t Motion::*entry, int by) {
            for (bool moved = false;; moved = true) {
                Motion next = motion;
                next.*entry = static_cast<int16_t>(next.*entry + by);
                const float found = cost(field(next));
                if (found >= least) return moved;
                least = found;
                motion = next;
            }
        };
        for (int part = 1; part <= 8; part *= 2)
            for (const auto& [entry, step] : entries_and_steps) {
                const int by = std::max(step / part, 1);
                // Where one way was downhill, the other is where it came from.
                if (!walk(entry, -by)) walk(entry, by);
            }
        return least;
    }

    // Between pixels a picture is smoother, and what is smooth fits noise better wherever it is:
    // moving has to fit better than moving by as much to the other side, too.
    static bool pays(float moved, float still, float opposite) {
        return moved < kCommonShare * std::min(still, opposite);
    }

  private:
    const SearchPicture& frame_;
    const SearchPicture& reference_;
    int threads_;
};

// What all of `frame` does, if that explains it better than no motion does: what most cells agree
// on, and from there whatever fits the picture as a whole.
Affine worthwhile_common_motion(const SearchPicture& frame, const SearchPicture& last,
                                const MotionField& found, int threads) {
    const WholePicture whole(frame, last, threads);
    const auto field = [&](const Affine& m) { return affine_field(m, found.width, found.height); };
    Affine motion = common_motion(found);
    const float moved = whole.descend(motion, whole.cost(field(motion)),
                                      {{&Affine::tx, 4},
                                       {&Affine::ty, 4},
                                       {&Affine::xx, 16},
                                       {&Affine::xy, 16},
                                       {&Affine::yx, 16},
                                       {&Affine::yy, 16}},
                                      field);
    const float still = std::accumulate(found.still_cost.begin(), found.still_cost.end(), 0.0f);
    Vectors back = field(motion);
    for (CellVector& v : back) v = bounded_vector(-v.x, -v.y);
    return WholePicture::pays(moved, still, whole.cost(std::move(back))) ? motion : Affine();
}

// By what all of `frame` is off what is expected of it, if that is worth saying.
Shift worthwhile_shift(const SearchPicture& frame, const SearchPicture& last,
                       const Vectors& expected, Shift guess, int threads) {
    const WholePicture whole(frame, last, threads);
    const auto field = [&](Shift shift) { return shifted(expected, shift); };
    const float still = whole.cost(expected);
    const float guessed = whole.cost(field(guess));
    Shift shift = guessed < still ? guess : Shift();
    const float moved =
        whole.descend(shift, std::min(guessed, still), {{&Shift::x, 4}, {&Shift::y, 4}}, field);
    const float back = whole.cost(field(opposite(shift)));
    const bool pays = WholePicture::pays(moved, still, back) ||
                      (still - moved > shake_gain(expected.size()) * still &&
                       back - moved > kShakeGainToOpposite * still);
    return pays ? shift : Shift();
}

// The middle of what is found beyond what is expected.
Shift median_beyond(const Vectors& found, const Vectors& expected) {
    std::vector<int16_t> x, y;
    for (size_t i = 0; i < found.size(); ++i) {
        x.push_back(static_cast<int16_t>(found[i].x - expected[i].x));
        y.push_back(static_cast<int16_t>(found[i].y - expected[i].y));
    }
    const auto middle = [](std::vector<int16_t>& values) {
        const auto at = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
        std::nth_element(values.begin(), at, values.end());
        return *at;
    };
    return {middle(x), middle(y)};
}

// Searches what is sent (Note [Motion in the latent]): the common motion, the last frame's, the
// others' deviations from steady motion, the detour of the ways to the keyframe. Each is smooth by
// itself, the more, the dearer bits are, and is nothing where it does not pay.
ChunkFields search_chunk(std::span<const SearchPicture> frames, const SearchPicture& last,
                         const SearchPicture* key, const Vectors& way, float smoothness,
                         SearchEffort effort, int threads) {
    const SearchOptions find{threads, effort, 1.0f};
    const SearchOptions decide{threads, SearchEffort::quick, smoothness};
    constexpr size_t kEnd = kChunkFrames - 1;

    ChunkFields fields;
    fields.last = search_in_turn(frames, last, find);
    const auto deviations = [&](size_t t, const SearchPicture& reference, MotionField& found,
                                Vectors expected, const std::vector<float>& ceiling) {
        std::vector<float> still = std::move(found.still_cost);
        found = search_motion(frames[t], reference, {found.vectors, std::move(expected), ceiling},
                              decide);
        found.still_cost = std::move(still);
    };
    const MotionField& end = fields.last[kEnd];
    fields.common.end = worthwhile_common_motion(frames[kEnd], last, end, threads);
    const Vectors whole = affine_field(fields.common.end, end.width, end.height);
    for (size_t t = 0; t < kEnd; ++t) {
        const Vectors expected = steady(whole, static_cast<int>(t));
        fields.common.jitter[t] = worthwhile_shift(
            frames[t], last, expected, median_beyond(fields.last[t].vectors, expected), threads);
    }
    deviations(kEnd, last, fields.last[kEnd], whole, {});
    for (size_t t = 0; t < kEnd; ++t)
        deviations(t, last, fields.last[t],
                   shifted(steady(fields.last[kEnd].vectors, static_cast<int>(t)),
                           fields.common.jitter[t]),
                   {});
    if (!key) {
        fields.key = fields.last;
        return fields;
    }
    fields.key = search_key_in_turn(frames, *key, fields.last, way, find);
    deviations(kEnd, *key, fields.key[kEnd],
               continued(fields.last[kEnd].vectors, Vectors(way.size()), way),
               fields.last[kEnd].cost);
    for (size_t t = 0; t < kEnd; ++t)
        deviations(
            t, *key, fields.key[t],
            continued(fields.last[t].vectors, fields.last[kEnd].vectors, fields.key[kEnd].vectors),
            fields.last[t].cost);
    return fields;
}

constexpr float kWhite = 1.0f / 255.0f;

// Writes a field's vectors [2, h, w] and costs [h, w] for each 8x8 cell; still_cost may be null.
void write(const MotionField& field, const Shape& cells, float* vectors, float* cost,
           float* still_cost) {
    const size_t w = static_cast<size_t>(cells.w), area = static_cast<size_t>(cells.h) * w;
    for (size_t i = 0; i < area; ++i) {
        const size_t cell = i / w / 2 * static_cast<size_t>(field.width) + i % w / 2;
        vectors[i] = kVectorUnit * field.vectors[cell].x;
        vectors[area + i] = kVectorUnit * field.vectors[cell].y;
        cost[i] = kWhite * field.cost[cell];
        if (still_cost) still_cost[i] = kWhite * field.still_cost[cell];
    }
}

// The other way round, of a field [2, h, w] at 1/16.
Vectors read(const float* vectors, size_t area) {
    const auto units = [](float v) { return static_cast<int>(std::lround(v / kVectorUnit)); };
    Vectors result;
    for (size_t i = 0; i < area; ++i)
        result.push_back(bounded_vector(units(vectors[i]), units(vectors[area + i])));
    return result;
}

}  // namespace

ChunkMotionHint motion_hint(Ops& ops, const Tensor& rgb, const Tensor& last, const Tensor& key,
                            const std::vector<float>& qps, const Tensor& way, SearchEffort effort) {
    const bool same = last.storage() == key.storage();
    const std::vector<SearchPicture> frames = search_pictures(ops, rgb);
    const std::vector<SearchPicture> lasts = search_pictures(ops, last);
    const std::vector<SearchPicture> keys =
        same ? std::vector<SearchPicture>() : search_pictures(ops, key);
    const Shape cells{rgb.shape().n, 4, rgb.shape().h / kPatch, rgb.shape().w / kPatch};
    const size_t area = static_cast<size_t>(cells.h * cells.w);
    std::vector<float> vectors(static_cast<size_t>(cells.count())), costs(vectors.size());
    std::vector<float> ways(vectors.size() / (kChunkFrames * 4 * 4) * 2);
    if (way.defined()) ops.to_host(way, ways.data());
    // A codec has one chunk at a time, with threads inside; training has a batch of them.
    const bool many = lasts.size() > 1;
    const int inside = many ? 1 : ops.threads();
    std::vector<CommonMotion> common(lasts.size());
    const auto search = [&](size_t n) {
        const ChunkFields fields = search_chunk(
            {&frames[n * kChunkFrames], kChunkFrames}, lasts[n], same ? nullptr : &keys[n],
            read(&ways[n * area / 2], area / 4), rate_weight(qps[n]), effort, inside);
        common[n] = fields.common;
        for (size_t t = 0; t < kChunkFrames; ++t) {
            float* v = &vectors[(n * kChunkFrames + t) * 4 * area];
            float* c = &costs[(n * kChunkFrames + t) * 4 * area];
            write(fields.last[t], cells, v, c, c + area);
            write(fields.key[t], cells, v + 2 * area, c + 2 * area, c + 3 * area);
        }
    };
    nn::parallel_for(many ? ops.threads() : 1, static_cast<int64_t>(lasts.size()), 1,
                     [&](int64_t begin, int64_t end) {
                         for (int64_t n = begin; n < end; ++n) search(static_cast<size_t>(n));
                     });
    return {{ops.from_host(cells, vectors.data()), ops.from_host(cells, costs.data())},
            std::move(common)};
}

MotionHint motion_to_last(Ops& ops, const Tensor& rgb, const Tensor& last, int frames) {
    const std::vector<SearchPicture> pictures = search_pictures(ops, rgb);
    const std::vector<SearchPicture> lasts = search_pictures(ops, last);
    const auto count = static_cast<size_t>(frames);
    const Shape cells{rgb.shape().n, 2, rgb.shape().h / kPatch, rgb.shape().w / kPatch};
    const size_t area = static_cast<size_t>(cells.h * cells.w);
    std::vector<float> vectors(static_cast<size_t>(cells.count())), costs(vectors.size() / 2);
    for (size_t n = 0; n < lasts.size(); ++n) {
        const std::vector<MotionField> fields = search_in_turn(
            {&pictures[n * count], count}, lasts[n], {ops.threads(), SearchEffort::quick, 1.0f});
        for (size_t t = 0; t < count; ++t) {
            const size_t at = (n * count + t) * area;
            write(fields[t], cells, &vectors[2 * at], &costs[at], nullptr);
        }
    }
    return {ops.from_host(cells, vectors.data()),
            ops.from_host({cells.n, 1, cells.h, cells.w}, costs.data())};
}

}  // namespace gvc::models
