#include "eval/warping.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gvc::eval {
namespace {

constexpr int kWidth = 160, kHeight = 96;

// A texture that moves 3 pixels to the right a frame, brighter by `light`.
std::vector<float> picture(int frame, float light) {
    std::vector<float> rgb(static_cast<size_t>(3) * kWidth * kHeight);
    for (int c = 0; c < 3; ++c) {
        for (int y = 0; y < kHeight; ++y) {
            for (int x = 0; x < kWidth; ++x) {
                const float u = static_cast<float>(x - 3 * frame), v = static_cast<float>(y);
                rgb[(static_cast<size_t>(c) * kHeight + y) * kWidth + x] =
                    0.5f + light + 0.12f * std::sin(0.21f * u + 0.5f * c) * std::cos(0.17f * v) +
                    0.08f * std::sin(0.11f * u - 0.13f * v);
            }
        }
    }
    return rgb;
}

double error_of(float flicker) {
    const auto metric = make_warping_error(1);
    for (int frame = 0; frame < 3; ++frame) {
        const auto reference = picture(frame, 0);
        const auto distorted = picture(frame, frame % 2 == 1 ? flicker : 0);
        FramePair pair;
        pair.reference.width = pair.distorted.width = kWidth;
        pair.reference.height = pair.distorted.height = kHeight;
        pair.reference_rgb = reference.data();
        pair.distorted_rgb = distorted.data();
        EXPECT_TRUE(metric->push(pair).ok());
    }
    const MetricSeries series = metric->finish().value();
    EXPECT_EQ(series.values.size(), 2u);
    return series.overall;
}

TEST(WarpingError, FollowsMotion) {
    EXPECT_LT(error_of(0), 0.02) << "what moves as it should does not flicker";
}

TEST(WarpingError, IsTheFlicker) {
    EXPECT_NEAR(error_of(0.05f), 0.05, 0.006);
    EXPECT_NEAR(error_of(0.1f), 0.1, 0.01);
}

}  // namespace
}  // namespace gvc::eval
