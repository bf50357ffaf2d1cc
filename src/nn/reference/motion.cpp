#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdlib>

#include "nn/cubic.h"
#include "nn/reference/backend.h"

namespace gvc::nn::reference {

float sample(const float* plane, int64_t h, int64_t w, float y, float x) {
    y = mirrored(y, h);
    x = mirrored(x, w);
    int64_t top = static_cast<int64_t>(y), left = static_cast<int64_t>(x);
    int64_t bottom = std::min(top + 1, h - 1), right = std::min(left + 1, w - 1);
    float fy = y - static_cast<float>(top), fx = x - static_cast<float>(left);
    float above = plane[top * w + left] * (1 - fx) + plane[top * w + right] * fx;
    float below = plane[bottom * w + left] * (1 - fx) + plane[bottom * w + right] * fx;
    return above * (1 - fy) + below * fy;
}

namespace {

float sample_cubic(const float* plane, int64_t h, int64_t w, float y, float x) {
    y = mirrored(y, h);
    x = mirrored(x, w);
    const int64_t top = static_cast<int64_t>(y), left = static_cast<int64_t>(x);
    const auto rows = cubic_weights(y - static_cast<float>(top));
    const auto columns = cubic_weights(x - static_cast<float>(left));
    float sum = 0;
    for (int64_t j = 0; j < 4; ++j) {
        const float* row = plane + std::clamp<int64_t>(top + j - 1, 0, h - 1) * w;
        for (int64_t i = 0; i < 4; ++i)
            sum += rows[j] * columns[i] * row[std::clamp<int64_t>(left + i - 1, 0, w - 1)];
    }
    return sum;
}

// Softmax over the channels of each position.
Tensor softmax(const Tensor& logits) {
    Shape shape = logits.shape();
    Output out(shape);
    int64_t plane = shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; ++n)
        for (int64_t i = 0; i < plane; ++i) {
            const float* in = data(logits) + n * shape.c * plane + i;
            float* masks = out.values + n * shape.c * plane + i;
            float largest = in[0], sum = 0;
            for (int64_t c = 1; c < shape.c; ++c) largest = std::max(largest, in[c * plane]);
            for (int64_t c = 0; c < shape.c; ++c)
                sum += masks[c * plane] = std::exp(in[c * plane] - largest);
            for (int64_t c = 0; c < shape.c; ++c) masks[c * plane] /= sum;
        }
    return out.tensor;
}

// Mean absolute difference of the 3x3 windows around (y, x) and (y + dy, x + dx).
float window_cost(const float* current, const float* reference, int64_t h, int64_t w, int64_t y,
                  int64_t x, int dy, int dx) {
    auto at = [=](const float* plane, int64_t row, int64_t column) {
        return plane[std::clamp<int64_t>(row, 0, h - 1) * w +
                     std::clamp<int64_t>(column, 0, w - 1)];
    };
    float sum = 0;
    for (int j = -1; j <= 1; ++j)
        for (int i = -1; i <= 1; ++i)
            sum += std::abs(at(current, y + j, x + i) - at(reference, y + dy + j, x + dx + i));
    return sum / 9;
}

}  // namespace

Tensor ReferenceOps::warp_blend(const std::vector<Tensor>& refs, const Tensor& flows,
                                const Tensor& logits, int s, Sampling sampling) {
    Shape shape = refs.front().shape();
    shape.n = flows.shape().n;
    int64_t count = static_cast<int64_t>(refs.size());
    assert(flows.shape().c == 2 * count && logits.shape().c == count + 1);
    assert(flows.shape().h * s == shape.h && flows.shape().w * s == shape.w);
    assert(sampling == Sampling::bilinear || shape.c == 3);
    const auto read = sampling == Sampling::cubic ? sample_cubic : sample;
    Tensor fine_flows = upsample(flows, s), masks = upsample(softmax(logits), s);
    Output out(shape);
    int64_t plane = shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; ++n)
        for (int64_t r = 0; r < count; ++r) {
            const float* dx = data(fine_flows) + (n * 2 * count + 2 * r) * plane;
            const float* dy = dx + plane;
            const float* mask = data(masks) + (n * (count + 1) + r) * plane;
            for (int64_t c = 0; c < shape.c; ++c) {
                const int64_t item = n * refs[r].shape().n / shape.n;
                const float* ref = data(refs[r]) + (item * shape.c + c) * plane;
                float* sum = out.values + (n * shape.c + c) * plane;
                for (int64_t i = 0; i < plane; ++i) {
                    float y = static_cast<float>(i / shape.w) + dy[i] * static_cast<float>(s);
                    float x = static_cast<float>(i % shape.w) + dx[i] * static_cast<float>(s);
                    sum[i] += mask[i] * read(ref, shape.h, shape.w, y, x);
                }
            }
        }
    return out.tensor;
}

Tensor ReferenceOps::block_match(const Tensor& current, const Tensor& reference, int radius) {
    Shape shape = current.shape();
    assert(shape.c == 1 && reference.shape() == shape);
    int64_t h = shape.h, w = shape.w, plane = h * w;
    shape.c = 4;
    Output out(shape);
    for (int64_t i = 0; i < shape.n * plane; ++i) {
        int64_t n = i / plane, y = i % plane / w, x = i % w;
        const float* cur = data(current) + n * plane;
        const float* ref = data(reference) + n * plane;
        float zero_cost = window_cost(cur, ref, h, w, y, x, 0, 0), best_cost = zero_cost;
        int best_dx = 0, best_dy = 0;
        for (int dy = -radius; dy <= radius; ++dy)
            for (int dx = -radius; dx <= radius; ++dx) {
                float cost = window_cost(cur, ref, h, w, y, x, dy, dx);
                bool shorter = dx * dx + dy * dy < best_dx * best_dx + best_dy * best_dy;
                if (cost > best_cost || (cost == best_cost && !shorter)) continue;
                best_cost = cost;
                best_dx = dx;
                best_dy = dy;
            }
        float* at = out.values + n * 4 * plane + i % plane;
        at[0] = static_cast<float>(best_dx);
        at[plane] = static_cast<float>(best_dy);
        at[2 * plane] = best_cost;
        at[3 * plane] = zero_cost;
    }
    return out.tensor;
}

}  // namespace gvc::nn::reference
