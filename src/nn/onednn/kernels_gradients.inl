// Needs kernels_elementwise.inl. What nn/gradient_ops.h goes back through.

template <Unary A>
inline Vec slope(Vec x) {
    if constexpr (A == Unary::relu) return x > 0 ? splat(1.0f) : Vec{};
    if constexpr (A == Unary::leaky) return x > 0 ? splat(1.0f) : splat(0.1f);
    if constexpr (A == Unary::silu) {
        Vec s = activated<Unary::sigmoid>(x);
        return s * (1.0f + x * (1.0f - s));
    }
    if constexpr (A == Unary::gelu) {
        // x * sigmoid(u), u = 1.5958 (x + 0.044715 x^3)
        Vec s = activated<Unary::sigmoid>(x * (1.5957691216f + 0.0713548163f * x * x));
        return s + x * s * (1.0f - s) * (1.5957691216f + 0.2140644488f * x * x);
    }
    if constexpr (A == Unary::sigmoid) {
        Vec s = activated<Unary::sigmoid>(x);
        return s * (1.0f - s);
    }
    if constexpr (A == Unary::exp) return exp(x);
    return splat(1.0f);
}

GVC_FLATTEN void activate_gradient(Unary act, In x, In g, Out out, int64_t count) {
    with_unary(act, [&](auto tag) {
        zip(x, g, out, count,
            [](Vec at, Vec gradient) { return gradient * slope<decltype(tag)::value>(at); });
    });
}

GVC_FLATTEN void max_window_gradient(const float* in, const float* g, const Window& window,
                                     int64_t first, int64_t end, float* out) {
    const auto offset = [&](int64_t y, int64_t x) {
        return y * window.row_stride + x * window.channels;
    };
    each_vector(window.channels, [&](int64_t c, int64_t lanes) {
        Vec best = load(in + c, lanes);
        VecInt place{};
        for (int64_t y = 0; y < window.rows; ++y)
            for (int64_t x = 0; x < window.columns; ++x) {
                Vec value = load(in + offset(y, x) + c, lanes);
                VecInt is_larger = value > best;
                best = is_larger ? value : best;
                place = is_larger ? splat(static_cast<int32_t>(y * window.columns + x)) : place;
            }
        Vec gradient = load(g + c, lanes);
        for (int64_t y = first; y < end; ++y)
            for (int64_t x = 0; x < window.columns; ++x) {
                VecInt here = place == static_cast<int32_t>(y * window.columns + x);
                float* to = out + offset(y, x) + c;
                store(to, load(to, lanes) + (here ? gradient : Vec{}), lanes);
            }
    });
}

// What a vector is multiplied with to be of length 1.
template <typename T>
inline float unit_share(const T* x, int64_t channels) {
    Vec squares{};
    each_vector(channels, [&](int64_t c, int64_t lanes) {
        Vec v = load(x + c, lanes);
        squares += v * v;
    });
    return 1.0f / (__builtin_sqrtf(sum(squares)) + 1e-10f);
}

GVC_FLATTEN void unit_length(In in, Out out, int64_t positions, int64_t channels) {
    with_type(in, out, [&](auto* from, auto* to) {
        for (int64_t p = 0; p < positions; ++p, from += channels, to += channels) {
            const float share = unit_share(from, channels);
            each_vector(channels, [&](int64_t c, int64_t lanes) {
                store(to + c, load(from + c, lanes) * share, lanes);
            });
        }
    });
}

GVC_FLATTEN void unit_length_gradient(In x, In g, Out out, int64_t positions, int64_t channels) {
    const auto run = [&](auto* from, auto* gradient, auto* to) {
        for (int64_t p = 0; p < positions; ++p) {
            const float share = unit_share(from, channels);
            Vec products{};
            each_vector(channels, [&](int64_t c, int64_t lanes) {
                products += load(from + c, lanes) * load(gradient + c, lanes);
            });
            const float along = sum(products) * share * share;
            each_vector(channels, [&](int64_t c, int64_t lanes) {
                Vec rest = load(gradient + c, lanes) - load(from + c, lanes) * along;
                store(to + c, rest * share, lanes);
            });
            from += channels;
            gradient += channels;
            to += channels;
        }
    };
    with_type(g, out, [&](auto* gradient, auto* to) {
        if (x.type == DType::f32)
            run(static_cast<const float*>(x.data), gradient, to);
        else
            run(static_cast<const Bf16*>(x.data), gradient, to);
    });
}
