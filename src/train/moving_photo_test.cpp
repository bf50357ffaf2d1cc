#include "train/moving_photo.h"

#include <gtest/gtest.h>

namespace gvc::train {
namespace {

// A ramp in x and one in y, so that a value says where it was looked at.
at::Tensor ramps(int height, int width) {
    const at::Tensor x = (at::arange(width).to(at::kFloat) + 0.5) / width;
    const at::Tensor y = (at::arange(height).to(at::kFloat) + 0.5) / height;
    return at::stack({x.expand({height, width}), y.unsqueeze(1).expand({height, width}),
                      at::full({height, width}, 0.5)});
}

TEST(MovingPhoto, MovesSteadilyInsideThePhotograph) {
    constexpr int kHeight = 400, kWidth = 600, kFrames = 9, kSize = 64;
    const at::Tensor photo = ramps(kHeight, kWidth);
    std::mt19937_64 random(3);
    double moved = 0;
    for (int round = 0; round < 20; ++round) {
        const at::Tensor views = moving_photo(photo, kFrames, kSize, random);
        ASSERT_EQ(views.sizes(), (at::IntArrayRef{kFrames, 3, kSize, kSize}));
        EXPECT_TRUE(views.select(1, 2).sub(0.5).abs().max().item<float>() < 1e-5f);
        // The middle of each view, in pixels of the photograph.
        const at::Tensor x = views.select(1, 0).mean(at::IntArrayRef{1, 2}) * kWidth;
        const at::Tensor y = views.select(1, 1).mean(at::IntArrayRef{1, 2}) * kHeight;
        EXPECT_GE(x.min().item<float>(), 25.0f);
        EXPECT_LE(x.max().item<float>(), kWidth - 25.0f);
        const at::Tensor vx = x.narrow(0, 1, kFrames - 1) - x.narrow(0, 0, kFrames - 1);
        const at::Tensor vy = y.narrow(0, 1, kFrames - 1) - y.narrow(0, 0, kFrames - 1);
        EXPECT_LT((vx - vx.mean()).abs().max().item<float>(), 1.5f);  // shake, and turning
        EXPECT_LT((vy - vy.mean()).abs().max().item<float>(), 1.5f);
        EXPECT_LE(vx.abs().mean().item<float>(), 13.0f);
        moved += vx.abs().mean().item<double>();
    }
    EXPECT_GT(moved / 20, 0.5);
}

TEST(MovingPhoto, APhotographThatIsTooSmallIsContinuedAtItsEdges) {
    std::mt19937_64 random(4);
    const at::Tensor views = moving_photo(ramps(40, 50), 5, 128, random);
    ASSERT_EQ(views.sizes(), (at::IntArrayRef{5, 3, 128, 128}));
    EXPECT_GE(views.min().item<float>(), 0.0f);
    EXPECT_LE(views.max().item<float>(), 1.0f);
}

}  // namespace
}  // namespace gvc::train
