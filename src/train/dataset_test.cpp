#include "train/dataset.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "train/codec_step.h"

namespace gvc::train {
namespace {

namespace fs = std::filesystem;

constexpr int kWidth = 96, kHeight = 80, kFrames = 30;

// One sequence whose luma says which frame it is and, by a ramp, where; chroma grey.
class DatasetTest : public ::testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::temp_directory_path() / ("gvc_dataset_" + std::to_string(::getpid()));
        fs::create_directories(folder_);
        std::ofstream out(folder_ / "train.yuv", std::ios::binary);
        for (int t = 0; t < kFrames; ++t) {
            std::vector<uint8_t> frame(frame_bytes(kWidth, kHeight), 128);
            for (int y = 0; y < kHeight; ++y)
                for (int x = 0; x < kWidth; ++x) frame[size_t(y * kWidth + x)] = luma(t, x);
            out.write(reinterpret_cast<const char*>(frame.data()), long(frame.size()));
        }
        std::ofstream(folder_ / "index.json")
            << "[{\"split\":\"train\",\"file\":\"ramp\",\"width\":96,\"height\":80,\"frames\":"
            << kFrames << ",\"offset\":0}]";
    }
    void TearDown() override { fs::remove_all(folder_); }

    static uint8_t luma(int t, int x) { return static_cast<uint8_t>(20 + 5 * t + x / 2); }
    static float grey(int t, int x) { return (float(luma(t, x)) - 16.0f) / 219.0f; }

    fs::path folder_;
};

TEST_F(DatasetTest, PlainSamplesAreTheFramesInOrder) {
    const auto data = Dataset::open(folder_, "train");
    ASSERT_TRUE(data.ok()) << data.status().message();
    EXPECT_EQ(data->longest(), kFrames);
    std::mt19937_64 random(1);
    for (int round = 0; round < 10; ++round) {
        const at::Tensor x = data->plain_sample(2, 5, 64, random);
        ASSERT_EQ(x.sizes(), (at::IntArrayRef{10, 3, 64, 64}));
        for (int b = 0; b < 2; ++b)
            for (int t = 1; t < 5; ++t) {
                const at::Tensor step = x[5 * b + t] - x[5 * b + t - 1];
                EXPECT_NEAR(step.min().item<float>(), 5.0f / 219, 1e-4f);
                EXPECT_NEAR(step.max().item<float>(), 5.0f / 219, 1e-4f);
            }
    }
}

TEST_F(DatasetTest, ASmallSequenceIsContinuedAtItsEdges) {
    const auto data = Dataset::open(folder_, "train");
    std::mt19937_64 random(1);
    const at::Tensor x = data->plain_sample(1, kFrames, 128, random);
    ASSERT_EQ(x.sizes(), (at::IntArrayRef{kFrames, 3, 128, 128}));
    EXPECT_NEAR(x[3][1][10][50].item<float>(), grey(3, 50), 1e-4f);
    EXPECT_NEAR(x[3][1][127][127].item<float>(), grey(3, kWidth - 1), 1e-4f);
}

TEST_F(DatasetTest, AugmentedSamplesKeepTimeAndRange) {
    const auto data = Dataset::open(folder_, "train");
    std::mt19937_64 random(2);
    int forwards = 0, backwards = 0, still = 0;
    for (int round = 0; round < 200; ++round) {
        const at::Tensor x = data->sample(1, 4, 64, random);
        ASSERT_EQ(x.sizes(), (at::IntArrayRef{4, 3, 64, 64}));
        ASSERT_GE(x.min().item<float>(), 0.0f);
        ASSERT_LE(x.max().item<float>(), 1.0f);
        const float a = (x[2] - x[1]).mean().item<float>();
        const float b = (x[3] - x[2]).mean().item<float>();
        EXPECT_GT(a * b, -1e-9f);  // one direction
        (std::abs(b) < 1e-6f ? still : b > 0 ? forwards : backwards) += 1;
    }
    EXPECT_GT(forwards, 50);
    EXPECT_GT(backwards, 50);
    EXPECT_GT(still, 5);
    EXPECT_LT(still, 50);
}

TEST_F(DatasetTest, TheSameDrawsGiveTheSameBatch) {
    const auto data = Dataset::open(folder_, "train");
    std::mt19937_64 a(5), b(5);
    EXPECT_TRUE(data->sample(3, 5, 64, a).equal(data->sample(3, 5, 64, b)));
}

TEST(RgbOfPlanes, KnowsGreyAndTurnsHue) {
    const at::Tensor luma = torch::full({1, 4, 4}, 126, at::kByte);
    const at::Tensor grey = torch::full({1, 2, 2, 2}, 128, at::kByte);
    EXPECT_LT((rgb_of_planes(luma, grey, 0.4, 1.3) - 110.0 / 219).abs().max().item<float>(), 1e-5f);
    at::Tensor red = grey.clone();
    red.select(1, 1).fill_(200);
    const at::Tensor plain = rgb_of_planes(luma, red).mean(at::IntArrayRef{0, 2, 3});
    EXPECT_GT(plain[0].item<float>(), plain[2].item<float>() + 0.2f);
    // A quarter turn makes Cr into -Cb: less blue than green.
    const at::Tensor turned = rgb_of_planes(luma, red, M_PI / 2).mean(at::IntArrayRef{0, 2, 3});
    EXPECT_LT(turned[2].item<float>(), turned[1].item<float>() - 0.2f);
    EXPECT_NEAR(turned[0].item<float>(), 110.0f / 219, 1e-4f);
    const at::Tensor none = rgb_of_planes(luma, red, 0, 0);
    EXPECT_LT((none - 110.0 / 219).abs().max().item<float>(), 1e-5f);
}

TEST(DrawReceived, LosesWholeSlices) {
    std::mt19937_64 random(3);
    constexpr int kItems = 400, kRows = 5, kSlices = 2;
    const at::Tensor received = draw_received(kItems, kRows, kSlices, 0.25, random);
    ASSERT_EQ(received.sizes(), (at::IntArrayRef{kItems, 1, kRows, 1}));
    const at::Tensor rows = received.view({kItems, kRows});
    EXPECT_TRUE(rows.select(1, 0).equal(rows.select(1, 1)));  // rows 0, 1 and rows 2, 3, 4
    EXPECT_TRUE(rows.select(1, 2).equal(rows.select(1, 4)));
    EXPECT_FALSE(rows.select(1, 1).equal(rows.select(1, 2)));
    EXPECT_NEAR(received.mean().item<double>(), 0.75, 0.06);
    EXPECT_EQ(draw_received(3, 4, 4, 0.0, random).min().item<float>(), 1.0f);
}

}  // namespace
}  // namespace gvc::train
