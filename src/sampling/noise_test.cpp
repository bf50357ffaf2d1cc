#include "sampling/noise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace gvc::sampling {
namespace {

// Known answers of Random123's Philox4x32-10.
TEST(Noise, PhiloxKnownAnswers) {
    EXPECT_EQ(philox({0, 0, 0, 0}, {0, 0}),
              (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
              (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
}

TEST(Noise, IsStandardNormal) {
    std::vector<float> values(100000);
    gaussian_noise(7, 3, values);
    double mean = 0, square = 0, fourth = 0;
    for (double v : values) {
        ASSERT_TRUE(std::isfinite(v));
        mean += v, square += v * v, fourth += v * v * v * v;
    }
    const auto n = static_cast<double>(values.size());
    EXPECT_NEAR(mean / n, 0, 0.02);
    EXPECT_NEAR(square / n, 1, 0.03);
    EXPECT_NEAR(fourth / n, 3, 0.2);
}

TEST(Noise, DependsOnSeedFrameAndPlaceAlone) {
    std::vector<float> a(10), b(7), other_frame(10), other_seed(10);
    gaussian_noise(1, 2, a);
    gaussian_noise(1, 2, b);
    gaussian_noise(1, 3, other_frame);
    gaussian_noise(2, 2, other_seed);
    for (size_t i = 0; i < b.size(); ++i) EXPECT_EQ(a[i], b[i]);
    EXPECT_NE(a, other_frame);
    EXPECT_NE(a, other_seed);
}

}  // namespace
}  // namespace gvc::sampling
