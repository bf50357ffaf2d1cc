#include "media/colour_rows.h"

// The bodies are plain loops that the compiler vectorises; they are compiled once for the baseline
// and once for AVX2. Built with -ffp-contract=off: both give the same bits.
#define GVC_INLINE inline __attribute__((always_inline))

namespace gvc::media {
namespace {

GVC_INLINE float clamp(float value, float high) {
    value = value > 0.0f ? value : 0.0f;
    return value < high ? value : high;
}

template <typename Sample>
GVC_INLINE void blend_body(const Sample* __restrict near, const Sample* __restrict far,
                           float near_weight, float far_weight, float offset, float* __restrict out,
                           int count) {
    for (int i = 0; i < count; ++i) {
        out[i] = static_cast<float>(near[i]) * near_weight +
                 static_cast<float>(far[i]) * far_weight + offset;
    }
}

GVC_INLINE void upsample_body(const float* __restrict in, SitingWeights weights,
                              float* __restrict out, int width) {
    const float even_here = 1.0f - weights.even_previous;
    const float odd_here = 1.0f - weights.odd_next;
    const int pairs = width / 2;
    for (int i = 0; i < pairs; ++i) {
        out[2 * i] = in[i] * even_here + in[i - 1] * weights.even_previous;
        out[2 * i + 1] = in[i] * odd_here + in[i + 1] * weights.odd_next;
    }
    if (width % 2 != 0) {
        out[width - 1] = in[pairs] * even_here + in[pairs - 1] * weights.even_previous;
    }
}

template <typename Sample>
GVC_INLINE void to_rgb_body(const Sample* __restrict luma, const float* __restrict cb,
                            const float* __restrict cr, YuvScaling scaling, RgbFromYuv m,
                            float* __restrict r, float* __restrict g, float* __restrict b,
                            int width) {
    for (int x = 0; x < width; ++x) {
        const float y = static_cast<float>(luma[x]) * scaling.luma_scale + scaling.luma_offset;
        r[x] = clamp(y + cr[x] * m.r_cr, 1.0f);
        g[x] = clamp(y + cb[x] * m.g_cb + cr[x] * m.g_cr, 1.0f);
        b[x] = clamp(y + cb[x] * m.b_cb, 1.0f);
    }
}

GVC_INLINE float luma_of(float r, float g, float b, const YuvFromRgb& m) {
    return r * m.kr + g * m.kg + b * m.kb;
}

template <typename Sample>
GVC_INLINE void to_luma_body(const float* __restrict r, const float* __restrict g,
                             const float* __restrict b, YuvScaling scaling, YuvFromRgb m,
                             Sample* __restrict luma, int width) {
    for (int x = 0; x < width; ++x) {
        const float y = luma_of(clamp(r[x], 1.0f), clamp(g[x], 1.0f), clamp(b[x], 1.0f), m);
        const float sample = y * scaling.luma_scale + scaling.luma_offset;
        luma[x] =
            static_cast<Sample>(static_cast<int32_t>(clamp(sample + 0.5f, scaling.sample_max)));
    }
}

GVC_INLINE void to_chroma_body(const float* const (*rows)[3], const float* row_weights,
                               YuvFromRgb m, float* __restrict cb, float* __restrict cr,
                               int width) {
    const float w0 = row_weights[0], w1 = row_weights[1], w2 = row_weights[2];
    const float* const r0 = rows[0][0];
    const float* const r1 = rows[0][1];
    const float* const r2 = rows[0][2];
    const float* const g0 = rows[1][0];
    const float* const g1 = rows[1][1];
    const float* const g2 = rows[1][2];
    const float* const b0 = rows[2][0];
    const float* const b1 = rows[2][1];
    const float* const b2 = rows[2][2];
    for (int x = 0; x < width; ++x) {
        const float r = clamp(r0[x], 1.0f) * w0 + clamp(r1[x], 1.0f) * w1 + clamp(r2[x], 1.0f) * w2;
        const float g = clamp(g0[x], 1.0f) * w0 + clamp(g1[x], 1.0f) * w1 + clamp(g2[x], 1.0f) * w2;
        const float b = clamp(b0[x], 1.0f) * w0 + clamp(b1[x], 1.0f) * w1 + clamp(b2[x], 1.0f) * w2;
        const float y = luma_of(r, g, b, m);
        cb[x] = (b - y) * m.cb_scale;
        cr[x] = (r - y) * m.cr_scale;
    }
}

template <typename Sample>
GVC_INLINE void downsample_body(const float* __restrict in, const float* weights,
                                YuvScaling scaling, Sample* __restrict out, int count) {
    const float w0 = weights[0], w1 = weights[1], w2 = weights[2];
    for (int i = 0; i < count; ++i) {
        const float value = in[2 * i - 1] * w0 + in[2 * i] * w1 + in[2 * i + 1] * w2;
        const float sample = value * scaling.chroma_scale + scaling.chroma_offset;
        out[i] =
            static_cast<Sample>(static_cast<int32_t>(clamp(sample + 0.5f, scaling.sample_max)));
    }
}

// The same six functions under each instruction set.
#define GVC_ROW_KERNELS(NAME, TARGET)                                                             \
    template <typename Sample>                                                                    \
    struct NAME {                                                                                 \
        TARGET static void blend(const Sample* near, const Sample* far, float near_weight,        \
                                 float far_weight, float offset, float* out, int count) {         \
            blend_body(near, far, near_weight, far_weight, offset, out, count);                   \
        }                                                                                         \
        TARGET static void upsample(const float* in, SitingWeights weights, float* out,           \
                                    int width) {                                                  \
            upsample_body(in, weights, out, width);                                               \
        }                                                                                         \
        TARGET static void to_rgb(const Sample* luma, const float* cb, const float* cr,           \
                                  const YuvScaling& scaling, const RgbFromYuv& matrix, float* r,  \
                                  float* g, float* b, int width) {                                \
            to_rgb_body(luma, cb, cr, scaling, matrix, r, g, b, width);                           \
        }                                                                                         \
        TARGET static void to_luma(const float* r, const float* g, const float* b,                \
                                   const YuvScaling& scaling, const YuvFromRgb& matrix,           \
                                   Sample* luma, int width) {                                     \
            to_luma_body(r, g, b, scaling, matrix, luma, width);                                  \
        }                                                                                         \
        TARGET static void to_chroma(const float* const (*rows)[3], const float* row_weights,     \
                                     const YuvFromRgb& matrix, float* cb, float* cr, int width) { \
            to_chroma_body(rows, row_weights, matrix, cb, cr, width);                             \
        }                                                                                         \
        TARGET static void downsample(const float* in, const float* weights,                      \
                                      const YuvScaling& scaling, Sample* out, int count) {        \
            downsample_body(in, weights, scaling, out, count);                                    \
        }                                                                                         \
        static constexpr RowKernels<Sample> table{blend,   upsample,  to_rgb,                     \
                                                  to_luma, to_chroma, downsample};                \
    };

GVC_ROW_KERNELS(Baseline, )
#if defined(__x86_64__)
GVC_ROW_KERNELS(Avx2, __attribute__((target("avx2"))))
#endif

}  // namespace

template <typename Sample>
const RowKernels<Sample>& reference_row_kernels() {
    return Baseline<Sample>::table;
}

template <typename Sample>
const RowKernels<Sample>& row_kernels() {
#if defined(__x86_64__)
    static const bool has_avx2 = __builtin_cpu_supports("avx2");
    if (has_avx2) return Avx2<Sample>::table;
#endif
    return Baseline<Sample>::table;
}

template const RowKernels<uint8_t>& row_kernels<uint8_t>();
template const RowKernels<uint16_t>& row_kernels<uint16_t>();
template const RowKernels<uint8_t>& reference_row_kernels<uint8_t>();
template const RowKernels<uint16_t>& reference_row_kernels<uint16_t>();

}  // namespace gvc::media
