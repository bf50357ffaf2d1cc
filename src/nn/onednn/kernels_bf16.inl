// 1x1 and depth-wise convolutions in bf16, for CPUs that multiply it (AVX512_BF16). Sums are fp32
// and in the order of the input channels, whatever the tile: results do not depend on how a caller
// divides its positions. Needs simd.inl and <immintrin.h>.

constexpr int64_t kVector = 16;  // output channels of a register

// x / (1 + e^-x). 2^r by a cubic (relative error 8e-5) and a reciprocal (6e-5): together a tenth of
// what rounding the result to bf16 adds.
inline __m512 quick_silu(__m512 x) {
    const __m512 t = _mm512_mul_ps(x, _mm512_set1_ps(-1.44269504f));
    const __m512 n = _mm512_roundscale_ps(t, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 r = _mm512_sub_ps(t, n);
    __m512 p = _mm512_fmadd_ps(r, _mm512_set1_ps(0.0551716691f), _mm512_set1_ps(0.242611122f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.693260985f));
    p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(0.999928074f));
    const __m512 e = _mm512_scalef_ps(p, n);  // 0 and infinity where floats end
    return _mm512_mul_ps(x, _mm512_rcp14_ps(_mm512_add_ps(e, _mm512_set1_ps(1.0f))));
}

inline __m512 load_half(const uint16_t* from) {
    const __m256i half = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

inline void store_half(uint16_t* to, __m512 v) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), (__m256i)_mm512_cvtneps_pbh(v));
}

// What is done with a row of sums: Width vectors of one position become `to`.
template <Epilogue E, int Width>
inline void finish_row(__m512* sums, const uint16_t* residual, uint16_t* to) {
    if constexpr (E == Epilogue::gated_silu) {
#pragma GCC unroll 4
        for (int j = 0; j < Width / 2; ++j)
            store_half(to + j * kVector,
                       _mm512_add_ps(quick_silu(sums[j]), quick_silu(sums[j + Width / 2])));
        return;
    }
#pragma GCC unroll 4
    for (int j = 0; j < Width; ++j) {
        __m512 v = sums[j];
        if constexpr (E == Epilogue::silu) v = quick_silu(v);
        if constexpr (E == Epilogue::residual)
            v = _mm512_add_ps(v, load_half(residual + j * kVector));
        store_half(to + j * kVector, v);
    }
}

// Rows positions times Width vectors of output channels.
template <Epilogue E, int Rows, int Width>
inline void gemm_tile(const Gemm& g, const uint16_t* from, const uint16_t* weights,
                      const float* bias, const uint16_t* residual, uint16_t* to) {
    __m512 sums[Rows][Width];
#pragma GCC unroll 16
    for (int j = 0; j < Width; ++j) {
        const __m512 start = _mm512_loadu_ps(bias + j * kVector);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) sums[i][j] = start;
    }
#pragma GCC unroll 1
    for (int64_t k = 0; k < g.in; k += 2) {
        __m512bh columns[Width];
#pragma GCC unroll 16
        for (int j = 0; j < Width; ++j)
            columns[j] = (__m512bh)_mm512_loadu_si512(weights + (k * Width + 2 * j) * kVector);
#pragma GCC unroll 16
        for (int i = 0; i < Rows; ++i) {
            int32_t pair;
            __builtin_memcpy(&pair, from + i * g.in_stride + k, sizeof pair);
            const __m512bh values = (__m512bh)_mm512_set1_epi32(pair);
#pragma GCC unroll 16
            for (int j = 0; j < Width; ++j)
                sums[i][j] = _mm512_dpbf16_ps(sums[i][j], values, columns[j]);
        }
    }
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i)
        finish_row<E, Width>(sums[i],
                             E == Epilogue::residual ? residual + i * g.residual_stride : nullptr,
                             to + i * g.out_stride);
}

// As many rows as fill the registers; the last tile overlaps the one before it.
template <Epilogue E, int Rows, int Width>
GVC_FLATTEN void gemm_panel(const Gemm& g, const uint16_t* weights, const float* bias,
                            int64_t channel) {
    const auto tile = [&]<int R>(int64_t p) {
        const uint16_t* residual = nullptr;
        if (E == Epilogue::residual) residual = g.residual + p * g.residual_stride + channel;
        gemm_tile<E, R, Width>(g, g.in_data + p * g.in_stride, weights, bias, residual,
                               g.out + p * g.out_stride + channel);
    };
    if (g.positions < Rows) {
        for (int64_t p = 0; p < g.positions; ++p) tile.template operator()<1>(p);
        return;
    }
    for (int64_t p = 0; p < g.positions; p += Rows)
        tile.template operator()<Rows>(p + Rows <= g.positions ? p : g.positions - Rows);
}

template <Epilogue E>
void gemm_with(const Gemm& g) {
    constexpr bool kGated = E == Epilogue::gated_silu;
    const uint16_t* weights = g.weights;
    for (int64_t done = 0; done < g.vectors;) {
        const int width = gemm_panel_width(g.vectors - done, kGated);
        const float* bias = g.bias + done * kVector;
        const int64_t channel = done * kVector / (kGated ? 2 : 1);
        if constexpr (!kGated) {
            if (width == 3) gemm_panel<E, 9, 3>(g, weights, bias, channel);
            if (width == 1) gemm_panel<E, 12, 1>(g, weights, bias, channel);
        }
        if (width == 4) gemm_panel<E, 6, 4>(g, weights, bias, channel);
        if (width == 2) gemm_panel<E, 12, 2>(g, weights, bias, channel);
        weights += g.in * width * kVector;
        done += width;
    }
}

void gemm(const Gemm& g) {
    switch (g.epilogue) {
        case Epilogue::plain:
            return gemm_with<Epilogue::plain>(g);
        case Epilogue::residual:
            return gemm_with<Epilogue::residual>(g);
        case Epilogue::silu:
            return gemm_with<Epilogue::silu>(g);
        case Epilogue::gated_silu:
            return gemm_with<Epilogue::gated_silu>(g);
    }
}

// Three sums wander along the row: each column is loaded once and added to all that it touches.
GVC_FLATTEN void depthwise_row(const DepthwiseRow& row) {
    const int64_t channels = row.channels;
    for (int64_t c = 0; c < channels; c += kVector) {
        __m512 weights[9];
#pragma GCC unroll 9
        for (int i = 0; i < 9; ++i) weights[i] = _mm512_loadu_ps(row.weights + i * channels + c);
        const __m512 bias = _mm512_loadu_ps(row.bias + c);
        const auto add = [&](__m512 sum, const __m512* column, int x) {
            sum = _mm512_fmadd_ps(column[0], weights[x], sum);
            sum = _mm512_fmadd_ps(column[1], weights[3 + x], sum);
            return _mm512_fmadd_ps(column[2], weights[6 + x], sum);
        };
        __m512 here = bias, next = bias;
        for (int64_t x = -1; x <= row.w; ++x) {
            __m512 column[3];
#pragma GCC unroll 3
            for (int y = 0; y < 3; ++y) column[y] = load_half(row.rows[y] + x * channels + c);
            const __m512 done = add(here, column, 2);
            if (x > 0) store_half(row.out + (x - 1) * channels + c, done);
            here = add(next, column, 1);
            next = add(bias, column, 0);
        }
    }
}

// Calls f(offset, mask) for whole vectors and what is left of each run.
template <typename F>
inline void each_masked(int64_t length, const F& f) {
    int64_t i = 0;
    for (; i + kVector <= length; i += kVector) f(i, static_cast<__mmask16>(0xffff));
    if (i < length) f(i, static_cast<__mmask16>((1u << (length - i)) - 1));
}

GVC_FLATTEN void affine_runs(const float* in, float a, float b, uint16_t* out, int64_t runs,
                             int64_t length, int64_t in_stride, int64_t out_stride) {
    const __m512 factor = _mm512_set1_ps(a), offset = _mm512_set1_ps(b);
    for (int64_t r = 0; r < runs; ++r, in += in_stride, out += out_stride)
        each_masked(length, [&](int64_t i, __mmask16 mask) {
            const __m512 x = _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, in + i), factor, offset);
            _mm256_mask_storeu_epi16(out + i, mask, (__m256i)_mm512_cvtneps_pbh(x));
        });
}

inline __m512 load_half(const uint16_t* from, __mmask16 mask) {
    const __m256i half = _mm256_maskz_loadu_epi16(mask, from);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(half), 16));
}

GVC_FLATTEN void add_runs(const uint16_t* in, In add, Out out, int64_t runs, int64_t length,
                          int64_t in_stride, int64_t out_stride) {
    const auto* floats = static_cast<const float*>(add.data);
    const auto* halves = static_cast<const uint16_t*>(add.data);
    for (int64_t r = 0; r < runs; ++r, in += in_stride) {
        const int64_t at = r * out_stride;
        if (add.type == DType::f32) {
            each_masked(length, [&](int64_t i, __mmask16 mask) {
                const __m512 x = _mm512_maskz_loadu_ps(mask, floats + at + i);
                _mm512_mask_storeu_ps(static_cast<float*>(out.data) + at + i, mask,
                                      _mm512_add_ps(load_half(in + i, mask), x));
            });
        } else {
            each_masked(length, [&](int64_t i, __mmask16 mask) {
                const __m512 x = load_half(halves + at + i, mask);
                const __m512 total = _mm512_add_ps(load_half(in + i, mask), x);
                _mm256_mask_storeu_epi16(static_cast<uint16_t*>(out.data) + at + i, mask,
                                         (__m256i)_mm512_cvtneps_pbh(total));
            });
        }
    }
}
