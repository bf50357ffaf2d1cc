// Element-wise operations and those on the channels of each position.

template <typename F>
void map(In in, Out out, int64_t count, const F& f) {
    with_type(in, out, [&](auto* from, auto* to) {
        each_vector(count, [&](int64_t i, int64_t lanes) {
            store(to + i, f(load(from + i, lanes)), lanes);
        });
    });
}

GVC_FLATTEN void activate(Unary act, In in, Out out, int64_t count) {
    with_unary(act, [&](auto tag) {
        map(in, out, count, [](Vec x) { return activated<decltype(tag)::value>(x); });
    });
}

GVC_FLATTEN void affine(In in, float a, float b, Out out, int64_t count) {
    map(in, out, count, [=](Vec x) { return x * a + b; });
}

GVC_FLATTEN void clamp(In in, float low, float high, Out out, int64_t count) {
    map(in, out, count, [=](Vec x) { return smaller(larger(x, splat(low)), splat(high)); });
}

template <typename F>
void zip(In a, In b, Out out, int64_t count, const F& f) {
    auto with_right = [&](auto* right) {
        with_types(a, out, [&](auto* left, auto* to) {
            each_vector(count, [&](int64_t i, int64_t lanes) {
                store(to + i, f(load(left + i, lanes), load(right + i, lanes)), lanes);
            });
        });
    };
    if (b.type == DType::f32)
        with_right(static_cast<const float*>(b.data));
    else
        with_right(static_cast<const Bf16*>(b.data));
}

GVC_FLATTEN void binary(Binary op, In a, In b, Out out, int64_t count) {
    switch (op) {
        case Binary::add:
            return zip(a, b, out, count, [](Vec l, Vec r) { return l + r; });
        case Binary::sub:
            return zip(a, b, out, count, [](Vec l, Vec r) { return l - r; });
        case Binary::mul:
            return zip(a, b, out, count, [](Vec l, Vec r) { return l * r; });
    }
}

GVC_FLATTEN void scale_shift(In in, const float* scale, const float* shift, Out out,
                             int64_t positions, int64_t channels) {
    // Pictures have fewer channels than a vector has lanes: as many positions as fill whole vectors
    // are taken as one.
    const int64_t group = channels < kLanes ? kLanes : 1, width = group * channels;
    float scales[kLanes * kLanes], shifts[kLanes * kLanes];
    if (group > 1) {
        for (int64_t i = 0; i < width; ++i) {
            scales[i] = scale[i % channels];
            shifts[i] = shift ? shift[i % channels] : 0;
        }
        scale = scales;
        shift = shifts;
    }
    with_type(in, out, [&](auto* from, auto* to) {
        for (int64_t left = positions * channels; left > 0; left -= width) {
            each_vector(left < width ? left : width, [&](int64_t c, int64_t lanes) {
                Vec x = load(from + c, lanes) * load(scale + c, lanes);
                if (shift) x += load(shift + c, lanes);
                store(to + c, x, lanes);
            });
            from += width;
            to += width;
        }
    });
}

GVC_FLATTEN void sum_halves(Unary act, In in, Out out, int64_t positions, int64_t channels) {
    with_unary(act, [&](auto tag) {
        constexpr Unary kAct = decltype(tag)::value;
        with_type(in, out, [&](auto* from, auto* to) {
            for (int64_t p = 0; p < positions; ++p, from += 2 * channels, to += channels)
                each_vector(channels, [&](int64_t c, int64_t lanes) {
                    Vec first = activated<kAct>(load(from + c, lanes));
                    Vec second = activated<kAct>(load(from + channels + c, lanes));
                    store(to + c, first + second, lanes);
                });
        });
    });
}

GVC_FLATTEN void norm_modulate(In in, const float* scale, const float* shift, Out out,
                               int64_t positions, int64_t channels) {
    float share = 1.0f / static_cast<float>(channels);
    with_type(in, out, [&](auto* from, auto* to) {
        for (int64_t p = 0; p < positions; ++p, from += channels, to += channels) {
            Vec total{};
            each_vector(channels,
                        [&](int64_t c, int64_t lanes) { total += load(from + c, lanes); });
            float mean = sum(total) * share;
            Vec squares{};
            each_vector(channels, [&](int64_t c, int64_t lanes) {
                Vec x = load(from + c, lanes) - mean;
                if (lanes < kLanes) x = load_part((const float*)&x, lanes);
                squares += x * x;
            });
            float norm = 1.0f / __builtin_sqrtf(sum(squares) * share + 1e-6f);
            each_vector(channels, [&](int64_t c, int64_t lanes) {
                Vec x = (load(from + c, lanes) - mean) * norm;
                store(to + c, x * (1.0f + load(scale + c, lanes)) + load(shift + c, lanes), lanes);
            });
        }
    });
}

GVC_FLATTEN void channel_sums(In in, const float* offset, int64_t positions, int64_t channels,
                              float* sums, float* squares) {
    auto run = [&](auto* from) {
        each_vector(channels, [&](int64_t c, int64_t lanes) {
            Vec around = load(offset + c, lanes), total{}, total_squares{};
            for (int64_t p = 0; p < positions; ++p) {
                Vec x = load(from + p * channels + c, lanes) - around;
                total += x;
                total_squares += x * x;
            }
            store(sums + c, total, lanes);
            if (squares) store(squares + c, total_squares, lanes);
        });
    };
    if (in.type == DType::f32)
        run(static_cast<const float*>(in.data));
    else
        run(static_cast<const Bf16*>(in.data));
}
