// How many keyframes pictures get, and how fine.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "codec/random_model_testonly.h"
#include "codec/stream_testonly.h"

namespace gvc::codec {
namespace {

constexpr PictureSize kSize{64, 64};

using Lengths = std::vector<int>;

Lengths lengths(const TestEncoding& encoding) {
    Lengths out;
    for (const auto& gop : encoding.gops) out.push_back(gop.descriptor.frames);
    return out;
}

class Keyframes : public testing::Test {
  protected:
    enum class Then { perfect, again };
    // Distances in the order in which pictures are looked at, then 0 or the same again.
    EncoderOptions options(std::vector<double> distances, Then then = Then::perfect) {
        EncoderOptions o = test_options(kSize, 20);
        o.adaptive_keyint = true;
        o.scene_cuts = false;
        o.distance = [this, distances, then](auto, auto, auto) -> Result<double> {
            const auto look = static_cast<size_t>(looks_++);
            if (then == Then::again) return distances[look % distances.size()];
            return look < distances.size() ? distances[look] : 0;
        };
        return o;
    }
    // A GOP of 29, its keyframe and seven chunks; then so many looks each.
    struct More {
        int looks;
        double distance;
    };
    static std::vector<double> trial(double key, double chunk, std::vector<More> more = {}) {
        std::vector<double> distances = {key};
        distances.insert(distances.end(), kWhole - 1, chunk);
        for (const auto [looks, distance] : more)
            distances.insert(distances.end(), static_cast<size_t>(looks), distance);
        return distances;
    }
    // As one GOP; as two, with four chunks each; as three with two or three.
    static constexpr int kWhole = 8, kTwo = 10, kThree = 11;
    // Two look better than one, and three best of all.
    static std::vector<double> threes() { return trial(0.1, 0.9, {{kTwo, 0.1}, {kThree, 0.01}}); }

    int looks_ = 0;
    std::unique_ptr<Model> model_ = random_model(31);
};

TEST_F(Keyframes, MoreKeyframesWhereTheyLookBetter) {
    const auto encoding = test_encode(*model_, options(threes(), Then::again), 58);
    EXPECT_EQ(lengths(encoding), (Lengths{9, 10, 10, 9, 10, 10}));
    EXPECT_EQ(looks_, 2 * (kWhole + kTwo + kThree));
    for (const auto& gop : encoding.gops) EXPECT_TRUE(gop.random_access);
    const auto shown = test_decode(*model_, all_packets(encoding));
    ASSERT_TRUE(shown.status.ok()) << shown.status.message();
    ASSERT_EQ(shown.frames.size(), 58u);
    for (size_t i = 0; i < 58; ++i) {
        EXPECT_EQ(shown.frames[i].pts, i);
        EXPECT_EQ(shown.frames[i].rgb, encoding.reconstruction[i]) << i;
    }
}

TEST_F(Keyframes, TwoWhereThreeAreTooMany) {
    const auto two = [this](double three) {
        looks_ = 0;
        return lengths(
            test_encode(*model_, options(trial(0.1, 0.9, {{kTwo, 0.01}, {kThree, three}})), 29));
    };
    EXPECT_EQ(two(0.1), (Lengths{14, 15}));
    EXPECT_EQ(two(0.001), (Lengths{9, 10, 10}));
}

TEST_F(Keyframes, WhereTwoAreNoBetterThreeAreNotTried) {
    const auto more = trial(0.1, 0.9, {{kTwo, 9}, {kWhole, 9}, {kThree, 0}});
    EXPECT_EQ(lengths(test_encode(*model_, options(more), 29)), Lengths{29});
    EXPECT_EQ(looks_, kWhole + kTwo + kWhole);
}

// What they cost is weighed with the power that LPIPS falls with.
TEST_F(Keyframes, RateCounts) {
    const auto bytes = [&](double two) {
        looks_ = 0;
        const auto more = trial(0.1, 0.9, {{kTwo, two}, {kThree, 9}, {kWhole, 9}});
        return double(test_encode(*model_, options(more), 29).bytes());
    };
    const double as_good = 0.95 * (0.1 + 28 * 0.9) / 29 * std::pow(bytes(9) / bytes(0.01), 0.4);
    EXPECT_EQ(bytes(1.01 * as_good), bytes(9));
    EXPECT_EQ(bytes(0.99 * as_good), bytes(0.01));
    EXPECT_NE(bytes(9), bytes(0.01));
}

// Bits that the finest qp leaves over are nobody else's.
TEST_F(Keyframes, WhatIsLeftOverAtTheFinestQpIsFree) {
    const auto coded = [&](RateOptions::Mode mode, double rate, double chunk, double two) {
        looks_ = 0;
        auto o = options(trial(0.1, chunk, {{kTwo, two}, {100, 9}}));
        o.rate = {mode, rate, 0};
        return lengths(test_encode(*model_, o, 29));
    };
    // A little better than what is 0.87 on average.
    EXPECT_EQ(coded(RateOptions::Mode::qp, 0, 0.9, 0.8), Lengths{29});
    EXPECT_EQ(coded(RateOptions::Mode::bpp, 40, 0.9, 0.8), (Lengths{14, 15}));
    // Good motion, which alone is not worth trying anything.
    EXPECT_EQ(coded(RateOptions::Mode::qp, 0, 0.12, 0.01), Lengths{29});
    EXPECT_EQ(coded(RateOptions::Mode::bpp, 40, 0.12, 0.01), (Lengths{14, 15}));
}

TEST_F(Keyframes, ChunksAreAsFineWhereThatLooksBetter) {
    const auto even = trial(0.1, 0.9, {{kTwo, 9}, {kWhole, 0.01}});
    const auto encoding = test_encode(*model_, options(even, Then::again), 58);
    EXPECT_EQ(lengths(encoding), (Lengths{29, 29}));
    for (const auto& gop : encoding.gops) {
        for (int unit = 0; unit < 8; ++unit)
            EXPECT_EQ(bitstream::unit_qp(gop.descriptor, unit), 20);
    }
    EXPECT_TRUE(test_decode(*model_, all_packets(encoding)).status.ok());
}

TEST_F(Keyframes, GoodMotionIsNotTried) {
    EXPECT_EQ(lengths(test_encode(*model_, options(trial(0.1, 0.12)), 29)), Lengths{29});
    EXPECT_EQ(looks_, kWhole);
}

// What comes of a trial is as if there had been none.
TEST_F(Keyframes, ATrialLeavesNoTrace) {
    auto o = options(trial(0.1, 0.9, {{kTwo, 9}, {kWhole, 9}}));
    o.rate = {RateOptions::Mode::bpp, 0.6, 0};
    const auto tried = test_encode(*model_, o, 80);
    o.adaptive_keyint = false;
    EXPECT_TRUE(all_packets(tried) == all_packets(test_encode(*model_, o, 80)));
}

// Motion changes within a scene.
TEST_F(Keyframes, EveryGopIsTriedByItself) {
    const auto then = [this](std::vector<double> distances, std::vector<double> more) {
        distances.insert(distances.end(), more.begin(), more.end());
        looks_ = 0;
        return lengths(test_encode(*model_, options(std::move(distances)), 58));
    };
    const auto parts = threes(), good = trial(0.1, 0.1);
    EXPECT_EQ(then(good, parts), (Lengths{29, 9, 10, 10}));
    EXPECT_EQ(then(parts, good), (Lengths{9, 10, 10, 29}));
}

TEST_F(Keyframes, ChainsAndShortScenesStayWhole) {
    EncoderOptions o = options(threes());
    EXPECT_EQ(lengths(test_encode(*model_, o, 11)), Lengths{11});
    o.keyint = 58;
    EXPECT_EQ(lengths(test_encode(*model_, o, 58)), (Lengths{29, 29}));
    EXPECT_EQ(looks_, 0);
}

// Without a search, by how far they are from the keyframe before.
TEST_F(Keyframes, CellsThatDoNotChangeAreKept) {
    constexpr PictureSize kWide{256, 128};
    const auto encode = [&](bool keep, int changed_columns, int frames = 58) {
        EncoderOptions o = test_options(kWide, 14);
        o.scene_cuts = false;
        o.refresh = true;
        o.keep_cells = keep;
        return test_encode(*model_, o, frames, [&](int i) {
            std::vector<float> rgb = test_picture(kWide, 0);
            for (size_t k = 0; i >= 29 && k < rgb.size(); ++k)
                if (static_cast<int>(k % kWide.width) < changed_columns) rgb[k] = 1;
            return rgb;
        });
    };
    const TestEncoding kept = encode(true, 64), whole = encode(false, 64);
    ASSERT_EQ(lengths(kept), (Lengths{29, 29}));
    EXPECT_FALSE(kept.gops[1].random_access);
    EXPECT_EQ(kept.gops[1].descriptor.refreshed % 2, 1);
    EXPECT_TRUE(whole.gops[1].random_access);
    EXPECT_LT(kept.gops[1].first_bytes, whole.gops[1].first_bytes / 2);
    const auto shown = test_decode(*model_, all_packets(kept));
    ASSERT_TRUE(shown.status.ok()) << shown.status.message();
    ASSERT_EQ(shown.frames.size(), 58u);
    for (size_t i = 0; i < 58; ++i) {
        EXPECT_EQ(shown.frames[i].rgb, kept.reconstruction[i]) << i;
        EXPECT_EQ(shown.frames[i].key, i == 0);
    }
    // Where nothing stays, and once the last whole one is too far away.
    EXPECT_TRUE(encode(true, kWide.width).gops[1].random_access);
    const TestEncoding long_scene = encode(true, 0, 10 * 29);
    for (size_t i = 0; i < 10; ++i) EXPECT_EQ(long_scene.gops[i].random_access, i % 8 == 0) << i;
    // Without what it was made of a P-key is worth nothing.
    EXPECT_FALSE(test_decode(*model_, kept.gops[1].packets).status.ok());
}

TEST_F(Keyframes, TheWantedRateHolds) {
    EncoderOptions o = options(threes(), Then::again);
    const double one_gop = double(test_encode(*model_, test_options(kSize, 14), 29).bytes());
    o.rate = {RateOptions::Mode::bpp, 8 * one_gop / (64.0 * 64 * 29), 0};
    const auto encoding = test_encode(*model_, o, 29 * 4);
    EXPECT_EQ(encoding.gops.size(), 12u);
    EXPECT_NEAR(double(encoding.bytes()) / (4 * one_gop), 1, 0.05);
}

TEST_F(Keyframes, TheMaximumRateHolds) {
    const auto whole = test_encode(*model_, test_options(kSize, 20), 29);
    EncoderOptions o = options(threes(), Then::again);
    o.rate.maxrate = 0.97 * 8 * double(whole.gops[0].bytes) * 25 / 29;
    const auto encoding = test_encode(*model_, o, 58);
    EXPECT_EQ(lengths(encoding), (Lengths{9, 10, 10, 9, 10, 10}));
    const double limit = o.rate.maxrate * 29 / 25;
    double credit = limit;  // what a full GOP may have, and what was not used of it
    for (size_t i = 0; i < encoding.gops.size(); ++i) {
        const EncodedGop& gop = encoding.gops[i];
        if (i > 0) credit = std::min(limit, credit + o.rate.maxrate * gop.source_frames / 25);
        const double bits = 8.0 * double(gop.bytes);
        EXPECT_LE(bits, credit) << i;
        credit -= bits;
    }
}

}  // namespace
}  // namespace gvc::codec
