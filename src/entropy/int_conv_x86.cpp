// AVX2 and AVX-512 VNNI kernels of the integer convolution. Compiled for their instruction set by
// attribute and chosen at run time, so that the library itself runs on any x86-64.
#if defined(__x86_64__)

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12's own AVX-512 header warns about itself (its "undefined" registers are self-initialised).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif
#include <immintrin.h>

#include <algorithm>
#include <cstring>

#include "entropy/int_conv_kernels.h"

#define GVC_AVX2 __attribute__((target("avx2")))
#define GVC_VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni")))

namespace gvc::entropy {
namespace {

constexpr int kTile = 4;  // positions at once: each load of weights serves them all

int32_t load_quad(const uint8_t* p) {
    int32_t value;
    std::memcpy(&value, p, 4);
    return value;
}

// P positions, one block of 16 outputs in two registers of 8. maddubs adds two u8 x s8 products in
// int16: at most 2 * 255 * 64, which fits because weights stay in [-64, 63].
template <int P>
GVC_AVX2 void tile_avx2(const ProductJob& job, const uint8_t* in, int block, uint8_t* out) {
    const __m256i ones = _mm256_set1_epi16(1);
    const int8_t* w = job.weights + static_cast<size_t>(block) * job.quads * 64;
    const auto* bias = reinterpret_cast<const __m256i*>(job.bias + block * 16);
    __m256i low[P], high[P];
    for (int p = 0; p < P; ++p) {
        low[p] = _mm256_loadu_si256(bias);
        high[p] = _mm256_loadu_si256(bias + 1);
    }
    for (int q = 0; q < job.quads; ++q, w += 64) {
        const __m256i w0 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w));
        const __m256i w1 = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + 32));
        for (int p = 0; p < P; ++p) {
            const __m256i x = _mm256_set1_epi32(load_quad(in + p * job.in_stride + q * 4));
            low[p] = _mm256_add_epi32(low[p], _mm256_madd_epi16(_mm256_maddubs_epi16(x, w0), ones));
            high[p] =
                _mm256_add_epi32(high[p], _mm256_madd_epi16(_mm256_maddubs_epi16(x, w1), ones));
        }
    }
    const __m256i rounding = _mm256_set1_epi32(1 << (job.shift - 1));
    const __m256i most = _mm256_set1_epi32(job.max);
    const __m128i shift = _mm_cvtsi32_si128(job.shift);
    for (int p = 0; p < P; ++p) {
        __m256i a = _mm256_sra_epi32(_mm256_add_epi32(low[p], rounding), shift);
        __m256i b = _mm256_sra_epi32(_mm256_add_epi32(high[p], rounding), shift);
        a = _mm256_min_epi32(_mm256_max_epi32(a, _mm256_setzero_si256()), most);
        b = _mm256_min_epi32(_mm256_max_epi32(b, _mm256_setzero_si256()), most);
        const __m128i a16 =
            _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
        const __m128i b16 =
            _mm_packs_epi32(_mm256_castsi256_si128(b), _mm256_extracti128_si256(b, 1));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(out + p * job.out_stride + block * 16),
                         _mm_packus_epi16(a16, b16));
    }
}

// P positions, B blocks of 16 outputs.
template <int P, int B>
GVC_VNNI void tile_vnni(const ProductJob& job, const uint8_t* in, int block, uint8_t* out) {
    const size_t block_bytes = static_cast<size_t>(job.quads) * 64;
    const int8_t* w = job.weights + static_cast<size_t>(block) * block_bytes;
    __m512i sums[P][B];
    for (int p = 0; p < P; ++p) {
        for (int b = 0; b < B; ++b) sums[p][b] = _mm512_loadu_si512(job.bias + (block + b) * 16);
    }
    for (int q = 0; q < job.quads; ++q, w += 64) {
        __m512i weights[B];
        for (int b = 0; b < B; ++b) weights[b] = _mm512_loadu_si512(w + b * block_bytes);
        for (int p = 0; p < P; ++p) {
            const __m512i x = _mm512_set1_epi32(load_quad(in + p * job.in_stride + q * 4));
            for (int b = 0; b < B; ++b) {
                sums[p][b] = _mm512_dpbusd_epi32(sums[p][b], x, weights[b]);
            }
        }
    }
    const __m512i rounding = _mm512_set1_epi32(1 << (job.shift - 1));
    const __m512i most = _mm512_set1_epi32(job.max);
    const __m128i shift = _mm_cvtsi32_si128(job.shift);
    for (int p = 0; p < P; ++p) {
        for (int b = 0; b < B; ++b) {
            __m512i v = _mm512_sra_epi32(_mm512_add_epi32(sums[p][b], rounding), shift);
            v = _mm512_min_epi32(_mm512_max_epi32(v, _mm512_setzero_si512()), most);
            _mm_storeu_si128(
                reinterpret_cast<__m128i*>(out + p * job.out_stride + (block + b) * 16),
                _mm512_cvtepi32_epi8(v));
        }
    }
}

template <int P>
GVC_AVX2 void positions_avx2(const ProductJob& job, const uint8_t* in, uint8_t* out) {
    for (int block = 0; block < job.out_blocks; ++block) tile_avx2<P>(job, in, block, out);
}

template <int P>
GVC_VNNI void positions_vnni(const ProductJob& job, const uint8_t* in, uint8_t* out) {
    int block = 0;
    for (; block + 3 <= job.out_blocks; block += 3) tile_vnni<P, 3>(job, in, block, out);
    for (; block < job.out_blocks; ++block) tile_vnni<P, 1>(job, in, block, out);
}

// Whole tiles first, then the rest one by one.
template <typename Whole, typename Single>
void for_tiles(const ProductJob& job, Whole&& whole, Single&& single) {
    int p = 0;
    while (p < job.positions) {
        const bool is_whole = p + kTile <= job.positions;
        const uint8_t* in = job.in + static_cast<size_t>(p) * job.in_stride;
        uint8_t* out = job.out + static_cast<size_t>(p) * job.out_stride;
        is_whole ? whole(job, in, out) : single(job, in, out);
        p += is_whole ? kTile : 1;
    }
}

}  // namespace

void product_avx2(const ProductJob& job) {
    for_tiles(job, positions_avx2<kTile>, positions_avx2<1>);
}

void product_avx512_vnni(const ProductJob& job) {
    for_tiles(job, positions_vnni<kTile>, positions_vnni<1>);
}

}  // namespace gvc::entropy

#endif  // __x86_64__
