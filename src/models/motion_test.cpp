#include "models/motion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "models/motion_latent.h"
#include "nn/reference/reference_ops.h"
#include "nn/weight_source.h"

namespace gvc::models {
namespace {

std::vector<float> wavy(size_t count) {
    std::vector<float> values(count);
    for (size_t i = 0; i < count; ++i) values[i] = std::sin(1.7f * float(i));
    return values;
}

TEST(MotionTest, SentMotionComesBack) {
    nn::MemoryWeights none;
    auto ops = nn::make_reference_ops(none);
    const std::vector<float> in = wavy(2 * 16 * 3 * 5), to_key = wavy(2 * 2 * 3 * 5);
    const nn::Tensor vectors = ops->from_host({2, 16, 3, 5}, in.data());
    for (const nn::Tensor& way : {nn::Tensor(), ops->from_host({2, 2, 3, 5}, to_key.data())}) {
        std::vector<float> out(in.size());
        const nn::Tensor sent = decorrelate_motion(*ops, vectors, way);
        ops->to_host(correlate_motion(*ops, sent, way), out.data());
        for (size_t i = 0; i < in.size(); ++i) ASSERT_NEAR(out[i], in[i], 1e-5) << i;
    }
}

// Motion that goes on steadily, seen from a keyframe that lies behind the last frame.
TEST(MotionTest, SteadyMotionIsSentOnce) {
    nn::MemoryWeights none;
    auto ops = nn::make_reference_ops(none);
    std::vector<float> in(16), out(16);
    const float so_far[2] = {7.0f, 0.5f};
    for (int t = 0; t < 4; ++t)
        for (int c = 0; c < 4; ++c)
            in[t * 4 + c] = float(t + 1) * (c % 2 ? -2.0f : 3.0f) + (c < 2 ? 0.0f : so_far[c - 2]);
    ops->to_host(decorrelate_motion(*ops, ops->from_host({1, 16, 1, 1}, in.data()),
                                    ops->from_host({1, 2, 1, 1}, so_far)),
                 out.data());
    EXPECT_FLOAT_EQ(out[0], 12.0f);
    EXPECT_FLOAT_EQ(out[1], -8.0f);
    for (int i = 2; i < 16; ++i) EXPECT_NEAR(out[i], 0.0f, 1e-6) << i;
}

TEST(MotionTest, BlockTransformIsOrthonormal) {
    nn::MemoryWeights none;
    auto ops = nn::make_reference_ops(none);
    const std::vector<float> in = wavy(2 * 3 * 8 * 12);
    const nn::Tensor x = ops->from_host({2, 3, 8, 12}, in.data());
    const nn::Tensor coefficients = block_transform(*ops, x);
    ASSERT_EQ(coefficients.shape(), x.shape());
    std::vector<float> c(in.size()), back(in.size());
    ops->to_host(coefficients, c.data());
    ops->to_host(inverse_block_transform(*ops, coefficients), back.data());
    double before = 0, after = 0;
    for (size_t i = 0; i < in.size(); ++i) {
        ASSERT_NEAR(back[i], in[i], 1e-5) << i;
        before += double(in[i]) * in[i];
        after += double(c[i]) * c[i];
    }
    EXPECT_NEAR(after, before, 1e-4 * before);
}

TEST(MotionTest, BlockTransformLeavesOneValueOfAFlatBlock) {
    nn::MemoryWeights none;
    auto ops = nn::make_reference_ops(none);
    std::vector<float> in(4 * 8), c(in.size());
    for (size_t i = 0; i < in.size(); ++i) in[i] = i % 8 < 4 ? 3.0f : -1.0f;
    ops->to_host(block_transform(*ops, ops->from_host({1, 1, 4, 8}, in.data())), c.data());
    for (size_t i = 0; i < c.size(); ++i)
        EXPECT_NEAR(c[i], i == 0 ? 12.0f : i == 4 ? -4.0f : 0.0f, 1e-5) << i;
}

float lattice(int x, int y) {
    uint32_t h = uint32_t(x) * 0x9E3779B1u ^ uint32_t(y) * 0x85EBCA77u;
    h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
    return float((h ^ (h >> 13)) & 0xffff) / 65535.0f;
}

// A texture that moves by (4, -2) pixels a frame: the hint says where its content was in the last
// frame, and that the keyframe, which does not show it, is of no use.
TEST(MotionTest, FindsTheWayToTheLastFrame) {
    nn::MemoryWeights none;
    auto ops = nn::make_reference_ops(none);
    constexpr int kSize = 128, kCells = kSize / 8;
    std::vector<float> rgb;
    for (int t = 0; t <= 4; ++t)
        for (int c = 0; c < 3; ++c)
            for (int y = 0; y < kSize; ++y)
                for (int x = 0; x < kSize; ++x)
                    rgb.push_back(lattice((x - 4 * t) / 8 + 100, (y + 2 * t) / 8 + 100));
    nn::Tensor all = ops->from_host({5, 3, kSize, kSize}, rgb.data());
    nn::Tensor key = ops->affine(ops->batch(all, 0, 1), -0.5f, 0.7f);
    const ChunkMotionHint hint =
        motion_hint(*ops, ops->batch(all, 1, 4), ops->batch(all, 0, 1), key, {0.0f}, {});
    ASSERT_EQ(hint.vectors.shape(), (nn::Shape{4, 4, kCells, kCells}));
    ASSERT_EQ(hint.costs.shape(), hint.vectors.shape());
    // All of it moves: 16 pixels to the right and 8 up in four frames.
    ASSERT_EQ(hint.common.size(), 1u);
    EXPECT_NEAR(hint.common[0].end.tx, -128, 1);
    EXPECT_NEAR(hint.common[0].end.ty, 64, 1);
    EXPECT_NEAR(hint.common[0].end.xx, 0, 40);
    const nn::Tensor known = common_motion_sent(*ops, hint.common, kCells / 2, kCells / 2);
    ASSERT_EQ(known.shape(), (nn::Shape{1, 16, kCells / 2, kCells / 2}));
    std::vector<float> sent(size_t(known.shape().count()));
    ops->to_host(known, sent.data());
    constexpr size_t kSentArea = kCells * kCells / 4;
    for (size_t i = 0; i < sent.size(); ++i)
        EXPECT_NEAR(sent[i], i < kSentArea ? -2.0f : i < 2 * kSentArea ? 1.0f : 0.0f, 0.04f) << i;
    std::vector<float> v(size_t(hint.vectors.shape().count())), costs(v.size());
    ops->to_host(hint.vectors, v.data());
    ops->to_host(hint.costs, costs.data());
    for (int t = 0; t < 4; ++t)
        for (int y = 5; y < kCells - 5; ++y)
            for (int x = 5; x < kCells - 5; ++x) {
                const auto at = [&](int c) {
                    return size_t(((t * 4 + c) * kCells + y) * kCells + x);
                };
                EXPECT_NEAR(v[at(0)], -0.5f * float(t + 1), 0.05f);
                EXPECT_NEAR(v[at(1)], 0.25f * float(t + 1), 0.05f);
                EXPECT_EQ(v[at(2)], v[at(0)]);
                EXPECT_EQ(v[at(3)], v[at(1)]);
                EXPECT_LT(costs[at(0)], costs[at(1)]);
                EXPECT_NEAR(costs[at(0)], costs[at(2)], 1e-4f);
            }

    const MotionHint to_last =
        motion_to_last(*ops, ops->batch(all, 1, 4), ops->batch(all, 0, 1), 4);
    ASSERT_EQ(to_last.vectors.shape(), (nn::Shape{4, 2, kCells, kCells}));
    ASSERT_EQ(to_last.costs.shape(), (nn::Shape{4, 1, kCells, kCells}));
    std::vector<float> w(v.size() / 2), fit(w.size() / 2);
    ops->to_host(to_last.vectors, w.data());
    ops->to_host(to_last.costs, fit.data());
    constexpr size_t kArea = kCells * kCells;
    for (size_t t = 0; t < 4; ++t)
        for (size_t i = 0; i < kArea; ++i) {
            if (i / kCells < 5 || i / kCells >= kCells - 5) continue;
            if (i % kCells < 5 || i % kCells >= kCells - 5) continue;
            for (size_t c = 0; c < 2; ++c)
                EXPECT_NEAR(w[(2 * t + c) * kArea + i], v[(4 * t + c) * kArea + i], 0.05f);
            EXPECT_LT(fit[t * kArea + i], costs[(4 * t + 1) * kArea + i]);
        }
}

// A hand-held pan: what its frames are off the even way is found for all of the picture.
TEST(MotionTest, FindsHowAPictureShakes) {
    nn::MemoryWeights none;
    auto ops = nn::make_reference_ops(none);
    constexpr int kSize = 192;
    const int at_x[] = {0, 10, 18, 24, 40}, at_y[] = {0, 4, -6, 2, 0};
    std::vector<float> rgb;
    for (int t = 0; t <= 4; ++t)
        for (int c = 0; c < 3; ++c)
            for (int y = 0; y < kSize; ++y)
                for (int x = 0; x < kSize; ++x)
                    rgb.push_back(lattice((x - at_x[t]) / 8 + 100, (y - at_y[t]) / 8 + 100));
    const nn::Tensor all = ops->from_host({5, 3, kSize, kSize}, rgb.data());
    const nn::Tensor last = ops->batch(all, 0, 1);
    const ChunkMotionHint hint = motion_hint(*ops, ops->batch(all, 1, 4), last, last, {0.0f}, {});
    ASSERT_EQ(hint.common.size(), 1u);
    EXPECT_NEAR(hint.common[0].end.tx, -320, 1);
    EXPECT_NEAR(hint.common[0].end.ty, 0, 1);
    for (size_t t = 0; t < 3; ++t) {
        const int even = 10 * int(t + 1);
        EXPECT_NEAR(hint.common[0].jitter[t].x, -8 * (at_x[t + 1] - even), 1) << t;
        EXPECT_NEAR(hint.common[0].jitter[t].y, -8 * at_y[t + 1], 1) << t;
    }
    // The last frame's vector, no detour, and of each other frame what shakes it.
    const nn::Tensor known = common_motion_sent(*ops, hint.common, 4, 4);
    std::vector<float> sent(size_t(known.shape().count()));
    ops->to_host(known, sent.data());
    for (size_t t = 0; t < 3; ++t) {
        EXPECT_EQ(sent[(4 + 4 * t) * 16 + 5], float(hint.common[0].jitter[t].x) / 64.0f);
        EXPECT_EQ(sent[(5 + 4 * t) * 16 + 5], float(hint.common[0].jitter[t].y) / 64.0f);
        EXPECT_EQ(sent[(6 + 4 * t) * 16 + 5], 0.0f);
    }
}

TEST(MotionTest, NothingMovesInAStillPicture) {
    nn::MemoryWeights none;
    auto ops = nn::make_reference_ops(none);
    std::vector<float> rgb(3 * 64 * 64), v(4 * 4 * 64);
    for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = 0.5f + 0.4f * std::sin(0.37f * float(i));
    nn::Tensor picture = ops->from_host({1, 3, 64, 64}, rgb.data());
    const ChunkMotionHint hint =
        motion_hint(*ops, ops->repeat_batch(picture, 4), picture, picture, {31.0f}, {});
    ops->to_host(hint.vectors, v.data());
    for (size_t i = 0; i < v.size(); ++i) EXPECT_EQ(v[i], 0.0f) << i;
    EXPECT_EQ(hint.common, std::vector<CommonMotion>(1));
}

}  // namespace
}  // namespace gvc::models
