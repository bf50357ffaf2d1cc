// The Gaussian form against its definition, window by window in double precision.
#include "eval/ssim.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "media/frame.h"

namespace gvc::eval {
namespace {

// A smooth picture with some noise.
FloatPlane picture(int width, int height, double noise, unsigned seed) {
    std::mt19937 random(seed);
    FloatPlane plane{width, height, {}};
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            const double value = 128 + 60 * std::sin(x * 0.2) * std::cos(y * 0.13) +
                                 noise * (static_cast<double>(random() % 1000) / 500 - 1);
            plane.values.push_back(static_cast<float>(std::lround(value)));
        }
    }
    return plane;
}

ScaleSimilarity by_definition(const FloatPlane& a, const FloatPlane& b, double peak) {
    double window[11][11], total = 0;
    for (int i = 0; i < 11; ++i) {
        for (int j = 0; j < 11; ++j) {
            window[i][j] = std::exp(-((i - 5) * (i - 5) + (j - 5) * (j - 5)) / 4.5);
            total += window[i][j];
        }
    }
    const double c1 = 0.0001 * peak * peak, c2 = 0.0009 * peak * peak;
    double ssim = 0, cs = 0, count = 0;
    for (int y = 0; y + 11 <= a.height; ++y) {
        for (int x = 0; x + 11 <= a.width; ++x) {
            double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
            for (int i = 0; i < 11; ++i) {
                for (int j = 0; j < 11; ++j) {
                    const double w = window[i][j] / total;
                    const double va = a.values[(y + i) * a.width + x + j];
                    const double vb = b.values[(y + i) * b.width + x + j];
                    ma += w * va;
                    mb += w * vb;
                    aa += w * va * va;
                    bb += w * vb * vb;
                    ab += w * va * vb;
                }
            }
            const double part = (2 * (ab - ma * mb) + c2) / (aa - ma * ma + bb - mb * mb + c2);
            cs += part;
            ssim += part * (2 * ma * mb + c1) / (ma * ma + mb * mb + c1);
            ++count;
        }
    }
    return {ssim / count, cs / count};
}

media::Frame frame_of(const FloatPlane& plane) {
    auto frame = media::allocate_frame(plane.width, plane.height, {});
    EXPECT_TRUE(frame.ok());
    for (int y = 0; y < plane.height; ++y) {
        for (int x = 0; x < plane.width; ++x) {
            frame->planes[0].row<uint8_t>(y)[x] =
                static_cast<uint8_t>(plane.values[static_cast<size_t>(y) * plane.width + x]);
        }
    }
    return *frame;
}

double ms_ssim(const FloatPlane& a, const FloatPlane& b) {
    const auto metric = make_ms_ssim();
    EXPECT_TRUE(metric->push({frame_of(a), frame_of(b)}).ok());
    return metric->finish()->overall;
}

TEST(GaussianSsim, EqualsTheDefinition) {
    const FloatPlane a = picture(47, 33, 4, 1), b = picture(47, 33, 30, 2);
    const ScaleSimilarity fast = gaussian_ssim(a, b, 255), slow = by_definition(a, b, 255);
    EXPECT_NEAR(fast.ssim, slow.ssim, 2e-6);
    EXPECT_NEAR(fast.contrast_structure, slow.contrast_structure, 2e-6);
    EXPECT_LT(fast.ssim, 0.95);
}

TEST(MsSsim, EqualPicturesGiveOne) {
    const FloatPlane a = picture(180, 176, 20, 1);
    EXPECT_DOUBLE_EQ(ms_ssim(a, a), 1);
}

TEST(MsSsim, FallsWithNoise) {
    const FloatPlane a = picture(180, 176, 0, 1);
    const double little = ms_ssim(a, picture(180, 176, 5, 2));
    const double much = ms_ssim(a, picture(180, 176, 60, 3));
    EXPECT_LT(much, little);
    EXPECT_LT(little, 1);
    EXPECT_GT(much, 0);
}

TEST(MsSsim, StatesTheSizeItNeeds) { EXPECT_EQ(make_ms_ssim()->info().min_side, 176); }

}  // namespace
}  // namespace gvc::eval
