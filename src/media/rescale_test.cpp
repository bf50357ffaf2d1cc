#include "media/rescale.h"

#include <gtest/gtest.h>

#include "media/media_testonly.h"
#include "media/picture_testonly.h"

namespace gvc::media {
namespace {

Frame scaled(const Frame& frame, int width, int height, ScaleFilter filter) {
    Rescaler rescaler(width, height, filter);
    auto out = rescaler(frame);
    EXPECT_TRUE(out.ok()) << out.status().message();
    return out.ok() ? *out : Frame();
}

TEST(Rescaler, SameSizeGivesTheSameSamples) {
    const Frame frame = test_frame(70, 46, 8, 3);
    const Frame out = scaled(frame, 70, 46, ScaleFilter::lanczos);
    EXPECT_EQ(samples_of(out), samples_of(frame));
    EXPECT_EQ(out.planes[0].data, frame.planes[0].data);  // not even a copy
}

TEST(Rescaler, FlatPicturesStayFlat) {
    const int values[] = {77, 140, 99};
    for (const int depth : {8, 10}) {
        const Frame flat =
            painted_frame(96, 80, depth, [&](int plane, int, int) { return values[plane]; });
        for (const ScaleFilter filter : {ScaleFilter::lanczos, ScaleFilter::bicubic}) {
            for (const auto& [width, height] : {std::pair{48, 40}, {131, 97}, {60, 200}}) {
                const Frame out = scaled(flat, width, height, filter);
                for (size_t i = 0; i < 3; ++i) {
                    const Plane& plane = out.planes[i];
                    for (int y = 0; y < plane.height; ++y) {
                        for (int x = 0; x < plane.width; ++x) {
                            ASSERT_EQ(sample_at(out, i, x, y), values[i] << (depth - 8))
                                << depth << " bit, " << width << "x" << height << ", plane " << i;
                        }
                    }
                }
            }
        }
    }
}

// Slow waves only: detail above half the size cannot come back.
Frame smooth_frame(int width, int height, int depth) {
    return painted_frame(width, height, depth, [](int plane, int x, int y) {
        const double step = plane == 0 ? 1 : 2;
        return 125 + 80 * std::sin(0.06 * step * x + plane) * std::cos(0.05 * step * y);
    });
}

TEST(Rescaler, SmoothPicturesSurviveDownAndUp) {
    struct Case {
        int width, height, small_width, small_height;
    };
    for (const Case& c : {Case{192, 128, 96, 64},
                          {192, 128, 120, 80},
                          {191, 127, 96, 64},
                          {65, 71, 66, 72},
                          {33, 35, 64, 64}}) {
        for (const int depth : {8, 10}) {
            const Frame frame = smooth_frame(c.width, c.height, depth);
            const Frame small = scaled(frame, c.small_width, c.small_height, ScaleFilter::lanczos);
            EXPECT_EQ(small.width, c.small_width);
            EXPECT_EQ(small.height, c.small_height);
            const Frame back = scaled(small, c.width, c.height, ScaleFilter::bicubic);
            EXPECT_EQ(back.planes[1].width, (c.width + 1) / 2);
            EXPECT_EQ(back.planes[2].height, (c.height + 1) / 2);
            EXPECT_GT(frame_psnr(back, frame), 38)
                << c.width << "x" << c.height << ", " << depth << " bit";
        }
    }
}

TEST(Rescaler, TenBitsAreNotRoundedToEight) {
    const Frame frame = painted_frame(
        128, 64, 10, [](int plane, int x, int) { return 100 + x * 0.25 + 0.25 * plane; });
    const Frame out = scaled(frame, 64, 64, ScaleFilter::lanczos);
    int between = 0;
    for (int x = 0; x < 64; ++x) between += sample_at(out, 0, x, 30) % 4 != 0;
    EXPECT_GT(between, 20);
}

TEST(Rescaler, ColourAndTimeAreKept) {
    for (const int depth : {8, 10}) {
        Frame frame = test_frame(64, 64, depth, 0);
        frame.colour.matrix = Matrix::bt2020;
        frame.colour.range = Range::full;
        frame.colour.primaries = kPrimariesBt2020;
        frame.colour.transfer = kTransferPq;
        frame.colour.chroma_location = ChromaLocation::top_left;
        frame.pts = 1234567;
        frame.duration = 17;
        frame.time_base = {1001, 30000};
        const Frame out = scaled(frame, 96, 82, ScaleFilter::bicubic);
        EXPECT_EQ(out.colour, frame.colour);
        EXPECT_EQ(out.pts, frame.pts);
        EXPECT_EQ(out.duration, frame.duration);
        EXPECT_EQ(out.time_base, frame.time_base);
    }
}

TEST(Rescaler, OneObjectServesFramesOfSeveralKinds) {
    Rescaler rescaler(80, 48, ScaleFilter::bicubic);
    std::string first;
    for (int round = 0; round < 2; ++round) {
        std::string all;
        for (const Frame& frame :
             {test_frame(64, 64, 8, 1), test_frame(64, 64, 10, 1), test_frame(120, 90, 8, 2)}) {
            const auto out = rescaler(frame);
            ASSERT_TRUE(out.ok());
            EXPECT_EQ(out->colour.bit_depth, frame.colour.bit_depth);
            all += samples_of(*out);
        }
        if (round == 0) first = all;
        EXPECT_EQ(all, first);
    }
    Rescaler moved = std::move(rescaler);
    EXPECT_TRUE(moved(test_frame(64, 64, 8, 1)).ok());
}

TEST(Rescaler, SizesOutOfRangeAreRefused) {
    Rescaler rescaler(kMaxFrameSide + 1, 64, ScaleFilter::bicubic);
    EXPECT_EQ(rescaler(test_frame(64, 64, 8, 0)).status().code(), Code::resources);
}

}  // namespace
}  // namespace gvc::media
