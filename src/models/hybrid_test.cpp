#include "models/hybrid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "nn/reference/reference_ops.h"
#include "nn/weight_source.h"

namespace gvc::models {
namespace {

constexpr int kSize = 128, kArea = kSize * kSize;

float texture(int x, int y) {
    uint32_t h = uint32_t(x / 8) * 0x9E3779B1u ^ uint32_t(y / 8) * 0x85EBCA77u;
    h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
    return 0.2f + 0.5f * float((h ^ (h >> 13)) & 0xffff) / 65535.0f;
}

void add_picture(std::vector<float>& rgb, int moved, float offset) {
    for (int c = 0; c < 3; ++c)
        for (int y = 0; y < kSize; ++y)
            for (int x = 0; x < kSize; ++x) rgb.push_back(offset + texture(x - moved + 800, y));
}

// What is shown of the last refined picture, offset so that it can be told from a decoded one.
class PreviousPictures : public testing::Test {
  protected:
    static constexpr float kOffset = 0.125f;

    std::vector<float> run(const std::vector<float>& pictures, int frames) {
        nn::MemoryWeights none;
        auto ops = nn::make_reference_ops(none);
        std::vector<float> last, refined, result(pictures.size());
        add_picture(last, 0, 0);
        add_picture(refined, 0, kOffset);
        const nn::Shape one{1, 3, kSize, kSize};
        ops->to_host(
            previous_pictures(*ops, ops->from_host({frames, 3, kSize, kSize}, pictures.data()),
                              ops->from_host(one, last.data()), ops->from_host(one, refined.data()),
                              frames),
            result.data());
        return result;
    }
};

TEST_F(PreviousPictures, FollowMotion) {
    std::vector<float> pictures;
    add_picture(pictures, 3, 0);
    add_picture(pictures, 6, 0);
    add_picture(pictures, 9, 0);
    const auto previous = run(pictures, 3);
    double sum = 0;
    int count = 0;
    for (int i = 0; i < 9; ++i)
        for (int y = 24; y < kSize - 24; ++y)
            for (int x = 24; x < kSize - 24; ++x, ++count) {
                const size_t at = size_t(i * kArea + y * kSize + x);
                sum += std::abs(previous[at] - pictures[at] - kOffset);
            }
    EXPECT_LT(sum / count, 0.01);
}

TEST_F(PreviousPictures, WhereNothingFitsTheDecodedPictureStands) {
    std::vector<float> pictures;
    add_picture(pictures, 0, 0);
    for (int i = 0; i < kArea; ++i)
        for (int c = 0; c < 3; ++c) {
            // The right half is another texture.
            if (i % kSize >= kSize / 2)
                pictures[size_t(c * kArea + i)] = texture(7 * (i % kSize), 11 * (i / kSize) + 5000);
        }
    const auto previous = run(pictures, 1);
    for (int y = 16; y < kSize - 16; ++y) {
        EXPECT_NEAR(previous[size_t(y * kSize + 20)], pictures[size_t(y * kSize + 20)] + kOffset,
                    0.01f);
        const size_t other = size_t(y * kSize + kSize - 20);
        EXPECT_NEAR(previous[other], pictures[other], 0.02f);
    }
}

TEST(HybridConfig, OldWeightsSeeNoOtherFrames) {
    Metadata metadata;
    HybridConfig config;
    config.recurrent = 1;
    to_metadata(config, metadata);
    EXPECT_EQ(hybrid_config(metadata).value().recurrent, 1);
    metadata.erase("hybrid.recurrent");
    EXPECT_EQ(hybrid_config(metadata).value().recurrent, 0);
    metadata["hybrid.recurrent"] = "-1";
    EXPECT_EQ(hybrid_config(metadata).status().code(), Code::model);
    metadata["hybrid.recurrent"] = "0";
    EXPECT_EQ(hybrid_config(metadata).value().recurrent, 0);
    metadata.erase("hybrid.blocks");
    EXPECT_EQ(hybrid_config(metadata).status().code(), Code::model);
}

}  // namespace
}  // namespace gvc::models
