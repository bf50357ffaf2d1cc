// Pooling and bilinear upsampling, a row at a time.

GVC_FLATTEN void upsample_row(In above, In below, float weight, int64_t w, int64_t channels,
                              int64_t factor, float* scratch, Out out) {
    // The row between both, with its ends repeated once.
    float* row = scratch + channels;
    with_type(above, out, [&](auto* top, auto*) {
        auto* bottom = static_cast<decltype(top)>(below.data);
        each_vector(w * channels, [&](int64_t i, int64_t lanes) {
            Vec a = load(top + i, lanes), b = load(bottom + i, lanes);
            store(row + i, a + (b - a) * weight, lanes);
        });
    });
    __builtin_memcpy(scratch, row, channels * sizeof(float));
    __builtin_memcpy(row + w * channels, row + (w - 1) * channels, channels * sizeof(float));
    auto place = [=](int64_t x, float& share) {
        float at = (static_cast<float>(x) + 0.5f) / static_cast<float>(factor) + 0.5f;
        int64_t cell = static_cast<int64_t>(at);  // in scratch, where the row starts at 1
        share = at - static_cast<float>(cell);
        return scratch + cell * channels;
    };
    with_type(above, out, [&](auto*, auto* to) {
        if (channels >= kLanes) {
            for (int64_t x = 0; x < w * factor; ++x, to += channels) {
                float share;
                const float* left = place(x, share);
                each_vector(channels, [&](int64_t c, int64_t lanes) {
                    Vec a = load(left + c, lanes), b = load(left + channels + c, lanes);
                    store(to + c, a + (b - a) * share, lanes);
                });
            }
            return;
        }
        // Parts of vectors are slow: first a row of floats, one at a time.
        float* fine = row + (w + 1) * channels;
        for (int64_t x = 0; x < w * factor; ++x) {
            float share;
            const float* left = place(x, share);
            for (int64_t c = 0; c < channels; ++c)
                fine[x * channels + c] = left[c] + (left[channels + c] - left[c]) * share;
        }
        each_vector(w * factor * channels,
                    [&](int64_t i, int64_t lanes) { store(to + i, load(fine + i, lanes), lanes); });
    });
}

GVC_FLATTEN void mean_row(In in, int64_t row_stride, int64_t factor, int64_t out_w,
                          int64_t channels, float* scratch, Out out) {
    float share = 1.0f / static_cast<float>(factor * factor);
    with_type(in, out, [&](auto* from, auto* to) {
        each_vector(out_w * factor * channels, [&](int64_t i, int64_t lanes) {
            Vec total = load(from + i, lanes);
            for (int64_t j = 1; j < factor; ++j) total += load(from + j * row_stride + i, lanes);
            store(scratch + i, total, lanes);
        });
        if (channels < kLanes) {
            // Parts of vectors are slow: one at a time, to where it has been read already.
            for (int64_t x = 0; x < out_w; ++x)
                for (int64_t c = 0; c < channels; ++c) {
                    const float* cell = scratch + x * factor * channels + c;
                    float total = cell[0];
                    for (int64_t i = 1; i < factor; ++i) total += cell[i * channels];
                    scratch[x * channels + c] = total * share;
                }
            each_vector(out_w * channels, [&](int64_t i, int64_t lanes) {
                store(to + i, load(scratch + i, lanes), lanes);
            });
            return;
        }
        for (int64_t x = 0; x < out_w; ++x) {
            const float* cell = scratch + x * factor * channels;
            each_vector(channels, [&](int64_t c, int64_t lanes) {
                Vec total = load(cell + c, lanes);
                for (int64_t i = 1; i < factor; ++i) total += load(cell + i * channels + c, lanes);
                store(to + x * channels + c, total * share, lanes);
            });
        }
    });
}

GVC_FLATTEN void max_window(In in, int64_t row_stride, int64_t rows, int64_t columns,
                            int64_t channels, Out out) {
    with_type(in, out, [&](auto* from, auto* to) {
        each_vector(channels, [&](int64_t c, int64_t lanes) {
            Vec best = load(from + c, lanes);
            for (int64_t j = 0; j < rows; ++j)
                for (int64_t i = 0; i < columns; ++i)
                    best = larger(best, load(from + j * row_stride + i * channels + c, lanes));
            store(to + c, best, lanes);
        });
    });
}
