#include "media/av1.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "media/picture_testonly.h"

namespace gvc::media {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kObuSequenceHeader = 1, kObuTemporalDelimiter = 2;

int obu_type(const Bytes& unit) { return unit.empty() ? -1 : unit[0] >> 3 & 15; }

Bytes joined(const Av1Units& units) {
    Bytes all;
    for (const Bytes& unit : units) all.insert(all.end(), unit.begin(), unit.end());
    return all;
}

class Av1 : public testing::Test {
  protected:
    void SetUp() override {
        static const std::string missing = av1_is_missing();
        if (!missing.empty()) GTEST_SKIP() << missing;
    }

    static Av1Settings settings(double crf) {
        return {.crf = crf, .preset = 10, .threads = 1, .extra = {}};
    }
    static Av1Units encode(const std::vector<Frame>& frames, double crf) {
        auto units = encode_av1(frames, settings(crf));
        EXPECT_TRUE(units.ok()) << units.status().message();
        return units.ok() ? *units : Av1Units();
    }
    static Result<std::vector<Frame>> decode(const Bytes& data, const std::vector<Frame>& like) {
        return decode_av1(data, static_cast<int>(like.size()),
                          {like[0].width, like[0].height, like[0].colour}, 1);
    }
};

struct Case {
    int width, height, bit_depth, frames;
};

class RoundTrip : public Av1, public testing::WithParamInterface<Case> {};

TEST_P(RoundTrip, PicturesComeBackInOrder) {
    const Case& c = GetParam();
    const auto frames = test_frames(c.width, c.height, c.bit_depth, c.frames);
    const Av1Units units = encode(frames, 5);
    ASSERT_EQ(units.size(), frames.size());
    EXPECT_EQ(obu_type(units[0]), kObuSequenceHeader);
    for (const Bytes& unit : units) EXPECT_NE(obu_type(unit), kObuTemporalDelimiter);

    const auto decoded = decode(joined(units), frames);
    ASSERT_TRUE(decoded.ok()) << decoded.status().message();
    ASSERT_EQ(decoded->size(), frames.size());
    for (size_t i = 0; i < frames.size(); ++i) {
        const Frame& picture = (*decoded)[i];
        EXPECT_EQ(picture.width, c.width);
        EXPECT_EQ(picture.height, c.height);
        EXPECT_EQ(picture.colour, frames[i].colour);
        EXPECT_GT(frame_psnr(picture, frames[i]), 40) << "picture " << i;
        if (i > 0) {  // the neighbour's would be another
            EXPECT_GT(frame_psnr(picture, frames[i]), 3 + frame_psnr(picture, frames[i - 1]));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, RoundTrip,
                         testing::Values(Case{64, 64, 8, 1}, Case{64, 64, 8, 5},
                                         Case{64, 64, 8, 29}, Case{64, 64, 10, 1},
                                         Case{64, 64, 10, 29}, Case{70, 146, 8, 5},
                                         Case{146, 70, 10, 5}));

TEST_F(Av1, CoarserQuantisersTakeFewerBytesAndLookWorse) {
    const auto frames = test_frames(128, 96, 8, 9);
    size_t bytes = SIZE_MAX;
    double psnr = 99;
    for (double crf : {10, 30, 50, 63, 72, kAv1Coarsest}) {
        const Bytes data = joined(encode(frames, crf));
        const auto decoded = decode(data, frames);
        ASSERT_TRUE(decoded.ok());
        EXPECT_LT(data.size(), bytes) << "crf " << crf;
        EXPECT_LT(frame_psnr((*decoded)[4], frames[4]), psnr) << "crf " << crf;
        bytes = data.size();
        psnr = frame_psnr((*decoded)[4], frames[4]);
    }
}

TEST_F(Av1, QuartersOfAStepTakeFewerBytesEach) {
    const auto frames = test_frames(256, 192, 8, 9);
    for (double step : {50, 66, 74}) {
        size_t bytes = SIZE_MAX;
        for (double part : {0.0, 0.25, 0.5}) {
            const size_t size = joined(encode(frames, step + part)).size();
            EXPECT_LT(size, bytes) << "crf " << step + part;
            bytes = size;
        }
    }
}

TEST_F(Av1, EqualInputGivesEqualBytes) {
    const auto frames = test_frames(96, 64, 8, 9);
    EXPECT_EQ(encode(frames, 40), encode(frames, 40));
}

TEST_F(Av1, FullRangeIsKept) {
    std::vector<Frame> frames = test_frames(64, 64, 8, 2);
    for (Frame& frame : frames) frame.colour.range = Range::full;
    const auto decoded = decode(joined(encode(frames, 10)), frames);
    ASSERT_TRUE(decoded.ok()) << decoded.status().message();
    EXPECT_EQ((*decoded)[1].colour.range, Range::full);
    EXPECT_GT(frame_psnr((*decoded)[1], frames[1]), 35);
}

TEST_F(Av1, SizesAndSettingsThatTheEncoderRefusesAreUsage) {
    EXPECT_EQ(encode_av1(test_frames(32, 32, 8, 1), settings(40)).status().code(), Code::usage);
    Av1Settings bad = settings(40);
    bad.preset = 99;
    EXPECT_EQ(encode_av1(test_frames(64, 64, 8, 1), bad).status().code(), Code::usage);
    EXPECT_FALSE(encode_av1({}, settings(40)).ok());
}

// ---- damage ----

class Av1Damage : public Av1 {
  protected:
    void SetUp() override {
        Av1::SetUp();
        if (IsSkipped()) return;
        frames_ = test_frames(96, 64, 8, 9);
        units_ = encode(frames_, 30);
        ASSERT_EQ(units_.size(), 9u);
    }
    // Damage that is noticed is Code::corrupt; what is not, gives pictures of the right size.
    void expect_sane(const Bytes& data) const {
        const auto decoded = decode(data, frames_);
        if (!decoded.ok()) {
            EXPECT_EQ(decoded.status().code(), Code::corrupt) << decoded.status().message();
            return;
        }
        EXPECT_EQ(decoded->size(), frames_.size());
        for (const Frame& frame : *decoded) {
            EXPECT_EQ(frame.width, 96);
            EXPECT_EQ(frame.height, 64);
        }
    }

    std::vector<Frame> frames_;
    Av1Units units_;
};

TEST_F(Av1Damage, TruncatedDataIsCorrupt) {
    const Bytes whole = joined(units_);
    EXPECT_EQ(decode({}, frames_).status().code(), Code::corrupt);
    for (size_t size = 1; size < whole.size(); size += 1 + whole.size() / 40) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
        EXPECT_EQ(decode(cut, frames_).status().code(), Code::corrupt) << size << " bytes";
    }
    Av1Units fewer = units_;
    fewer.pop_back();
    EXPECT_EQ(decode(joined(fewer), frames_).status().code(), Code::corrupt);
    fewer = units_;
    fewer.erase(fewer.begin());
    EXPECT_EQ(decode(joined(fewer), frames_).status().code(), Code::corrupt);
}

TEST_F(Av1Damage, FlippedBytesNeverCrash) {
    const Bytes whole = joined(units_);
    std::mt19937 random(3);
    for (int round = 0; round < 120; ++round) {
        Bytes hurt = whole;
        for (int i = 0; i <= round % 3; ++i) {
            // Every second round hits the headers at the beginning.
            const size_t range = round % 2 ? std::min<size_t>(40, hurt.size()) : hurt.size();
            hurt[random() % range] ^= static_cast<uint8_t>(1 + random() % 255);
        }
        expect_sane(hurt);
    }
}

TEST_F(Av1Damage, NoiseIsCorrupt) {
    std::mt19937 random(4);
    for (int round = 0; round < 20; ++round) {
        Bytes noise(200 + random() % 800);
        for (uint8_t& byte : noise) byte = static_cast<uint8_t>(random());
        EXPECT_EQ(decode(noise, frames_).status().code(), Code::corrupt);
    }
}

TEST_F(Av1Damage, PicturesOfAnotherKindAreCorrupt) {
    const Bytes whole = joined(units_);
    const ColourDescription colour = frames_[0].colour;
    const auto code = [&](const Av1Picture& expected, int frames = 9) {
        return decode_av1(whole, frames, expected, 1).status().code();
    };
    EXPECT_EQ(code({96, 64, colour}), Code::ok);
    EXPECT_EQ(code({64, 96, colour}), Code::corrupt);
    EXPECT_EQ(code({48, 32, colour}), Code::corrupt);
    EXPECT_EQ(code({192, 128, colour}), Code::corrupt);
    EXPECT_EQ(code({96, 64, test_colour(10)}), Code::corrupt);
    EXPECT_EQ(code({96, 64, colour}, 10), Code::corrupt);
    EXPECT_EQ(decode_av1(whole, 4, {96, 64, colour}, 1).value().size(), 4u);
}

}  // namespace
}  // namespace gvc::media
