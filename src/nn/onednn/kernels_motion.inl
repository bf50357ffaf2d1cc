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
        // In this order NaN becomes 0: nothing here may read outside the picture.
        Vec x = smaller(larger(Vec{}, load(dx + i) + (lane + static_cast<float>(i))), splat(right));
        Vec y = smaller(larger(Vec{}, load(dy + i) + static_cast<float>(job.y)), splat(bottom));
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

// Keys' kernel of sharpness a, as in the reference backend.
inline void cubic_weights(float a, float t, float* weights) {
    const auto near = [a](float d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
    const auto far = [a](float d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
    weights[0] = far(t + 1);
    weights[1] = near(t);
    weights[2] = near(1 - t);
    weights[3] = far(2 - t);
}

inline Vec4 sample_rgb_cubic(const WarpRow& job, const float* picture, const Samples& at,
                             int64_t i) {
    float across[4], down[4];
    cubic_weights(job.cubic, at.x_share[i], across);
    cubic_weights(job.cubic, at.y_share[i], down);
    const int64_t position = at.position[i];
    Vec4 sum{};
    if (position >= 0) {
        const float* row = picture + 3 * (position - job.w - 1);
        for (int64_t j = 0; j < 4; ++j, row += 3 * job.w)
            sum += (load4(row) * across[0] + load4(row + 3) * across[1] +
                    load4(row + 6) * across[2] + load4(row + 9) * across[3]) *
                   down[j];
        return sum * at.mask[i];
    }
    const int64_t top = ~position / job.w, left = ~position % job.w;
    const auto inside = [](int64_t k, int64_t end) { return k < 0 ? 0 : k < end ? k : end - 1; };
    for (int64_t j = 0; j < 4; ++j) {
        const float* row = picture + 3 * job.w * inside(top + j - 1, job.h);
        for (int64_t k = 0; k < 4; ++k)
            sum += load4(row + 3 * inside(left + k - 1, job.w)) * (across[k] * down[j]);
    }
    return sum * at.mask[i];
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
            else if (job.cubic != 0)
                total += sample_rgb_cubic(job, from, at, i);
            else
                total += sample_rgb(from, at, i, right, down);
        }
        return total;
    };
    // Each write's fourth float is overwritten by the next pixel; behind the last one is the next
    // row, which another thread may own.
    for (int64_t i = 0; i + 1 < job.w; ++i) {
        const Vec4 value = pixel(i);
        __builtin_memcpy(out + 3 * i, &value, 16);
    }
    const Vec4 value = pixel(job.w - 1);
    __builtin_memcpy(out + 3 * (job.w - 1), &value, 12);
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
    if (rgb)
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
