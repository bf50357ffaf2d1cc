#include "codec/quantiser.h"

#include <gtest/gtest.h>

#include <limits>

#include "nn/reference/reference_ops.h"

namespace gvc::codec {
namespace {

TEST(Quantiser, RoundsHalfUpAndSaturates) {
    EXPECT_EQ(quantise(0.5f), 1);
    EXPECT_EQ(quantise(-0.5f), 0);
    EXPECT_EQ(quantise(-0.51f), -1);
    EXPECT_EQ(quantise(2.49f), 2);
    EXPECT_EQ(quantise(5000.0f), 1023);
    EXPECT_EQ(quantise(-5000.0f), -1023);
    EXPECT_EQ(quantise(std::numeric_limits<float>::infinity()), 1023);
    EXPECT_EQ(quantise(-std::numeric_limits<float>::infinity()), -1023);
    EXPECT_EQ(quantise(std::numeric_limits<float>::quiet_NaN()), 0);
}

TEST(Quantiser, PlanesHaveChannelsInnermost) {
    const nn::MemoryWeights none;
    const auto ops = nn::make_reference_ops(none);
    const nn::Shape shape{1, 2, 1, 3};
    const float values[] = {1, 2, 3, 10, 20, 30};
    const auto plane = quantise(*ops, ops->from_host(shape, values));
    EXPECT_EQ(plane, (std::vector<int16_t>{1, 10, 2, 20, 3, 30}));
    std::vector<float> back(6);
    ops->to_host(dequantise(*ops, plane, shape), back.data());
    EXPECT_TRUE(std::equal(back.begin(), back.end(), values));
}

}  // namespace
}  // namespace gvc::codec
