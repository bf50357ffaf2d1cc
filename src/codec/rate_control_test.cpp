// Rate control alone against a made-up codec, and the encoder with it on real coded bytes.
#include "codec/rate_control.h"

#include <gtest/gtest.h>

#include <cmath>

#include "codec/random_model_testonly.h"
#include "codec/stream_testonly.h"
#include "models/qualities.h"

namespace gvc::codec {
namespace {

using Mode = RateOptions::Mode;

// A codec whose units cost what a formula says: `slope` a qp, scenes of other cost, some unrest.
struct FakeCodec {
    double pixels, slope, level;

    double unit(bool first, bool key, int gop, int unit, int qp) const {
        const double scene = gop >= 3 ? 1.6 : 1.0;
        const double unrest = 1 + 0.15 * std::sin(7.0 * gop + 3.0 * unit);
        const double share = !first ? 0.03 : key ? 0.12 : 0.04;
        return pixels * level * scene * unrest * share * std::exp(-slope * (qp - 16));
    }
};

// The bits of the units of GOP `gop`, coded once. refresh: what refreshed cells of every third
// chunk cost, of a keyframe.
double code_gop(RateControl& control, const FakeCodec& codec, int gop, int chunks,
                double refresh = 0) {
    double bits = codec.unit(true, true, gop, 0, control.first_qp());
    while (control.first_done(bits)) bits = codec.unit(true, true, gop, 0, control.first_qp());
    for (int c = 1; c <= chunks; ++c) {
        const double more = codec.unit(false, true, gop, c, control.chunk_qp());
        control.chunk_done(more);
        bits += more;
        if (c % 3 != 1) continue;  // cells, coded as keyframes are
        const double cells = refresh * codec.unit(true, true, gop, c, control.first_qp());
        control.refreshed(cells);
        bits += cells;
    }
    return bits;
}

double coded_rate(const RateOptions& options, const FakeCodec& codec, const std::vector<int>& gops,
                  double* worst = nullptr, int usual_frames = 29, double refresh = 0) {
    RateControl control(options, codec.pixels, 0.04);
    double total = 8 * 27, frames = 0;
    for (size_t g = 0; g < gops.size(); ++g) {
        const int chunks = (gops[g] + 2) / 4;
        control.begin({gops[g], chunks, 0.04 * gops[g], true, g + 1 == gops.size(), usual_frames});
        double bits = 0;
        do {
            bits = code_gop(control, codec, static_cast<int>(g), chunks, refresh) + 8 * 70;
        } while (control.gop_done(bits));
        control.commit(bits);
        if (worst) *worst = std::max(*worst, bits);
        total += bits;
        frames += gops[g];
    }
    return options.mode == Mode::bitrate ? total / (0.04 * frames)
                                         : total / (frames * codec.pixels);
}

// Pictures that were coded once are coded at the right qps at once.
TEST(RateControl, LearnsFromAnother) {
    const FakeCodec codec{864 * 480, 0.13, 3.0};
    const RateOptions options{Mode::bpp, 0.02, 0};
    const auto passes = [&](RateControl& control) {
        control.begin({29, 7, 1.16, true, true});
        int count = 1;
        while (control.gop_done(code_gop(control, codec, 0, 7) + 8 * 200)) ++count;
        return count;
    };
    RateControl first(options, codec.pixels, 0.04), second(options, codec.pixels, 0.04);
    EXPECT_GT(passes(first), 1);
    second.learn_from(first);
    EXPECT_EQ(passes(second), 1);
    EXPECT_EQ(second.first_qp(), first.first_qp());
}

TEST(RateControl, MeetsBppOfAnyCodec) {
    for (double slope : {0.08, 0.11, 0.16}) {
        for (double level : {0.4, 1.0, 3.0}) {
            for (double bpp : {0.005, 0.02, 0.08}) {
                const FakeCodec codec{864 * 480, slope, level};
                // At qp 16, chunks at 23.
                const double natural = (0.12 + 0.21 * std::exp(-7 * slope)) / 29 * level;
                const double qp = 16 - std::log(bpp / natural) / slope;
                if (qp < 5 || qp > 21) continue;  // out of this codec's reach in some scene
                const RateOptions options{Mode::bpp, bpp, 0};
                EXPECT_NEAR(coded_rate(options, codec, {29, 29, 29, 29, 29}) / bpp, 1, 0.05)
                    << slope << " " << level << " " << bpp;
                EXPECT_NEAR(coded_rate(options, codec, {29, 29}) / bpp, 1, 0.10)
                    << slope << " " << level << " " << bpp;
                EXPECT_NEAR(coded_rate(options, codec, {29, 8, 29, 15, 29, 29}) / bpp, 1, 0.05)
                    << slope << " " << level << " " << bpp;
            }
        }
    }
}

// In a hurry fewer GOPs are coded twice, and the stream meets its rate all the same.
TEST(RateControl, CodesFewGopsTwiceInAHurry) {
    const FakeCodec codec{864 * 480, 0.11, 1.0};
    const int kGops = 12;
    const auto passes = [&](bool hurry, double& rate) {
        RateOptions options{Mode::bpp, 0.01, 0};
        options.hurry = hurry;
        RateControl control(options, codec.pixels, 0.04);
        int count = 0;
        double total = 8 * 27;
        for (int g = 0; g < kGops; ++g) {
            control.begin({29, 7, 1.16, true, g + 1 == kGops});
            double bits = 0;
            do {
                bits = code_gop(control, codec, g, 7, g % 2 ? 0.15 : 0.05) + 8 * 70;
                ++count;
            } while (control.gop_done(bits));
            control.commit(bits);
            total += bits;
        }
        rate = total / (29 * kGops * codec.pixels);
        return count;
    };
    double calm = 0, hurried = 0;
    EXPECT_LT(passes(true, hurried), passes(false, calm));
    EXPECT_NEAR(calm / 0.01, 1, 0.05);
    EXPECT_NEAR(hurried / 0.01, 1, 0.05);
    for (double bpp : {0.005, 0.02}) {
        RateOptions options{Mode::bpp, bpp, 0};
        options.hurry = true;
        EXPECT_NEAR(coded_rate(options, codec, {29, 29, 29, 29, 29}) / bpp, 1, 0.05) << bpp;
        EXPECT_NEAR(coded_rate(options, codec, {29, 29}) / bpp, 1, 0.10) << bpp;
    }
}

TEST(RateControl, MeetsBppWithCellsThatAreRefreshed) {
    const FakeCodec codec{864 * 480, 0.11, 1.0};
    for (double bpp : {0.005, 0.008, 0.02}) {
        for (double refresh : {0.1, 0.3, 0.6}) {
            const RateOptions options{Mode::bpp, bpp, 0};
            EXPECT_NEAR(coded_rate(options, codec, {29, 29, 29, 29}, nullptr, 29, refresh) / bpp, 1,
                        0.05)
                << bpp << " " << refresh;
        }
    }
}

TEST(RateControl, MeetsBitRate) {
    const FakeCodec codec{864 * 480, 0.11, 1.0};
    const RateOptions options{Mode::bitrate, 100e3, 0};
    EXPECT_NEAR(coded_rate(options, codec, {29, 29, 29, 29, 7}) / 100e3, 1, 0.05);
}

// Where all GOPs are short none gets anything in advance.
TEST(RateControl, MeetsTheRateOfShortGops) {
    const FakeCodec codec{864 * 480, 0.11, 1.0};
    const std::vector<int> gops(12, 9);
    EXPECT_NEAR(coded_rate({Mode::bpp, 0.02, 0}, codec, gops, nullptr, 9) / 0.02, 1, 0.05);
}

TEST(RateControl, MaximumRateHoldsForEveryGop) {
    const FakeCodec codec{864 * 480, 0.11, 1.0};
    for (const RateOptions options :
         {RateOptions{Mode::qp, 3, 150e3}, RateOptions{Mode::bpp, 0.1, 150e3}}) {
        double worst = 0;
        coded_rate(options, codec, {29, 29, 29, 29}, &worst);
        EXPECT_LE(worst, 150e3 * 29 * 0.04);
        EXPECT_GT(worst, 0.6 * 150e3 * 29 * 0.04);
    }
}

// The keyframe, on which all lean, is coded finer; the lead closes at both ends.
TEST(RateControl, ChunksAreCoarserThanTheirKeyframe) {
    EXPECT_EQ(models::chunk_qp(0), 0);
    EXPECT_EQ(models::chunk_qp(3), 6);
    EXPECT_EQ(models::chunk_qp(16), 23);
    EXPECT_EQ(models::chunk_qp(31), 31);
    for (int qp = 0; qp < 31; ++qp) EXPECT_LE(models::chunk_qp(qp), models::chunk_qp(qp + 1));
    for (int qp : {0, 12, 31}) {
        RateControl control({Mode::qp, double(qp), 0}, 1000, 0.04);
        control.begin({29, 7, 1.16, true, false});
        EXPECT_EQ(control.first_qp(), qp);
        EXPECT_FALSE(control.first_done(1000));
        EXPECT_EQ(control.chunk_qp(), models::chunk_qp(qp));
    }
}

TEST(RateControl, CrfHasHalfSteps) {
    for (int crf : {0, 1, 40, 41, 63}) {
        RateControl control({Mode::crf, double(crf), 0}, 1000, 0.04);
        control.begin({29, 7, 1.16, true, false});
        EXPECT_EQ(control.first_qp(), crf / 2);
        EXPECT_FALSE(control.first_done(1000));
        EXPECT_EQ(control.chunk_qp(), models::chunk_qp((crf + 1) / 2));
    }
}

TEST(RateControl, OptionsOutOfRangeAreRefused) {
    EXPECT_EQ(check({Mode::qp, 31.5, 0}).code(), Code::usage);
    EXPECT_EQ(check({Mode::crf, 64, 0}).code(), Code::usage);
    EXPECT_EQ(check({Mode::bpp, 0, 0}).code(), Code::usage);
    EXPECT_EQ(check({Mode::bitrate, std::nan(""), 0}).code(), Code::usage);
    EXPECT_EQ(check({Mode::qp, 20, -1}).code(), Code::usage);
    EXPECT_TRUE(check({Mode::bitrate, 64000, 64000}).ok());
}

// ---- with the encoder ----

TEST(EncoderRate, WantedRateIsMetByRealBytes) {
    const auto model = random_model(24);
    const PictureSize size{128, 128};
    const int frames = 29 * 4;
    const auto size_at = [&](double qp) {
        return static_cast<double>(test_encode(*model, test_options(size, qp), frames).bytes());
    };
    const double wanted = std::sqrt(size_at(22) * size_at(10));
    EncoderOptions options = test_options(size);
    options.rate = {Mode::bpp, 8 * wanted / (128.0 * 128.0 * frames), 0};
    const auto by_bpp = test_encode(*model, options, frames);
    EXPECT_NEAR(static_cast<double>(by_bpp.bytes()) / wanted, 1, 0.05);
    options.rate = {Mode::bitrate, 8 * wanted * 25 / frames, 0};
    const auto by_bitrate = test_encode(*model, options, frames);
    EXPECT_NEAR(static_cast<double>(by_bitrate.bytes()) / wanted, 1, 0.05);
    EXPECT_TRUE(test_decode(*model, all_packets(by_bpp)).status.ok());
}

TEST(EncoderRate, MaximumRateDropsFramesRatherThanBreak) {
    const auto model = random_model(22);
    const PictureSize size{64, 64};
    const auto coarsest = test_encode(*model, test_options(size, 31), 29);
    const double least = 8.0 * static_cast<double>(coarsest.gops[0].bytes);
    EncoderOptions options = test_options(size, 20);
    options.rate.maxrate = 0.25 * least * 25 / 29;
    const auto encoding = test_encode(*model, options, 58);
    ASSERT_EQ(encoding.gops.size(), 2u);
    for (const auto& gop : encoding.gops) {
        EXPECT_LE(8.0 * static_cast<double>(gop.bytes), 0.25 * least);
        EXPECT_EQ(gop.source_frames, 29);
        EXPECT_LT(gop.descriptor.frames, 29);
    }
    const auto decoding = test_decode(*model, all_packets(encoding));
    ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
    EXPECT_EQ(decoding.report.concealed, 0u);
    uint64_t end = 0;  // no gap in time
    for (const auto& frame : decoding.frames) {
        EXPECT_LE(frame.pts, 57u);
        EXPECT_GT(frame.pts + 1, end);
        end = frame.pts + frame.duration;
    }

    options.rate.maxrate = 8;
    auto encoder = Encoder::make(*model, options).value();
    ASSERT_TRUE(encoder->send(test_picture(size, 0), 0).ok());
    encoder->flush();
    EXPECT_EQ(encoder->receive().status().code(), Code::quality);
}

}  // namespace
}  // namespace gvc::codec
