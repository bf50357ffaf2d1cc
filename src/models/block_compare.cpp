#include "models/block_compare.h"

#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// The bodies are compiled once for the baseline and once for AVX2. Nothing that is wider than the
// baseline's registers may be passed to what is not inlined.
#define GVC_INLINE inline __attribute__((always_inline))

namespace gvc::models {
namespace {

constexpr int kN = kBlockSide;
constexpr float kStiffness = 52.0f * kN * kN;  // against flat blocks: 13 in squared gradients

#pragma GCC diagnostic ignored "-Wpsabi"
typedef uint8_t Bytes __attribute__((vector_size(kN)));
typedef int16_t Row __attribute__((vector_size(2 * kN)));
typedef uint16_t WideRow __attribute__((vector_size(2 * kN)));

GVC_INLINE Row load(const uint8_t* from) {
    Bytes bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return __builtin_convertvector(bytes, Row);
}

GVC_INLINE Row magnitude(const Row& x) { return x > -x ? x : -x; }

// Of a block's rows, which fits into 16 bits.
GVC_INLINE int sum(const Row& x) {
    typedef uint16_t Half __attribute__((vector_size(kN)));
    Half halves[2];
    std::memcpy(halves, &x, sizeof halves);
    const Half both = halves[0] + halves[1];
    uint16_t total = 0;
    for (int i = 0; i < kN / 2; ++i) total = static_cast<uint16_t>(total + both[i]);
    return total;
}

// Rows [begin, end) of the block at `b`, interpolated. f(row number, row)
template <typename F>
GVC_INLINE void each_row(const uint8_t* b, int stride, int fx, int fy, int begin, int end,
                         const F& f) {
    if (fx == 0 && fy == 0) {
        for (int r = begin; r < end; ++r) f(r, load(b + r * stride));
        return;
    }
    const auto across = [&](const uint8_t* from) __attribute__((always_inline)) {
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

#if defined(__SSE2__)
// Of rows [begin, end), b not moved by parts of a sample.
GVC_INLINE int whole_difference(const uint8_t* a, int a_stride, const uint8_t* b, int b_stride,
                                int begin, int end) {
    __m128i total = _mm_setzero_si128();
    for (int r = begin; r < end; ++r) {
        __m128i x, y;
        std::memcpy(&x, a + r * a_stride, sizeof x);
        std::memcpy(&y, b + r * b_stride, sizeof y);
        total = _mm_add_epi32(total, _mm_sad_epu8(x, y));
    }
    return _mm_cvtsi128_si32(total) + _mm_extract_epi16(total, 4);
}
#endif

GVC_INLINE int difference_body(const uint8_t* a, int a_stride, const uint8_t* b, int b_stride,
                               int fx, int fy, int enough) {
    // Most candidates are far worse than the best so far.
#if defined(__SSE2__)
    if (fx == 0 && fy == 0) {
        const int half = whole_difference(a, a_stride, b, b_stride, 0, kN / 2);
        if (half >= enough) return half;
        return half + whole_difference(a, a_stride, b, b_stride, kN / 2, kN);
    }
#endif
    Row total{};
    const auto add = [&](int r, const Row& row) __attribute__((always_inline)) {
        total += magnitude(row - load(a + r * a_stride));
    };
    each_row(b, b_stride, fx, fy, 0, kN / 2, add);
    const int half = sum(total);
    if (half >= enough) return half;
    each_row(b, b_stride, fx, fy, kN / 2, kN, add);
    return sum(total);
}

GVC_INLINE GradientStep step_body(const uint8_t* a, int a_stride, const uint8_t* b, int b_stride,
                                  int fx, int fy) {
    alignas(32) int16_t gx[kN * kN], gy[kN * kN], difference[kN * kN];
    each_row(
        b, b_stride, fx, fy, 0, kN, [&](int r, const Row& row) __attribute__((always_inline)) {
            const uint8_t* at = a + r * a_stride;
            const Row x = load(at + 1) - load(at - 1),
                      y = load(at + a_stride) - load(at - a_stride);
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

using Difference = decltype(&block_difference);
using Step = decltype(&gradient_step);

struct Kernels {
    Difference difference;
    Step step;
};

#define GVC_BLOCK_KERNELS(NAME, TARGET)                                                   \
    struct NAME {                                                                         \
        TARGET static int difference(const uint8_t* a, int a_stride, const uint8_t* b,    \
                                     int b_stride, int fx, int fy, int enough) {          \
            return difference_body(a, a_stride, b, b_stride, fx, fy, enough);             \
        }                                                                                 \
        TARGET static GradientStep step(const uint8_t* a, int a_stride, const uint8_t* b, \
                                        int b_stride, int fx, int fy) {                   \
            return step_body(a, a_stride, b, b_stride, fx, fy);                           \
        }                                                                                 \
        static constexpr Kernels table{difference, step};                                 \
    };

GVC_BLOCK_KERNELS(Baseline, )
#if defined(__x86_64__)
GVC_BLOCK_KERNELS(Avx2, __attribute__((target("avx2"))))
#endif

Kernels chosen() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) return Avx2::table;
#endif
    return Baseline::table;
}

const Kernels kKernels = chosen();

}  // namespace

int block_difference(const uint8_t* a, int a_stride, const uint8_t* b, int b_stride, int fx, int fy,
                     int enough) {
    return kKernels.difference(a, a_stride, b, b_stride, fx, fy, enough);
}

GradientStep gradient_step(const uint8_t* a, int a_stride, const uint8_t* b, int b_stride, int fx,
                           int fy) {
    return kKernels.step(a, a_stride, b, b_stride, fx, fy);
}

}  // namespace gvc::models
