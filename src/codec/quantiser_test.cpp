#include "codec/quantiser.h"

#include <gtest/gtest.h>

#include <limits>

#include "models/motion_latent.h"
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

// A table in which zero costs little, 1 about 8 bits and 2 about 10.
std::vector<entropy::CdfCost> dear_tokens() {
    entropy::CdfRow row{};
    std::vector<uint32_t> frequency(entropy::kAlphabet, 16);
    frequency[entropy::kSymbolLimit - 2] = frequency[entropy::kSymbolLimit + 2] = 64;
    frequency[entropy::kSymbolLimit - 1] = frequency[entropy::kSymbolLimit + 1] = 256;
    uint32_t others = 0;
    for (const uint32_t f : frequency) others += f;
    frequency[entropy::kSymbolLimit] += 65536 - others;
    for (int e = 0; e < entropy::kAlphabet; ++e)
        row.start[e + 1] = row.start[e] + frequency[static_cast<size_t>(e)];
    return std::vector<entropy::CdfCost>(entropy::kScaleCount, entropy::CdfCost(row));
}

TEST(Quantiser, SparesTheBitsOfMotionThatBuyLittle) {
    const nn::MemoryWeights none;
    const auto ops = nn::make_reference_ops(none);
    constexpr int kPositions = 6, kChannels = models::kMotionLatents + 1;
    const float exact[kPositions] = {0.4f, 0.9f, -0.9f, 1.4f, 2.0f, -1.6f};
    std::vector<float> values;
    for (int c = 0; c < kChannels; ++c) values.insert(values.end(), exact, exact + kPositions);
    const nn::Tensor x = ops->from_host({1, kChannels, 2, kPositions / 2}, values.data());
    const auto rounded = quantise(*ops, x);
    auto plane = rounded;
    const std::vector<entropy::TokenRow> token_rows(plane.size(), 5);
    const auto costs = dear_tokens();
    spare_motion_bits(*ops, x, token_rows, costs, plane);
    // 0.9 is dearer to say than to leave; at 1.4 the error would be too large.
    const int16_t chosen[kPositions] = {0, 0, 0, 1, 2, -1};
    for (size_t p = 0; p < kPositions; ++p) {
        for (size_t c = 0; c < models::kMotionLatents; ++c)
            EXPECT_EQ(plane[p * kChannels + c], chosen[p]) << exact[p];
        const size_t texture = p * kChannels + models::kMotionLatents;
        EXPECT_EQ(plane[texture], rounded[texture]) << exact[p];
    }
}

}  // namespace
}  // namespace gvc::codec
