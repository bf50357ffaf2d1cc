#include "nn/warp_gradient.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "nn/reference/reference_ops.h"

namespace gvc::nn {
namespace {

using Floats = std::vector<float>;

Floats noise(const Shape& shape, float range, uint32_t seed) {
    std::mt19937 random(seed);
    Floats values(static_cast<size_t>(shape.count()));
    for (float& v : values) v = range * (static_cast<float>(random() % 2001) / 1000.0f - 1.0f);
    return values;
}

double product(const Floats& a, const Floats& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i)
        sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    return sum;
}

// A linear map A and its transpose: <A x, g> = <x, A' g>, for each reference with the other black.
void expect_transpose(Sampling sampling) {
    const MemoryWeights none;
    const auto ops = make_reference_ops(none);
    constexpr int kScale = 4;
    const Shape cells{1, 4, 3, 5}, picture{1, 3, cells.h * kScale, cells.w * kScale};
    const Shape masks{1, 3, cells.h, cells.w};
    // Of several cells, so that many samples fall outside.
    const Tensor flows = ops->from_host(cells, noise(cells, 3.0f, 1).data());
    const Tensor logits = ops->from_host(masks, noise(masks, 2.0f, 2).data());
    const WarpGradient back(*ops, flows, logits, kScale, sampling);
    const Floats g = noise(picture, 1.0f, 3);
    for (size_t ref = 0; ref < 2; ++ref) {
        const Floats x = noise(picture, 1.0f, 4);
        std::vector<Tensor> pictures(2, ops->zeros(picture));
        pictures[ref] = ops->from_host(picture, x.data());
        Floats warped(x.size()), of_x(x.size(), 0.25f);
        ops->to_host(ops->warp_blend(pictures, flows, logits, kScale, sampling), warped.data());
        back.add(ref, g, of_x);
        for (float& v : of_x) v -= 0.25f;  // it adds to what is there
        const double there = product(warped, g), back_again = product(x, of_x);
        EXPECT_GT(std::abs(there), 0.1);
        EXPECT_NEAR(there, back_again, 1e-3 * std::abs(there));
    }
}

TEST(WarpGradientTest, IsTheTransposeOfABilinearWarp) { expect_transpose(Sampling::bilinear); }
TEST(WarpGradientTest, IsTheTransposeOfACubicWarp) { expect_transpose(Sampling::cubic); }

}  // namespace
}  // namespace gvc::nn
