// Copies.

// Runs whose length the compiler knows.
template <int64_t Length, typename T>
void copy_short(const T* from, T* to, int64_t runs, int64_t in_stride, int64_t out_stride) {
    for (int64_t r = 0; r < runs; ++r)
        __builtin_memcpy(to + r * out_stride, from + r * in_stride, Length * sizeof(T));
}

template <typename T>
void copy_same(const T* from, T* to, int64_t runs, int64_t length, int64_t in_stride,
               int64_t out_stride) {
    switch (length) {
        case 1:
            return copy_short<1>(from, to, runs, in_stride, out_stride);
        case 2:
            return copy_short<2>(from, to, runs, in_stride, out_stride);
        case 3:
            return copy_short<3>(from, to, runs, in_stride, out_stride);
        case 4:
            return copy_short<4>(from, to, runs, in_stride, out_stride);
        default:
            break;
    }
    constexpr int64_t kStep = GVC_VECTOR_BYTES / sizeof(T);
    if (length < kStep || length > 16 * kStep) {
        for (int64_t r = 0; r < runs; ++r)
            __builtin_memcpy(to + r * out_stride, from + r * in_stride, length * sizeof(T));
        return;
    }
    // Whole vectors, the last one overlapping the one before it.
    for (int64_t r = 0; r < runs; ++r) {
        const T* source = from + r * in_stride;
        T* target = to + r * out_stride;
        for (int64_t i = 0; i + kStep <= length; i += kStep)
            __builtin_memcpy(target + i, source + i, GVC_VECTOR_BYTES);
        if (length % kStep)
            __builtin_memcpy(target + length - kStep, source + length - kStep, GVC_VECTOR_BYTES);
    }
}

GVC_FLATTEN void copy(In in, Out out, int64_t runs, int64_t length, int64_t in_stride,
                      int64_t out_stride) {
    if (in_stride == length && out_stride == length) {
        length *= runs;
        runs = 1;
    }
    if (in.type == out.type) {
        with_type(in, out, [&](auto* from, auto* to) {
            copy_same(from, to, runs, length, in_stride, out_stride);
        });
        return;
    }
    with_types(in, out, [&](auto* from, auto* to) {
        for (int64_t r = 0; r < runs; ++r)
            each_vector(length, [&](int64_t i, int64_t lanes) {
                store(to + r * out_stride + i, load(from + r * in_stride + i, lanes), lanes);
            });
    });
}

// Positions are done in tiles that stay in the first cache while every channel passes.
constexpr int64_t kTile = 64;

template <int64_t Channels>
void interleave_fixed(const float* planes, int64_t plane_stride, float* out, int64_t positions) {
    for (int64_t p = 0; p < positions; ++p)
        for (int64_t c = 0; c < Channels; ++c) out[p * Channels + c] = planes[c * plane_stride + p];
}

void interleave(const float* planes, int64_t plane_stride, float* out, int64_t positions,
                int64_t channels) {
    if (channels == 1) return interleave_fixed<1>(planes, plane_stride, out, positions);
    if (channels == 3) return interleave_fixed<3>(planes, plane_stride, out, positions);
    for (int64_t start = 0; start < positions; start += kTile) {
        int64_t end = start + kTile < positions ? start + kTile : positions;
        for (int64_t c = 0; c < channels; ++c)
            for (int64_t p = start; p < end; ++p)
                out[p * channels + c] = planes[c * plane_stride + p];
    }
}

inline float value(float x) { return x; }

inline float value(Bf16 x) {
    uint32_t bits = static_cast<uint32_t>(x.bits) << 16;
    float result;
    __builtin_memcpy(&result, &bits, sizeof result);
    return result;
}

template <int64_t Channels>
void deinterleave_fixed(const float* from, float* planes, int64_t plane_stride, int64_t positions) {
    for (int64_t p = 0; p < positions; ++p)
        for (int64_t c = 0; c < Channels; ++c)
            planes[c * plane_stride + p] = from[p * Channels + c];
}

template <typename T>
void deinterleave_any(const T* from, float* planes, int64_t plane_stride, int64_t positions,
                      int64_t channels) {
    for (int64_t start = 0; start < positions; start += kTile) {
        int64_t end = start + kTile < positions ? start + kTile : positions;
        for (int64_t c = 0; c < channels; ++c)
            for (int64_t p = start; p < end; ++p)
                planes[c * plane_stride + p] = value(from[p * channels + c]);
    }
}

void deinterleave(In in, float* planes, int64_t plane_stride, int64_t positions, int64_t channels) {
    if (in.type == DType::bf16) {
        deinterleave_any(static_cast<const Bf16*>(in.data), planes, plane_stride, positions,
                         channels);
        return;
    }
    const float* from = static_cast<const float*>(in.data);
    if (channels == 3)
        deinterleave_fixed<3>(from, planes, plane_stride, positions);
    else
        deinterleave_any(from, planes, plane_stride, positions, channels);
}
