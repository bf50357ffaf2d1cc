#include "models/block_compare.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <limits>
#include <random>

namespace gvc::models {
namespace {

constexpr int kStride = 24;
using Samples = std::array<uint8_t, kStride*(kBlockSide + 2)>;

Samples noise(std::mt19937& random, int least, int most) {
    std::uniform_int_distribution<int> values(least, most);
    Samples samples;
    for (uint8_t& sample : samples) sample = static_cast<uint8_t>(values(random));
    return samples;
}

int one_by_one(const Samples& a, const Samples& b, int fx, int fy) {
    int sum = 0;
    for (int y = 0; y < kBlockSide; ++y)
        for (int x = 0; x < kBlockSide; ++x) {
            const uint8_t* at = &b[static_cast<size_t>(y * kStride + x)];
            const int above = at[0] * (16 - fx) + at[1] * fx;
            const int below = at[kStride] * (16 - fx) + at[kStride + 1] * fx;
            const int value = (above * (16 - fy) + below * fy + 128) >> 8;
            sum += std::abs(value - a[static_cast<size_t>(y * kStride + x)]);
        }
    return sum;
}

TEST(BlockDifference, IsTheSumOfAbsoluteDifferences) {
    std::mt19937 random(1);
    for (int most : {255, 20}) {
        const Samples a = noise(random, 0, most), b = noise(random, 255 - most, 255);
        for (int fy = 0; fy < 16; fy += 3)
            for (int fx = 0; fx < 16; ++fx)
                ASSERT_EQ(block_difference(a.data(), kStride, b.data(), kStride, fx, fy,
                                           std::numeric_limits<int>::max()),
                          one_by_one(a, b, fx, fy))
                    << fx << " " << fy;
    }
}

// Every sum below what is enough is exact; no other seems to be below it.
TEST(BlockDifference, NeedNotBeExactWhereItIsTooLarge) {
    std::mt19937 random(2);
    const Samples a = noise(random, 0, 255), b = noise(random, 0, 255);
    const int exact = one_by_one(a, b, 5, 9);
    for (int enough = 1; enough < 2 * exact; enough += exact / 50) {
        const int found = block_difference(a.data(), kStride, b.data(), kStride, 5, 9, enough);
        if (exact < enough) {
            EXPECT_EQ(found, exact);
        } else {
            EXPECT_GE(found, enough);
        }
    }
}

}  // namespace
}  // namespace gvc::models
