// Vectors of floats in the compiler's own vector types, so that the same source serves every
// instruction set. Included inside the instruction set's namespace, after GVC_VECTOR_BYTES is set.

typedef float Vec __attribute__((vector_size(GVC_VECTOR_BYTES)));
typedef int32_t VecInt __attribute__((vector_size(GVC_VECTOR_BYTES)));
typedef uint32_t VecBits __attribute__((vector_size(GVC_VECTOR_BYTES)));
typedef uint16_t VecHalf __attribute__((vector_size(GVC_VECTOR_BYTES / 2)));
typedef float Vec4 __attribute__((vector_size(16)));
typedef float Vec8 __attribute__((vector_size(32)));

constexpr int64_t kLanes = GVC_VECTOR_BYTES / 4;

struct Bf16 {
    uint16_t bits;
};

inline Vec splat(float value) { return value - Vec{}; }
inline VecInt splat(int32_t value) { return value - VecInt{}; }

inline Vec load(const float* from) {
    Vec v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

inline Vec load(const Bf16* from) {
    VecHalf half;
    __builtin_memcpy(&half, from, sizeof half);
    return (Vec)(__builtin_convertvector(half, VecBits) << 16);
}

inline Vec4 load4(const float* from) {
    Vec4 v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

inline void store(float* to, Vec v) { __builtin_memcpy(to, &v, sizeof v); }

inline void store(Bf16* to, Vec v) {
#ifdef GVC_BF16_KERNELS
    __m256bh converted = _mm512_cvtneps_pbh((__m512)v);
    __builtin_memcpy(to, &converted, sizeof converted);
#else
    VecBits bits = (VecBits)v;
    VecBits rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;  // to nearest, ties to even
    rounded = v == v ? rounded : rounded - rounded + 0x7fc0u;      // NaN must not become infinity
    VecHalf half = __builtin_convertvector(rounded, VecHalf);
    __builtin_memcpy(to, &half, sizeof half);
#endif
}

// The first `count` (less than a vector) lanes; the rest is zero.
template <typename T>
inline Vec load_part(const T* from, int64_t count) {
    T lanes[kLanes] = {};
    for (int64_t i = 0; i < count; ++i) lanes[i] = from[i];
    return load(lanes);
}

template <typename T>
inline void store_part(T* to, Vec v, int64_t count) {
    T lanes[kLanes];
    store(lanes, v);
    for (int64_t i = 0; i < count; ++i) to[i] = lanes[i];
}

// Before functions with vector loops: everything they call becomes part of them, so that constants
// (the number of lanes, the activation) are constants inside, too.
#define GVC_FLATTEN __attribute__((flatten))

// Calls f(offset, lanes) for whole vectors and f(offset, rest) for what is left.
template <typename F>
inline void each_vector(int64_t count, const F& f) {
    int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) f(i, kLanes);
    if (i < count) f(i, count - i);
}

template <typename T>
inline Vec load(const T* from, int64_t count) {
    return count == kLanes ? load(from) : load_part(from, count);
}

template <typename T>
inline void store(T* to, Vec v, int64_t count) {
    if (count == kLanes)
        store(to, v);
    else
        store_part(to, v, count);
}

inline float sum(Vec v) {
    float total = 0;
    for (int64_t i = 0; i < kLanes; ++i) total += v[i];
    return total;
}

// NaN gives `a`, as in a < b ? b : a.
inline Vec larger(Vec a, Vec b) { return a < b ? b : a; }
inline Vec smaller(Vec a, Vec b) { return b < a ? b : a; }

// Relative error below 2e-7; 0 and infinity where floats end.
inline Vec exp(Vec x) {
    x = smaller(larger(splat(-87.3f), x), splat(88.8f));
    const float magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    Vec shifted = x * 1.44269504f + magic;
    Vec n = shifted - magic;
    Vec r = x - n * 0.693359375f + n * 2.12194440e-4f;  // ln 2 in two parts
    Vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    return p * (Vec)(((VecInt)shifted << 23) + (127 << 23));
}

template <Unary A>
inline Vec activated(Vec x) {
    if constexpr (A == Unary::relu) return larger(x, Vec{});
    if constexpr (A == Unary::leaky) return x > 0 ? x : x * 0.1f;
    if constexpr (A == Unary::silu) return x / (1.0f + exp(-x));
    if constexpr (A == Unary::sigmoid) return 1.0f / (1.0f + exp(-x));
    if constexpr (A == Unary::exp) return exp(x);
    // tanh form: 0.5 x (1 + tanh(u)) = x sigmoid(2u)
    if constexpr (A == Unary::gelu)
        return x / (1.0f + exp(x * (-1.5957691216f - 0.0713548163f * x * x)));
    return x;
}

template <Unary A>
struct UnaryTag {
    static constexpr Unary value = A;
};

template <typename F>
inline void with_unary(Unary act, const F& f) {
    switch (act) {
        case Unary::none:
            return f(UnaryTag<Unary::none>{});
        case Unary::relu:
            return f(UnaryTag<Unary::relu>{});
        case Unary::leaky:
            return f(UnaryTag<Unary::leaky>{});
        case Unary::silu:
            return f(UnaryTag<Unary::silu>{});
        case Unary::gelu:
            return f(UnaryTag<Unary::gelu>{});
        case Unary::sigmoid:
            return f(UnaryTag<Unary::sigmoid>{});
        case Unary::exp:
            return f(UnaryTag<Unary::exp>{});
    }
}

// Calls f with typed pointers.
template <typename F>
inline void with_types(In in, Out out, const F& f) {
    auto with_in = [&](auto* from) {
        if (out.type == DType::f32)
            f(from, static_cast<float*>(out.data));
        else
            f(from, static_cast<Bf16*>(out.data));
    };
    if (in.type == DType::f32)
        with_in(static_cast<const float*>(in.data));
    else
        with_in(static_cast<const Bf16*>(in.data));
}

// The same where both types are equal.
template <typename F>
inline void with_type(In in, Out out, const F& f) {
    if (in.type == DType::f32)
        f(static_cast<const float*>(in.data), static_cast<float*>(out.data));
    else
        f(static_cast<const Bf16*>(in.data), static_cast<Bf16*>(out.data));
}
