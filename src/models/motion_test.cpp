#include "models/motion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "nn/reference/reference_ops.h"
#include "nn/weight_source.h"

namespace gvc::models {
namespace {

TEST(MotionTest, SentMotionComesBack) {
    nn::MemoryWeights none;
    auto ops = nn::make_reference_ops(none);
    std::vector<float> in(2 * 16 * 3 * 5), out(in.size());
    for (size_t i = 0; i < in.size(); ++i) in[i] = std::sin(1.7f * float(i));
    nn::Tensor sent = decorrelate_motion(*ops, ops->from_host({2, 16, 3, 5}, in.data()));
    ops->to_host(correlate_motion(*ops, sent), out.data());
    for (size_t i = 0; i < in.size(); ++i) ASSERT_NEAR(out[i], in[i], 1e-5) << i;
}

TEST(MotionTest, SteadyMotionIsSentOnce) {
    nn::MemoryWeights none;
    auto ops = nn::make_reference_ops(none);
    std::vector<float> in(16), out(16);
    for (int t = 0; t < 4; ++t)
        for (int c = 0; c < 4; ++c) in[t * 4 + c] = float(t + 1) * (c % 2 ? -2.0f : 3.0f);
    ops->to_host(decorrelate_motion(*ops, ops->from_host({1, 16, 1, 1}, in.data())), out.data());
    EXPECT_FLOAT_EQ(out[0], 12.0f);
    EXPECT_FLOAT_EQ(out[1], -8.0f);
    for (int i = 2; i < 16; ++i) EXPECT_NEAR(out[i], 0.0f, 1e-6) << i;
}

// A texture that moved by (5, -3) pixels: the hint says where its content was, to a fraction of a
// cell.
TEST(MotionTest, FindsAShiftBelowACell) {
    nn::MemoryWeights none;
    auto ops = nn::make_reference_ops(none);
    constexpr int kSize = 128;
    // Value noise on a lattice of 6 pixels: no period that matching could mistake.
    auto lattice = [](int x, int y) {
        uint32_t h = uint32_t(x) * 0x9E3779B1u ^ uint32_t(y) * 0x85EBCA77u;
        h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
        return float((h ^ (h >> 13)) & 0xffff) / 65535.0f;
    };
    auto picture = [&](float dx, float dy) {
        std::vector<float> rgb(3 * kSize * kSize);
        for (int c = 0; c < 3; ++c)
            for (int y = 0; y < kSize; ++y)
                for (int x = 0; x < kSize; ++x) {
                    float u = (float(x) - dx) / 6 + 10, v = (float(y) - dy) / 6 + 10;
                    int i = int(u), j = int(v);
                    float a = u - float(i), b = v - float(j);
                    rgb[(c * kSize + y) * kSize + x] =
                        (1 - b) * ((1 - a) * lattice(i, j) + a * lattice(i + 1, j)) +
                        b * ((1 - a) * lattice(i, j + 1) + a * lattice(i + 1, j + 1));
                }
        return ops->from_host({1, 3, kSize, kSize}, rgb.data());
    };
    nn::Tensor hint = motion_hint(*ops, picture(5.0f, -3.0f), picture(0.0f, 0.0f));
    ASSERT_EQ(hint.shape(), (nn::Shape{1, 4, 16, 16}));
    std::vector<float> v(4 * 256);
    ops->to_host(hint, v.data());
    float error_x = 0, error_y = 0;
    for (int y = 4; y < 12; ++y)
        for (int x = 4; x < 12; ++x) {
            error_x += std::abs(v[y * 16 + x] * 8 + 5.0f) / 64;
            error_y += std::abs(v[256 + y * 16 + x] * 8 - 3.0f) / 64;
            EXPECT_LT(v[512 + y * 16 + x], v[768 + y * 16 + x]);
        }
    EXPECT_LT(error_x, 1.0f);
    EXPECT_LT(error_y, 1.0f);
}

TEST(MotionTest, NothingMovesInAStillPicture) {
    nn::MemoryWeights none;
    auto ops = nn::make_reference_ops(none);
    std::vector<float> rgb(3 * 64 * 64), v(4 * 64);
    for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = 0.5f + 0.4f * std::sin(0.37f * float(i));
    nn::Tensor picture = ops->from_host({1, 3, 64, 64}, rgb.data());
    ops->to_host(motion_hint(*ops, picture, picture), v.data());
    for (int i = 0; i < 128; ++i) EXPECT_EQ(v[i], 0.0f) << i;
}

}  // namespace
}  // namespace gvc::models
