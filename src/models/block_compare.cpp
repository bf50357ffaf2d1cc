#include "models/block_compare.h"

#include <cstring>

namespace gvc::models {
namespace {

constexpr int kN = kBlockSide;
constexpr float kStiffness = 52.0f * kN * kN;  // against flat blocks: 13 in squared gradients

// Vectors are wider than the registers of the plainest CPU, so how a function would take them
// depends on options; those here are all inlined.
#pragma GCC diagnostic ignored "-Wpsabi"
typedef uint8_t Bytes __attribute__((vector_size(kN)));
typedef int16_t Row __attribute__((vector_size(2 * kN)));
typedef uint16_t WideRow __attribute__((vector_size(2 * kN)));

inline Row load(const uint8_t* from) {
    Bytes bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return __builtin_convertvector(bytes, Row);
}

inline Row magnitude(const Row& x) { return x < 0 ? -x : x; }

inline int sum(const Row& x) {
    int total = 0;
    for (int i = 0; i < kN; ++i) total += x[i];
    return total;
}

// Rows [begin, end) of the block at `b`, interpolated. f(row number, row)
template <typename F>
inline void each_row(const uint8_t* b, int stride, int fx, int fy, int begin, int end, const F& f) {
    if (fx == 0 && fy == 0) {
        for (int r = begin; r < end; ++r) f(r, load(b + r * stride));
        return;
    }
    const auto across = [&](const uint8_t* from) {
        return (WideRow)(load(from) * static_cast<int16_t>(16 - fx) +
                         load(from + 1) * static_cast<int16_t>(fx));
    };
    WideRow above = across(b + begin * stride);
    for (int r = begin; r < end; ++r) {
        const WideRow below = across(b + (r + 1) * stride);
        const WideRow value = above * static_cast<uint16_t>(16 - fy) +
                              below * static_cast<uint16_t>(fy) + static_cast<uint16_t>(128);
        f(r, (Row)(value >> 8));
        above = below;
    }
}

}  // namespace

int block_difference(const uint8_t* a, int a_stride, const uint8_t* b, int b_stride, int fx, int fy,
                     int enough) {
    Row total{};
    const auto add = [&](int r, const Row& row) {
        total += magnitude(row - load(a + r * a_stride));
    };
    each_row(b, b_stride, fx, fy, 0, kN / 2, add);
    // Most candidates are far worse than the best so far.
    const int half = sum(total);
    if (half >= enough) return half;
    each_row(b, b_stride, fx, fy, kN / 2, kN, add);
    return sum(total);
}

GradientStep gradient_step(const uint8_t* a, int a_stride, const uint8_t* b, int b_stride, int fx,
                           int fy) {
    alignas(32) int16_t gx[kN * kN], gy[kN * kN], difference[kN * kN];
    each_row(b, b_stride, fx, fy, 0, kN, [&](int r, const Row& row) {
        const uint8_t* at = a + r * a_stride;
        const Row x = load(at + 1) - load(at - 1), y = load(at + a_stride) - load(at - a_stride);
        const Row d = row - load(at);
        std::memcpy(gx + kN * r, &x, sizeof x);
        std::memcpy(gy + kN * r, &y, sizeof y);
        std::memcpy(difference + kN * r, &d, sizeof d);
    });
    int xx = 0, xy = 0, yy = 0, xd = 0, yd = 0;
    for (int i = 0; i < kN * kN; ++i) {
        xx += gx[i] * gx[i];
        xy += gx[i] * gy[i];
        yy += gy[i] * gy[i];
        xd += gx[i] * difference[i];
        yd += gy[i] * difference[i];
    }
    // The differences across two samples are twice the gradients.
    const float p = static_cast<float>(xx) + kStiffness, q = static_cast<float>(xy),
                r = static_cast<float>(yy) + kStiffness;
    const float scale = -2.0f / (p * r - q * q);
    return {scale * (r * static_cast<float>(xd) - q * static_cast<float>(yd)),
            scale * (p * static_cast<float>(yd) - q * static_cast<float>(xd))};
}

}  // namespace gvc::models
