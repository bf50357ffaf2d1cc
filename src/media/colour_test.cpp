#include "media/colour.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

namespace gvc::media {
namespace {

struct Sample3 {
    int y, cb, cr;
};

int sample(const Plane& plane, int bit_depth, int x, int y) {
    return bit_depth == 8 ? plane.row<uint8_t>(y)[x] : plane.row<uint16_t>(y)[x];
}

void set_sample(const Plane& plane, int bit_depth, int x, int y, int value) {
    if (bit_depth == 8) {
        plane.row<uint8_t>(y)[x] = static_cast<uint8_t>(value);
    } else {
        plane.row<uint16_t>(y)[x] = static_cast<uint16_t>(value);
    }
}

std::vector<float> flat_rgb(int width, int height, float r, float g, float b) {
    std::vector<float> rgb(static_cast<size_t>(3) * width * height);
    const float value[3] = {r, g, b};
    for (size_t i = 0; i < rgb.size(); ++i) rgb[i] = value[i / (rgb.size() / 3)];
    return rgb;
}

Sample3 yuv_of(const ColourDescription& colour, float r, float g, float b) {
    Frame frame = allocate_frame(6, 6, colour).value();
    const auto rgb = flat_rgb(6, 6, r, g, b);
    rgb_to_yuv(rgb.data(), frame);
    return {sample(frame.planes[0], colour.bit_depth, 3, 3),
            sample(frame.planes[1], colour.bit_depth, 1, 1),
            sample(frame.planes[2], colour.bit_depth, 1, 1)};
}

ColourDescription describe(Matrix matrix, Range range, int bit_depth,
                           ChromaLocation location = ChromaLocation::left) {
    ColourDescription colour;
    colour.matrix = matrix;
    colour.range = range;
    colour.bit_depth = bit_depth;
    colour.chroma_location = location;
    return colour;
}

// Samples of the 100 % and 75 % bars as the standards and test generators publish them.
TEST(Colour, KnownBars) {
    const auto check = [](const ColourDescription& colour, float r, float g, float b,
                          Sample3 want) {
        const Sample3 got = yuv_of(colour, r, g, b);
        EXPECT_EQ(got.y, want.y);
        EXPECT_EQ(got.cb, want.cb);
        EXPECT_EQ(got.cr, want.cr);
    };
    const auto sd = describe(Matrix::bt601, Range::limited, 8);
    check(sd, 1, 1, 1, {235, 128, 128});
    check(sd, 0, 0, 0, {16, 128, 128});
    check(sd, 1, 0, 0, {81, 90, 240});
    check(sd, 0, 1, 0, {145, 54, 34});
    check(sd, 0, 0, 1, {41, 240, 110});
    check(sd, 0.75f, 0.75f, 0, {162, 44, 142});
    const auto hd = describe(Matrix::bt709, Range::limited, 8);
    check(hd, 1, 0, 0, {63, 102, 240});
    check(hd, 0, 1, 0, {173, 42, 26});
    check(hd, 0, 0, 1, {32, 240, 118});
    check(hd, 1, 1, 0, {219, 16, 138});
    const auto hd10 = describe(Matrix::bt709, Range::limited, 10);
    check(hd10, 1, 1, 1, {940, 512, 512});
    check(hd10, 1, 0, 0, {250, 409, 960});
    check(hd10, 0, 0, 1, {127, 960, 471});
    const auto uhd10 = describe(Matrix::bt2020, Range::limited, 10);
    check(uhd10, 1, 0, 0, {294, 387, 960});
    check(uhd10, 0, 1, 0, {658, 189, 100});
    check(uhd10, 0, 0, 1, {116, 960, 476});
    const auto jpeg = describe(Matrix::bt601, Range::full, 8, ChromaLocation::center);
    check(jpeg, 1, 1, 1, {255, 128, 128});
    check(jpeg, 1, 0, 0, {76, 85, 255});
    check(jpeg, 0, 1, 0, {150, 44, 21});
    check(jpeg, 0, 0, 1, {29, 255, 107});
}

using Case = std::tuple<Matrix, Range, int, ChromaLocation>;
class EveryColour : public testing::TestWithParam<Case> {
  protected:
    ColourDescription colour() const {
        const auto [matrix, range, depth, location] = GetParam();
        return describe(matrix, range, depth, location);
    }
};

INSTANTIATE_TEST_SUITE_P(
    Colour, EveryColour,
    testing::Combine(testing::Values(Matrix::bt601, Matrix::bt709, Matrix::bt2020),
                     testing::Values(Range::limited, Range::full), testing::Values(8, 10),
                     testing::Values(ChromaLocation::left, ChromaLocation::center,
                                     ChromaLocation::top_left)));

TEST_P(EveryColour, FlatColoursSurviveTheRoundTripWithinOneStep) {
    const float step = 1.0f / static_cast<float>((1 << colour().bit_depth) - 1);
    for (int level = 0; level < 27; ++level) {
        const float r = static_cast<float>(level % 3) / 2;
        const float g = static_cast<float>(level / 3 % 3) / 2;
        const float b = static_cast<float>(level / 9) / 2;
        Frame frame = allocate_frame(7, 5, colour()).value();
        rgb_to_yuv(flat_rgb(7, 5, r, g, b).data(), frame);
        std::vector<float> back(3 * 7 * 5, -1.0f);
        yuv_to_rgb(frame, back.data());
        // Rounding of Y and of a chroma sample together: at most 0.5 and 0.5 * 1.9 limited steps.
        for (int i = 0; i < 35; ++i) {
            EXPECT_NEAR(back[i], r, 1.7f * step);
            EXPECT_NEAR(back[35 + i], g, 1.7f * step);
            EXPECT_NEAR(back[70 + i], b, 1.7f * step);
        }
    }
}

// A ramp is linear, so linear interpolation must give it back without error, at any siting.
TEST_P(EveryColour, ChromaRampIsInterpolatedFromItsPosition) {
    const auto description = colour();
    const int width = 63, height = 41;
    const int unit = 1 << (description.bit_depth - 8);
    Frame frame = allocate_frame(width, height, description).value();
    const bool centre = description.chroma_location == ChromaLocation::center;
    const bool top = description.chroma_location == ChromaLocation::top_left;
    // Cb rises by 1 per chroma column and 1 per chroma row; luma and Cr stay.
    for (int y = 0; y < height; ++y) {
        for (int x = 0; x < width; ++x) {
            set_sample(frame.planes[0], description.bit_depth, x, y, 120 * unit);
        }
    }
    for (int y = 0; y < frame.planes[1].height; ++y) {
        for (int x = 0; x < frame.planes[1].width; ++x) {
            set_sample(frame.planes[1], description.bit_depth, x, y, (100 + x) * unit + y);
            set_sample(frame.planes[2], description.bit_depth, x, y, 128 * unit);
        }
    }
    std::vector<float> rgb(static_cast<size_t>(3) * width * height);
    yuv_to_rgb(frame, rgb.data());
    const float* blue = rgb.data() + 2 * width * height;
    const float across = blue[20 * width + 22] - blue[20 * width + 20];
    const float down = blue[22 * width + 20] - blue[20 * width + 20];
    ASSERT_GT(across, 0);
    for (int y = 1; y < height - 2; ++y) {
        for (int x = 1; x < width - 2; ++x) {
            // Position of the luma sample on the chroma grid.
            const float cx = (static_cast<float>(x) - (centre ? 0.5f : 0.0f)) / 2;
            const float cy = (static_cast<float>(y) - (top ? 0.0f : 0.5f)) / 2;
            const float origin_x = (20.0f - (centre ? 0.5f : 0.0f)) / 2;
            const float origin_y = (20.0f - (top ? 0.0f : 0.5f)) / 2;
            const float want =
                blue[20 * width + 20] + (cx - origin_x) * across + (cy - origin_y) * down;
            ASSERT_NEAR(blue[y * width + x], want, 2e-5f) << x << "," << y;
        }
    }
    // And back: filtering a ramp at the same position gives the same samples inside.
    Frame again = allocate_frame(width, height, description).value();
    rgb_to_yuv(rgb.data(), again);
    for (int y = 1; y < frame.planes[1].height - 1; ++y) {
        for (int x = 1; x < frame.planes[1].width - 1; ++x) {
            ASSERT_NEAR(sample(again.planes[1], description.bit_depth, x, y),
                        sample(frame.planes[1], description.bit_depth, x, y), 1);
        }
    }
}

TEST(Colour, OddAndTinySizesTouchOnlyTheirOwnSamples) {
    for (const auto& [width, height] :
         std::vector<std::pair<int, int>>{{1, 1}, {2, 1}, {1, 2}, {3, 3}, {127, 63}, {64, 1}}) {
        const auto colour = describe(Matrix::bt709, Range::limited, 8);
        Frame frame = allocate_frame(width, height, colour).value();
        const ptrdiff_t row = width + 5, plane = row * height + 3;
        std::vector<float> rgb(static_cast<size_t>(3) * plane, 0.5f);
        rgb_to_yuv(rgb.data(), frame, {row, plane});
        std::vector<float> out(static_cast<size_t>(3) * plane, -1.0f);
        yuv_to_rgb(frame, out.data(), {row, plane});
        for (ptrdiff_t i = 0; i < 3 * plane; ++i) {
            const ptrdiff_t in_plane = i % plane;
            const bool inside = in_plane % row < width && in_plane / row < height;
            if (inside) {
                EXPECT_NEAR(out[i], 0.5f, 0.003f);
            } else {
                EXPECT_EQ(out[i], -1.0f);
            }
        }
    }
}

TEST(Colour, ValuesOutsideAreClamped) {
    const auto colour = describe(Matrix::bt709, Range::full, 8);
    const Sample3 white = yuv_of(colour, 3.0f, 1.5f, 9.0f);
    EXPECT_EQ(white.y, 255);
    EXPECT_EQ(white.cb, 128);
    Frame frame = allocate_frame(2, 2, describe(Matrix::bt709, Range::limited, 8)).value();
    for (int y = 0; y < 2; ++y) {
        for (int x = 0; x < 2; ++x) set_sample(frame.planes[0], 8, x, y, y == 0 ? 255 : 0);
    }
    set_sample(frame.planes[1], 8, 0, 0, 128);
    set_sample(frame.planes[2], 8, 0, 0, 128);
    std::vector<float> rgb(12);
    yuv_to_rgb(frame, rgb.data());
    EXPECT_EQ(rgb[0], 1.0f);
    EXPECT_EQ(rgb[2], 0.0f);
}

TEST(Frame, RefusesSizesAndDepthsItCannotHold) {
    EXPECT_EQ(allocate_frame(0, 5, {}).status().code(), Code::resources);
    EXPECT_EQ(allocate_frame(5, kMaxFrameSide + 1, {}).status().code(), Code::resources);
    ColourDescription twelve;
    twelve.bit_depth = 12;
    EXPECT_EQ(allocate_frame(5, 5, twelve).status().code(), Code::usage);
}

}  // namespace
}  // namespace gvc::media
