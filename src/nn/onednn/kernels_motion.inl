// Warping and block matching.

GVC_FLATTEN void warp_planes(In flows, In logits, int64_t refs, int64_t count, float s,
                             int64_t plane_stride, float* planes) {
    // Positions in pieces, so that the planar copies stay in the first cache.
    constexpr int64_t kPiece = 256;
    float flow[2 * kMaxWarpRefs * kPiece], mask[(kMaxWarpRefs + 1) * kPiece];
    for (int64_t start = 0; start < count; start += kPiece) {
        int64_t size = count - start < kPiece ? count - start : kPiece;
        auto at = [&](In in, int64_t channels) {
            const char* bytes = static_cast<const char*>(in.data);
            return In{bytes + start * channels * size_of(in.type), in.type};
        };
        deinterleave(at(flows, 2 * refs), flow, kPiece, size, 2 * refs);
        deinterleave(at(logits, refs + 1), mask, kPiece, size, refs + 1);
        each_vector(size, [&](int64_t i, int64_t lanes) {
            Vec largest = load(mask + i, lanes), total{};
            for (int64_t m = 1; m <= refs; ++m)
                largest = larger(largest, load(mask + m * kPiece + i, lanes));
            Vec share[kMaxWarpRefs + 1];
            for (int64_t m = 0; m <= refs; ++m)
                total += share[m] = exp(load(mask + m * kPiece + i, lanes) - largest);
            for (int64_t r = 0; r < refs; ++r) {
                float* plane = planes + 3 * r * plane_stride + start + i;
                store(plane, load(flow + 2 * r * kPiece + i, lanes) * s, lanes);
                store(plane + plane_stride, load(flow + (2 * r + 1) * kPiece + i, lanes) * s,
                      lanes);
                store(plane + 2 * plane_stride, share[r] / total, lanes);
            }
        });
    }
}

// The rows of cells between which a row of pixels lies, and the share of the lower one.
struct CellRows {
    int64_t top, bottom;
    float weight;
};

inline CellRows cell_rows(const WarpRow& job) {
    float y = (static_cast<float>(job.y) + 0.5f) / static_cast<float>(job.s) - 0.5f;
    y = y < 0 ? 0 : y;
    int64_t top = static_cast<int64_t>(y);
    return {top, top + 1 < job.cells_h ? top + 1 : top, y - static_cast<float>(top)};
}

// Whether both are zero.
inline bool all_zero(const float* plane, const WarpRow& job, const CellRows& rows) {
    const float* above = plane + rows.top * job.cells_w;
    const float* below = plane + rows.bottom * job.cells_w;
    Vec most{};
    each_vector(job.cells_w, [&](int64_t i, int64_t lanes) {
        const Vec a = load(above + i, lanes), b = load(below + i, lanes);
        most = larger(most, larger(larger(a, -a), larger(b, -b)));
    });
    for (int64_t i = 0; i < kLanes; ++i) {
        if (most[i] > 0) return false;
    }
    return true;
}

// One row of a plane [cells_h, cells_w] upsampled bilinearly by s, as in Ops::upsample: `row` gets
// cells_w * s floats. `coarse` is scratch for cells_w + 2 floats, `shares` holds s weights.
inline void expand_row(const float* plane, const WarpRow& job, const CellRows& rows,
                       const float* shares, float* coarse, float* row) {
    int64_t w = job.cells_w, s = job.s;
    const float* above = plane + rows.top * w;
    const float* below = plane + rows.bottom * w;
    const float weight = rows.weight;
    each_vector(w, [&](int64_t i, int64_t lanes) {
        Vec a = load(above + i, lanes), b = load(below + i, lanes);
        store(coarse + 1 + i, a + (b - a) * weight, lanes);
    });
    coarse[0] = coarse[1];
    coarse[w + 1] = coarse[w];
    // Pixels between the centres of cells i-1 and i: s of them, the first before the picture's
    // edge.
    float* out = row - (s + 1) / 2;
    if (s == 8) {
        Vec8 share;
        __builtin_memcpy(&share, shares, sizeof share);
        for (int64_t i = 0; i <= w; ++i, out += 8) {
            Vec8 value = coarse[i] + (coarse[i + 1] - coarse[i]) * share;
            __builtin_memcpy(out, &value, sizeof value);
        }
        return;
    }
    for (int64_t i = 0; i <= w; ++i, out += s) {
        float left = coarse[i], step = coarse[i + 1] - left;
        for (int64_t k = 0; k < s; ++k) out[k] = left + step * shares[k];
    }
}

// Where each pixel of the row samples: index of the top left position, fractions, mask.
struct Samples {
    // Null: at its own place. For cubic samples its complement where not all 4x4 pixels are there.
    int32_t* position;
    float* x_share;
    float* y_share;
    const float* mask;
};

inline void locate(const WarpRow& job, const float* dx, const float* dy, const Samples& samples) {
    float right = static_cast<float>(job.w - 1), bottom = static_cast<float>(job.h - 1);
    float last_x = job.w > 1 ? right - 1 : 0, last_y = job.h > 1 ? bottom - 1 : 0;
    Vec lane;
    for (int64_t i = 0; i < kLanes; ++i) lane[i] = static_cast<float>(i);
    for (int64_t i = 0; i < job.w; i += kLanes) {
        // Beyond an edge is what lies before it, mirrored. In this order NaN becomes 0: nothing
        // here may read outside the picture.
        const auto inside = [](Vec at, float end) {
            at = larger(at, -at);
            return smaller(larger(Vec{}, smaller(at, 2 * end - at)), splat(end));
        };
        Vec x = inside(load(dx + i) + (lane + static_cast<float>(i)), right);
        Vec y = inside(load(dy + i) + static_cast<float>(job.y), bottom);
        // The last row and column are reached with a share of 1.
        VecInt left = __builtin_convertvector(smaller(x, splat(last_x)), VecInt);
        VecInt top = __builtin_convertvector(smaller(y, splat(last_y)), VecInt);
        VecInt position = top * static_cast<int32_t>(job.w) + left;
        if (job.cubic != 0) {
            const VecInt inside = (left >= 1) & (left < static_cast<int32_t>(job.w) - 2) &
                                  (top >= 1) & (top < static_cast<int32_t>(job.h) - 2);
            position ^= ~inside;
        }
        __builtin_memcpy(samples.position + i, &position, sizeof position);
        store(samples.x_share + i, x - __builtin_convertvector(left, Vec));
        store(samples.y_share + i, y - __builtin_convertvector(top, Vec));
    }
}

// RGB in fp32: a pixel is read as four floats, of which the last is not used (buffers have slack).
inline Vec4 sample_rgb(const float* picture, const Samples& at, int64_t i, int64_t right,
                       int64_t down) {
    const float* from = picture + 3 * static_cast<int64_t>(at.position[i]);
    Vec4 a = load4(from), b = load4(from + right);
    Vec4 c = load4(from + down), d = load4(from + down + right);
    Vec4 above = a + (b - a) * at.x_share[i];
    Vec4 below = c + (d - c) * at.x_share[i];
    return (above + (below - above) * at.y_share[i]) * at.mask[i];
}

// Cubic samples read pairs of neighbouring RGB pixels: eight floats, of which the last two count
// for nothing (they are the next pixel's, or in the slack of a buffer). A pair is one vector where
// there are such, else two. Longer ones, with a row of four pixels in each, are slower: nearly all
// of their loads reach across the end of a cache line.
typedef float PairPart __attribute__((vector_size(GVC_VECTOR_BYTES < 32 ? GVC_VECTOR_BYTES : 32)));
constexpr int64_t kPartLanes = sizeof(PairPart) / sizeof(float);
constexpr int64_t kPairParts = 8 / kPartLanes;

inline PairPart load_part(const float* from) {
    PairPart part;
    __builtin_memcpy(&part, from, sizeof part);
    return part;
}

// Keys' kernel, as in the reference backend, as polynomials: around a position that lies t behind
// the second of four pixels, pixel k weighs the sum of of[n][k] * t^n.
struct CubicTerms {
    explicit CubicTerms(float a)
        : of{{0, 1, 0, 0}, {a, 0, -a, 0}, {-2 * a, -a - 3, 2 * a + 3, a}, {a, a + 2, -a - 2, -a}} {}

    float of[4][4];
};

// The weights of the floats of a pair.
struct PairTerms {
    PairTerms(const CubicTerms& terms, int64_t first_pixel) {
        for (int64_t n = 0; n < 4; ++n) {
            float lanes[8] = {};
            for (int64_t i = 0; i < 6; ++i) lanes[i] = terms.of[n][first_pixel + i / 3];
            for (int64_t p = 0; p < kPairParts; ++p) of[n][p] = load_part(lanes + p * kPartLanes);
        }
    }

    PairPart weights(int64_t p, float t) const {
        return ((of[3][p] * t + of[2][p]) * t + of[1][p]) * t + of[0][p];
    }

    PairPart of[4][kPairParts];
};

struct CubicKernel {
    explicit CubicKernel(float a) : rows(a), left(rows, 0), right(rows, 2) {}

    CubicTerms rows;
    PairTerms left, right;
};

// Cubic samples are made for so many pixels of a row at once. (A reference whose mask is next to
// nothing in all of them could be left out, but networks make none: see docs/decisions/0010.)
constexpr int64_t kCubicRun = 32;

// The weights of the four rows times the mask.
inline void weigh_rows(const CubicTerms& terms, const float* y_share, const float* mask,
                       float (*weights)[kCubicRun]) {
    for (int64_t i = 0; i < kCubicRun; i += kLanes) {
        const Vec t = load(y_share + i), share = load(mask + i);
#pragma GCC unroll 4
        for (int64_t j = 0; j < 4; ++j) {
            const Vec weight =
                ((terms.of[3][j] * t + terms.of[2][j]) * t + terms.of[1][j]) * t + terms.of[0][j];
            store(weights[j] + i, weight * share);
        }
    }
}

// The 4x4 pixels around a position near the picture's edge, whose pixels are repeated. Rare: it
// must not take registers from the loop that calls it.
__attribute__((noinline)) void repeat_edges(const WarpRow& job, const float* picture,
                                            int64_t position, float* pixels) {
    const int64_t top = position / job.w, left = position % job.w;
    const auto inside = [](int64_t k, int64_t end) { return k < 0 ? 0 : k < end ? k : end - 1; };
    for (int64_t j = 0; j < 4; ++j) {
        const float* row = picture + 3 * job.w * inside(top + j - 1, job.h);
        for (int64_t k = 0; k < 4; ++k, pixels += 3)
            __builtin_memcpy(pixels, row + 3 * inside(left + k - 1, job.w), 12);
    }
}

// Adds what `count` pixels from `start` on take from a reference to `totals`, a pair a pixel: the
// sums of the first and third and of the second and fourth column. A function of its own so that
// its loop has the registers to itself.
__attribute__((noinline)) GVC_FLATTEN void add_cubic_run(const WarpRow& job,
                                                         const CubicKernel& kernel,
                                                         const float* picture, const Samples& at,
                                                         int64_t start, int64_t count,
                                                         float* totals) {
    alignas(64) float down[4][kCubicRun];  // stores across the end of a cache line take long
    weigh_rows(kernel.rows, at.y_share + start, at.mask + start, down);
    // Copies, which no store can change, so that they stay in registers.
    const PairTerms left = kernel.left, right = kernel.right;
    const int32_t* positions = at.position + start;
    const float* x_share = at.x_share + start;
    const int64_t w = job.w;
    float edge[4 * 12 + 2];
    for (int64_t i = 0; i < count; ++i, totals += 8) {
        const int64_t position = positions[i];
        const float* from = picture + 3 * (position - w - 1);
        int64_t stride = 3 * w;
        if (position < 0) {
            repeat_edges(job, picture, ~position, edge);
            from = edge;
            stride = 12;
        }
        const auto mixed_rows = [&](const float* part) {
            return load_part(part) * down[0][i] + load_part(part + stride) * down[1][i] +
                   load_part(part + 2 * stride) * down[2][i] +
                   load_part(part + 3 * stride) * down[3][i];
        };
        const float t = x_share[i];
#pragma GCC unroll 2
        for (int64_t p = 0; p < kPairParts; ++p) {
            const float* part = from + p * kPartLanes;
            const PairPart total = load_part(totals + p * kPartLanes) +
                                   mixed_rows(part) * left.weights(p, t) +
                                   mixed_rows(part + 6) * right.weights(p, t);
            __builtin_memcpy(totals + p * kPartLanes, &total, sizeof total);
        }
    }
}

// The same from a reference that did not move there.
inline void add_still_run(const float* from, const float* mask, int64_t count, float* totals) {
    for (int64_t i = 0; i < count; ++i, from += 3, totals += 8) {
        const Vec4 total = load4(totals) + load4(from) * mask[i];
        __builtin_memcpy(totals, &total, 12);
    }
}

// Each write's fourth float is overwritten by the next pixel; behind the last one is the next row,
// which another thread may own.
template <typename F>
inline void write_rgb(float* out, int64_t count, const F& pixel) {
    for (int64_t i = 0; i + 1 < count; ++i) {
        const Vec4 value = pixel(i);
        __builtin_memcpy(out + 3 * i, &value, 16);
    }
    const Vec4 value = pixel(count - 1);
    __builtin_memcpy(out + 3 * (count - 1), &value, 12);
}

inline void blend_rgb_cubic(const WarpRow& job, const Samples* samples, float* __restrict out) {
    const CubicKernel kernel(job.cubic);
    for (int64_t start = 0; start < job.w; start += kCubicRun) {
        const int64_t count = job.w - start < kCubicRun ? job.w - start : kCubicRun;
        alignas(64) float totals[8 * kCubicRun] = {};
        for (int64_t r = 0; r < job.refs; ++r) {
            const float* picture = static_cast<const float*>(job.pictures[r].data);
            const Samples& at = samples[r];
            if (at.position)
                add_cubic_run(job, kernel, picture, at, start, count, totals);
            else
                add_still_run(picture + 3 * (job.w * job.y + start), at.mask + start, count,
                              totals);
        }
        write_rgb(out + 3 * start, count,
                  [&](int64_t i) { return load4(totals + 8 * i) + load4(totals + 8 * i + 3); });
    }
}

inline void blend_rgb(const WarpRow& job, const Samples* samples, float* __restrict out) {
    int64_t right = job.w > 1 ? 3 : 0, down = job.h > 1 ? 3 * job.w : 0;
    const auto pixel = [&](int64_t i) {
        Vec4 total{};
        for (int64_t r = 0; r < job.refs; ++r) {
            const Samples& at = samples[r];
            const float* from = static_cast<const float*>(job.pictures[r].data);
            if (!at.position)
                total += load4(from + 3 * (job.w * job.y + i)) * at.mask[i];
            else
                total += sample_rgb(from, at, i, right, down);
        }
        return total;
    };
    write_rgb(out, job.w, pixel);
}

template <typename T>
void blend_any(const WarpRow& job, const Samples* samples, T* out) {
    int64_t channels = job.channels;
    int64_t right = job.w > 1 ? channels : 0, down = job.h > 1 ? channels * job.w : 0;
    for (int64_t i = 0; i < job.w; ++i, out += channels)
        each_vector(channels, [&](int64_t c, int64_t lanes) {
            Vec total{};
            for (int64_t r = 0; r < job.refs; ++r) {
                const Samples& at = samples[r];
                const T* from = static_cast<const T*>(job.pictures[r].data) +
                                channels * static_cast<int64_t>(at.position[i]) + c;
                float x = at.x_share[i], y = at.y_share[i], mask = at.mask[i];
                float below = y * mask, above = mask - below;
                total += load(from, lanes) * (above * (1 - x)) +
                         load(from + right, lanes) * (above * x) +
                         load(from + down, lanes) * (below * (1 - x)) +
                         load(from + down + right, lanes) * (below * x);
            }
            store(out + c, total, lanes);
        });
}

GVC_FLATTEN void warp_row(const WarpRow& job) {
    int64_t s = job.s, room = job.w + 128;  // before and behind a row: half a cell and a vector
    float* shares = job.scratch;
    // Of pixel k after the centre of a cell; an even s has its first pixel half a pixel behind it.
    for (int64_t k = 0; k < s; ++k)
        shares[k] = (static_cast<float>(k) + (s % 2 ? 0.0f : 0.5f)) / static_cast<float>(s);
    const bool rgb = job.channels == 3 && job.out.type == DType::f32;
    const CellRows rows = cell_rows(job);
    float* next = job.scratch + 64;
    auto take = [&](int64_t count) { return (next += count) - count; };
    Samples samples[kMaxWarpRefs];
    for (int64_t r = 0; r < job.refs; ++r) {
        const float* planes = job.planes + 3 * r * job.cells_h * job.cells_w;
        float* fine[3];
        float* coarse = take(room);
        const int64_t plane = job.cells_h * job.cells_w;
        const bool still =
            rgb && all_zero(planes, job, rows) && all_zero(planes + plane, job, rows);
        for (int64_t p = 0; p < 3; ++p) {
            fine[p] = take(room) + 64;
            if (p < 2 && still) continue;
            expand_row(planes + p * plane, job, rows, shares, coarse, fine[p]);
        }
        samples[r].mask = fine[2];
        samples[r].x_share = take(room);
        samples[r].y_share = take(room);
        samples[r].position = still ? nullptr : reinterpret_cast<int32_t*>(coarse);  // free now
        if (still) continue;
        locate(job, fine[0], fine[1], samples[r]);
    }
    if (rgb && job.cubic != 0)
        blend_rgb_cubic(job, samples, static_cast<float*>(job.out.data));
    else if (rgb)
        blend_rgb(job, samples, static_cast<float*>(job.out.data));
    else if (job.out.type == DType::f32)
        blend_any(job, samples, static_cast<float*>(job.out.data));
    else
        blend_any(job, samples, static_cast<Bf16*>(job.out.data));
}

inline Vec magnitude(Vec x) { return larger(x, -x); }

GVC_FLATTEN void match_row(const MatchRow& job) {
    int64_t room = job.w + 64;
    float* best = job.scratch;
    float* zero = best + room;
    float* columns = zero + room;   // sums of three rows, from column -1 on
    float* index = columns + room;  // of the best candidate
    const float* current = job.current + (job.y + job.pad - 1) * job.stride + job.pad - 1;
    for (int64_t k = 0; k < job.candidates; ++k) {
        const float* reference = job.reference + (job.y + job.dy[k] + job.pad - 1) * job.stride +
                                 job.dx[k] + job.pad - 1;
        each_vector(job.w + 2, [&](int64_t i, int64_t lanes) {
            Vec total{};
            for (int64_t j = 0; j < 3; ++j)
                total += magnitude(load(current + j * job.stride + i, lanes) -
                                   load(reference + j * job.stride + i, lanes));
            store(columns + i, total, lanes);
        });
        for (int64_t i = 0; i < job.w; i += kLanes) {
            Vec cost = load(columns + i) + load(columns + i + 1) + load(columns + i + 2);
            if (k == 0) {
                store(best + i, cost);
                store(zero + i, cost);
                store(index + i, Vec{});
                continue;
            }
            Vec least = load(best + i), chosen = load(index + i);
            store(index + i, cost < least ? splat(static_cast<float>(k)) : chosen);
            store(best + i, smaller(least, cost));
        }
    }
    for (int64_t x = 0; x < job.w; ++x) {
        int64_t k = static_cast<int64_t>(index[x]);
        job.out[4 * x] = static_cast<float>(job.dx[k]);
        job.out[4 * x + 1] = static_cast<float>(job.dy[k]);
        job.out[4 * x + 2] = best[x] / 9;
        job.out[4 * x + 3] = zero[x] / 9;
    }
}
