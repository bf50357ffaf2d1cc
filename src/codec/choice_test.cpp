// Which base each GOP gets, with a stand-in for AV1 whose pictures are flat grey.
#include <gtest/gtest.h>

#include <algorithm>

#include "codec/judge.h"
#include "codec/random_model_testonly.h"
#include "codec/stream_testonly.h"

namespace gvc::codec {
namespace {

using bitstream::BaseKind;
using bitstream::Bytes;

constexpr PictureSize kSize{64, 64};
constexpr float kGrey = 0.25f;

class GreyPictures final : public BasePictures {
  public:
    explicit GreyPictures(int count) : count_(count) {}
    int count() const override { return count_; }
    Status rgb(int, std::span<float> rgb) override {
        std::fill(rgb.begin(), rgb.end(), kGrey);
        return {};
    }

  private:
    int count_;
};

// Takes `bytes` a picture at crf 0 and less with every step.
class GreySource final : public BaseSource {
  public:
    GreySource(size_t count, double bytes) : count_(count), bytes_(bytes) {}
    Result<std::vector<std::vector<uint8_t>>> encode(
        double crf, BaseEffort, const std::function<void(int)>& on_pictures) override {
        for (size_t i = 0; i < count_; ++i) on_pictures(static_cast<int>(i));
        const auto size = static_cast<size_t>(bytes_ * std::exp(-0.06 * crf)) + 1;
        return std::vector<std::vector<uint8_t>>(count_, std::vector<uint8_t>(size, 7));
    }

  private:
    size_t count_;
    double bytes_;
};

class GreyCoder final : public BaseCoder {
  public:
    Result<std::unique_ptr<BaseSource>> source(std::span<const WaitingPicture* const> pictures,
                                               const bitstream::SequenceHeader&) override {
        ++sources;
        return std::unique_ptr<BaseSource>(std::make_unique<GreySource>(pictures.size(), bytes));
    }
    Result<std::unique_ptr<BasePictures>> decode(std::span<const uint8_t>, int frames,
                                                 const bitstream::SequenceHeader&) override {
        return std::unique_ptr<BasePictures>(std::make_unique<GreyPictures>(frames));
    }

    double bytes = 1000;
    int sources = 0;  // GOPs that were asked for, at any size
};

bool is_grey(std::span<const float> rgb) {
    return std::all_of(rgb.begin(), rgb.end(), [](float v) { return v == kGrey; });
}

float mean(std::span<const float> rgb) {
    float sum = 0;
    for (float v : rgb) sum += v;
    return sum / static_cast<float>(rgb.size());
}

// Grey stays grey: no refiner for the AV1 base.
std::unique_ptr<Model> without_hybrid(uint64_t seed) {
    const RandomWeights files = random_weights(seed);
    ModelOptions options;
    options.threads = 1;
    return Model::load(files.tokeniser, &files.refiner, options).value();
}

class Choice : public testing::Test {
  protected:
    // The distances of either base's pictures from their originals.
    EncoderOptions options(double of_grey, double of_neural) {
        EncoderOptions o = test_options(kSize, 20);
        o.base_coder = &grey_;
        o.choose_base = true;
        o.detail = false;
        o.scene_cuts = false;
        o.distance = [=](auto, auto shown, auto) -> Result<double> {
            return is_grey(shown) ? of_grey : of_neural;
        };
        return o;
    }
    // Bytes that make the stand-in's GOPs about as large as the neural ones.
    void match_rates() {
        EncoderOptions o = options(1, 1);
        o.base_coder = nullptr;
        const double neural = double(test_encode(*model_, o, 29).bytes());
        const int crf = 2 * 20 + 1;
        grey_.bytes = neural / 29 * std::exp(0.06 * crf);
    }
    static std::vector<BaseKind> kinds(const TestEncoding& encoding) {
        std::vector<BaseKind> kinds;
        for (const auto& gop : encoding.gops) kinds.push_back(gop.descriptor.base);
        return kinds;
    }

    GreyCoder grey_;
    std::unique_ptr<Model> model_ = without_hybrid(31);
};

TEST_F(Choice, TheBaseThatLooksBetterIsTaken) {
    match_rates();
    const auto neural = test_encode(*model_, options(1.0, 0.9), 40);
    EXPECT_EQ(kinds(neural), (std::vector{BaseKind::neural, BaseKind::neural}));
    const auto av1 = test_encode(*model_, options(0.9, 1.0), 40);
    EXPECT_EQ(kinds(av1), (std::vector{BaseKind::av1, BaseKind::av1}));
    for (const auto* encoding : {&neural, &av1}) {
        const auto shown =
            test_decode(*model_, all_packets(*encoding), {.steps = -1, .base_coder = &grey_});
        ASSERT_TRUE(shown.status.ok()) << shown.status.message();
        ASSERT_EQ(shown.frames.size(), 40u);
        EXPECT_EQ(is_grey(shown.frames[5].rgb), encoding == &av1);
        EXPECT_EQ(is_grey(shown.frames[35].rgb), encoding == &av1);
    }
}

TEST_F(Choice, RateCounts) {
    match_rates();
    grey_.bytes /= 4;  // a quarter of the rate is worth more than 5 % of distance
    EXPECT_EQ(kinds(test_encode(*model_, options(1.0, 0.95), 29)), std::vector{BaseKind::av1});
    grey_.bytes *= 16;
    EXPECT_EQ(kinds(test_encode(*model_, options(0.95, 1.0), 29)), std::vector{BaseKind::neural});
}

TEST_F(Choice, EverySceneHasItsBase) {
    match_rates();
    EncoderOptions o = options(0, 0);
    o.scene_cuts = true;
    // Neural looks better in dark scenes, AV1 in bright ones.
    o.distance = [](auto original, auto shown, auto) -> Result<double> {
        const bool dark = mean(original) < 0.5f;
        return is_grey(shown) == dark ? 1.0 : 0.8;
    };
    const auto encoding = test_encode(*model_, o, 60, [](int i) {
        return test_picture(kSize, i, i < 20 ? 0 : i < 40 ? 2 : 3);
    });
    EXPECT_EQ(kinds(encoding), (std::vector{BaseKind::neural, BaseKind::av1, BaseKind::neural}));
    const auto shown =
        test_decode(*model_, all_packets(encoding), {.steps = 0, .base_coder = &grey_});
    ASSERT_TRUE(shown.status.ok()) << shown.status.message();
    ASSERT_EQ(shown.frames.size(), 60u);
    for (size_t i = 0; i < 60; ++i) {
        EXPECT_EQ(shown.frames[i].pts, i);
        EXPECT_EQ(is_grey(shown.frames[i].rgb), i >= 20 && i < 40) << i;
    }
}

TEST_F(Choice, TrialsAreRareWithinAScene) {
    match_rates();
    const auto encoding = test_encode(*model_, options(1.0, 0.9), 12 * 29);
    EXPECT_EQ(kinds(encoding), std::vector(12, BaseKind::neural));
    EXPECT_EQ(grey_.sources, 2);  // the first GOP and the tenth after it
}

// Pictures that AV1 takes as one GOP are several neural ones.
TEST_F(Choice, OneLongGopOrSeveral) {
    match_rates();
    const auto choose = [&](EncoderOptions o) {
        o.base_keyint = 100;
        const auto encoding = test_encode(*model_, o, 70);
        const auto shown =
            test_decode(*model_, all_packets(encoding), {.steps = -1, .base_coder = &grey_});
        EXPECT_TRUE(shown.status.ok()) << shown.status.message();
        EXPECT_EQ(shown.frames.size(), 70u);
        for (size_t i = 0; i < shown.frames.size(); ++i) EXPECT_EQ(shown.frames[i].pts, i);
        return kinds(encoding);
    };
    const std::vector one{BaseKind::av1}, several(3, BaseKind::neural);
    for (const double much : {0.9, 0.5}) {
        EXPECT_EQ(choose(options(much, 1.0)), one);
        EXPECT_EQ(choose(options(1.0, much)), several);
    }
    // The first neural GOP looks a little better, those behind it worse; or much better, and that
    // settles it.
    for (const double first : {0.9, 0.5}) {
        EncoderOptions o = options(0, 0);
        int looks = 0;
        o.distance = [&](auto, auto shown, auto) -> Result<double> {
            return is_grey(shown) ? 1.0 : looks++ < 6 ? first : 1.3;
        };
        EXPECT_EQ(choose(o), first < 0.6 ? several : one);
        EXPECT_EQ(looks < 7, first < 0.6);
    }
}

// Both bases of one long GOP, each a share of its pictures; and it never falls back.
TEST_F(Choice, ProgressOfALongGopIsTold) {
    match_rates();
    EncoderOptions o = options(1.0, 0.9);
    o.base_keyint = 100;
    std::vector<int> told;
    o.on_progress = [&](int pictures) { told.push_back(pictures); };
    EXPECT_EQ(kinds(test_encode(*model_, o, 70)).size(), 3u);
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    EXPECT_EQ(told.back(), 70);
    told.erase(std::unique(told.begin(), told.end()), told.end());
    EXPECT_GT(told.size(), 10u);
    o.choose_base = false;
    told.clear();
    test_encode(*model_, o, 70);
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    EXPECT_GT(told.back(), 20);
    EXPECT_LE(told.back(), 70);
}

// What was searched for may have a measure of its own, which is no measure of the AV1 base.
TEST_F(Choice, NeuralPicturesMayBeMeasuredOtherwise) {
    match_rates();
    EncoderOptions o = options(0.9, 1.0);
    o.distance_of_neural = [](auto, auto shown, auto) -> Result<double> {
        EXPECT_FALSE(is_grey(shown));
        return 0.8;
    };
    EXPECT_EQ(kinds(test_encode(*model_, o, 29)), std::vector{BaseKind::neural});
    o.base_keyint = 100;
    EXPECT_EQ(kinds(test_encode(*model_, o, 58)), std::vector(2, BaseKind::neural));
}

// A packet holds 2 MB.
TEST_F(Choice, ALongGopThatFitsNoPacketIsSeveral) {
    EncoderOptions o = options(1, 1);
    o.choose_base = false;
    o.base_keyint = 100;
    grey_.bytes = 40000 * std::exp(0.06 * 41);
    const auto encoding = test_encode(*model_, o, 130);
    EXPECT_EQ(kinds(encoding), std::vector(6, BaseKind::av1));
    const auto shown =
        test_decode(*model_, all_packets(encoding), {.steps = -1, .base_coder = &grey_});
    ASSERT_TRUE(shown.status.ok()) << shown.status.message();
    EXPECT_EQ(shown.frames.size(), 130u);
}

// A keyframe that looks hopeless settles it: no neural GOP is coded and decoded.
TEST_F(Choice, AHopelessKeyframeEndsTheTrial) {
    match_rates();
    int looks = 0;
    EncoderOptions o = options(0, 0);
    o.distance = [&](auto, auto shown, auto) -> Result<double> {
        looks += !is_grey(shown);
        return is_grey(shown) ? 0.5 : 0.7;
    };
    EXPECT_EQ(kinds(test_encode(*model_, o, 29)), std::vector{BaseKind::av1});
    EXPECT_EQ(looks, 1);
}

// No neural picture fits the cap, and that does not fail the GOP whose AV1 base does.
TEST_F(Choice, ACapThatOnlyOneBaseMeetsIsMet) {
    EncoderOptions o = options(1.0, 0.9);
    o.base_coder = nullptr;
    grey_.bytes = 1;
    o.rate.maxrate = 1400;
    auto neural = Encoder::make(*model_, o).value();
    for (int i = 0; i < 29; ++i) {
        ASSERT_TRUE(neural->send(test_picture(kSize, i), static_cast<uint64_t>(i)).ok());
    }
    neural->flush();
    ASSERT_EQ(neural->receive().status().code(), Code::quality);
    o.base_coder = &grey_;
    EXPECT_EQ(kinds(test_encode(*model_, o, 29)), std::vector{BaseKind::av1});
}

TEST_F(Choice, TheWantedRateHoldsAcrossBases) {
    model_ = without_hybrid(23);
    EncoderOptions o = options(0, 0);
    o.scene_cuts = true;
    o.base_scale = 1;
    o.rate = {RateOptions::Mode::bpp, 1.0, 0};
    o.distance = [](auto original, auto shown, auto) -> Result<double> {
        return is_grey(shown) == (mean(original) < 0.5f) ? 1.0 : 0.5;
    };
    const int frames = 6 * 29;
    const auto encoding = test_encode(
        *model_, o, frames, [](int i) { return test_picture(kSize, i, i / 58 == 1 ? 2 : 0); });
    const auto found = kinds(encoding);
    EXPECT_TRUE(std::count(found.begin(), found.end(), BaseKind::av1) >= 2);
    EXPECT_TRUE(std::count(found.begin(), found.end(), BaseKind::neural) >= 2);
    const double bpp = 8.0 * double(encoding.bytes()) / (64.0 * 64 * frames);
    EXPECT_NEAR(bpp, 1.0, 0.1);
}

TEST(JudgedPictures, AreInsideTheirGop) {
    EXPECT_EQ(judged_pictures(1), std::vector{0});
    EXPECT_EQ(judged_pictures(2), std::vector{1});
    EXPECT_EQ(judged_pictures(29), (std::vector{1, 2, 13, 14, 25, 26}));
    EXPECT_EQ(judged_pictures(300).size(), 10u);
    for (int count = 1; count <= 300; ++count) {
        const auto judged = judged_pictures(count);
        ASSERT_FALSE(judged.empty());
        EXPECT_TRUE(std::is_sorted(judged.begin(), judged.end()));
        EXPECT_LT(judged.back(), count);
    }
}

}  // namespace
}  // namespace gvc::codec
