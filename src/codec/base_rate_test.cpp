// Rate control of the hybrid base against a made-up codec.
#include "codec/base_rate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <vector>

namespace gvc::codec {
namespace {

using Mode = RateOptions::Mode;

constexpr double kPixels = 864 * 480, kFrameSeconds = 0.04;
constexpr double kFileBits = 8 * 27, kEntryBits = 8 * 4;  // a file's end, and its index by the GOP

// Bits that fall by the same share from one quantiser to the next, a little more at the coarse end;
// every GOP has a scene of its own. bpp: of a full GOP of the plainest scene at crf 50.
struct FakeBase {
    double bpp = 0.01, slope = 0.075;

    double bits(int gop, int frames, double crf) const {
        constexpr double kScenes[] = {1.0, 1.4, 0.8, 2.0, 1.1, 0.6};
        const double keyframe = 9, length = (frames - 1 + keyframe) / (28 + keyframe);
        const double bend = 0.0006 * (crf - 50) * std::abs(crf - 50);
        return kPixels * 29 * bpp * kScenes[gop % 6] * length *
                   std::exp(-slope * (crf - 50) - bend) +
               8 * 40;
    }
};

struct Outcome {
    double bpp = 0, bits_per_second = 0;
    double largest_gop = 0;  // bits
    std::vector<int> crfs, tries;
};

Outcome code(const RateOptions& options, const FakeBase& base, const std::vector<int>& gops) {
    BaseRateControl control(options, kPixels, kFrameSeconds);
    Outcome out;
    double total = kFileBits, frames = 0;
    for (size_t g = 0; g < gops.size(); ++g) {
        control.begin(gops[g], gops[g] * kFrameSeconds, g + 1 == gops.size());
        const auto bits = [&](double crf) { return base.bits(static_cast<int>(g), gops[g], crf); };
        int tries = 1;
        while (!control.tried(bits(control.crf()))) ++tries;
        out.crfs.push_back(control.best());
        out.tries.push_back(tries);
        const double spent = bits(control.best());
        control.commit(spent);
        out.largest_gop = std::max(out.largest_gop, spent);
        total += spent + kEntryBits;
        frames += gops[g];
    }
    out.bpp = total / (frames * kPixels);
    out.bits_per_second = total / (frames * kFrameSeconds);
    return out;
}

TEST(BaseRate, FixedQuantisersAreThoseAskedFor) {
    for (int crf : {1, 2, 37, 62, 63}) {
        const Outcome out = code({Mode::crf, static_cast<double>(crf), 0}, {}, {29, 29, 3});
        EXPECT_EQ(out.crfs, std::vector<int>(3, crf));
        EXPECT_EQ(out.tries, std::vector<int>(3, 1));
    }
    EXPECT_EQ(code({Mode::crf, 0, 0}, {}, {29}).crfs[0], BaseRateControl::kFinest);
    for (int qp : {0, 13, 31}) {  // two steps of crf each
        const Outcome out = code({Mode::qp, static_cast<double>(qp), 0}, {}, {29, 1});
        EXPECT_EQ(out.crfs, std::vector<int>(2, 2 * qp + 1));
        EXPECT_EQ(out.tries, std::vector<int>(2, 1));
    }
    BaseRateControl control({Mode::crf, 40, 0}, kPixels, kFrameSeconds);
    control.begin(29, 1.16, false);
    EXPECT_FALSE(control.budget());
    EXPECT_TRUE(control.tried(1e9));
    EXPECT_TRUE(control.within_cap());
    EXPECT_TRUE(control.meets_budget());
}

TEST(BaseRate, MeetsTheRate) {
    const std::vector<int> six = {29, 29, 29, 29, 29, 29}, mixed = {29, 8, 29, 15, 29, 29};
    for (double slope : {0.055, 0.075, 0.1}) {
        for (double level : {0.006, 0.01, 0.03}) {
            for (double bpp : {0.006, 0.012, 0.03}) {
                const FakeBase base{level, slope};
                // Out of this codec's reach in some scene?
                if (base.bits(3, 29, 62) > 0.5 * bpp * kPixels * 29) continue;
                const std::string what = "slope " + std::to_string(slope) + ", level " +
                                         std::to_string(level) + ", bpp " + std::to_string(bpp);
                const RateOptions by_bpp{Mode::bpp, bpp, 0};
                EXPECT_NEAR(code(by_bpp, base, six).bpp / bpp, 1, 0.05) << what;
                EXPECT_NEAR(code(by_bpp, base, mixed).bpp / bpp, 1, 0.05) << what;
                EXPECT_NEAR(code(by_bpp, base, {29, 29}).bpp / bpp, 1, 0.10) << what;
                const double rate = bpp * kPixels / kFrameSeconds;
                const RateOptions by_rate{Mode::bitrate, rate, 0};
                EXPECT_NEAR(code(by_rate, base, six).bits_per_second / rate, 1, 0.05) << what;
                EXPECT_NEAR(code(by_rate, base, {29, 29}).bits_per_second / rate, 1, 0.10) << what;
            }
        }
    }
}

// Nothing follows that makes up for a long GOP's bits, nor for the last one's: a whole step of the
// quantiser would miss by up to 6 %.
TEST(BaseRate, MeetsTheRateWithOneGop) {
    for (double slope : {0.055, 0.075, 0.1}) {
        for (double bpp : {0.007, 0.008, 0.0095, 0.012}) {
            const FakeBase base{0.01, slope};
            EXPECT_NEAR(code({Mode::bpp, bpp, 0}, base, {29}).bpp / bpp, 1, 0.02) << slope;
            BaseRateControl control({Mode::bpp, bpp, 0}, kPixels, kFrameSeconds);
            control.begin(240, 9.6, false, true);
            const auto bits = [&](double crf) { return 8 * base.bits(0, 29, crf); };
            while (!control.tried(bits(control.crf()))) {
            }
            EXPECT_NEAR(bits(control.best()) / *control.budget(), 1, 0.02) << slope;
        }
    }
}

TEST(BaseRate, TriesLessInAHurry) {
    const auto sum = [](const std::vector<int>& tries) {
        return std::accumulate(tries.begin(), tries.end(), 0);
    };
    const std::vector<int> gops(18, 29);
    for (double slope : {0.055, 0.1}) {
        RateOptions options{Mode::bpp, 0.012, 0};
        const Outcome calm = code(options, {0.01, slope}, gops);
        options.hurry = true;
        const Outcome hurried = code(options, {0.01, slope}, gops);
        EXPECT_LT(sum(hurried.tries), sum(calm.tries)) << slope;
        EXPECT_NEAR(hurried.bpp / 0.012, 1, 0.05) << slope;
        EXPECT_NEAR(code(options, {0.01, slope}, {29, 29}).bpp / 0.012, 1, 0.10) << slope;
    }
}

TEST(BaseRate, NeverMoreThanSixTriesAGop) {
    for (double slope : {0.02, 0.075, 0.3}) {
        for (double level : {0.0005, 0.01, 0.2}) {
            for (const RateOptions& options :
                 {RateOptions{Mode::bpp, 0.01, 0}, RateOptions{Mode::bpp, 0.01, 90e3},
                  RateOptions{Mode::bitrate, 30e3, 20e3}, RateOptions{Mode::crf, 20, 60e3}}) {
                const Outcome out = code(options, {level, slope}, {29, 5, 29, 29, 1, 29});
                for (int tries : out.tries) EXPECT_LE(tries, 6) << slope << " " << level;
            }
        }
    }
}

TEST(BaseRate, TheCapHoldsWhereverItCan) {
    const double cap = 150e3, most = cap * 29 * kFrameSeconds;
    for (double slope : {0.055, 0.075, 0.1}) {
        for (double level : {0.006, 0.01, 0.03}) {
            const FakeBase base{level, slope};
            if (base.bits(3, 29, BaseRateControl::kCoarsest) > 0.9 * most) continue;
            for (const RateOptions& options :
                 {RateOptions{Mode::crf, 5, cap}, RateOptions{Mode::qp, 5, cap},
                  RateOptions{Mode::bpp, 0.1, cap}, RateOptions{Mode::bitrate, 140e3, cap}}) {
                const Outcome out = code(options, base, {29, 29, 29, 29, 29, 29});
                EXPECT_LE(out.largest_gop, most) << slope << " " << level;
                EXPECT_GT(out.largest_gop, 0.6 * most) << slope << " " << level;
            }
        }
    }
}

TEST(BaseRate, ACapThatIsNotReachedChangesNothing) {
    const FakeBase base;
    const std::vector<int> gops = {29, 29, 29};
    EXPECT_EQ(code({Mode::crf, 55, 1e9}, base, gops).crfs,
              code({Mode::crf, 55, 0}, base, gops).crfs);
    EXPECT_EQ(code({Mode::bpp, 0.01, 1e9}, base, gops).crfs,
              code({Mode::bpp, 0.01, 0}, base, gops).crfs);
}

TEST(BaseRate, SaysWhenEvenTheCoarsestQuantiserBreaksTheCap) {
    BaseRateControl control({Mode::crf, 30, 10e3}, kPixels, kFrameSeconds);
    const double most = 10e3 * 29 * kFrameSeconds;
    control.begin(29, 1.16, false);
    const auto try_all = [&](double at_coarsest) {
        while (!control.tried(at_coarsest *
                              std::exp(0.05 * (BaseRateControl::kCoarsest - control.crf())))) {
        }
    };
    try_all(2 * most);
    EXPECT_EQ(control.best(), BaseRateControl::kCoarsest);
    EXPECT_FALSE(control.within_cap());
    control.shorten();  // with fewer frames it fits
    EXPECT_EQ(control.crf(), BaseRateControl::kCoarsest);
    try_all(0.9 * most);
    EXPECT_TRUE(control.within_cap());
    control.commit(0.9 * most);
    // What was left of the cap is less than what a GOP adds: the next one has all of it again.
    control.begin(29, 1.16, false);
    EXPECT_EQ(control.crf(), 30);
    try_all(0.99 * most);
    EXPECT_TRUE(control.within_cap());
    control.commit(0.99 * most);
    // A short GOP behind it has only what its own time brings.
    control.begin(5, 0.2, false);
    try_all(0.5 * most);
    EXPECT_FALSE(control.within_cap());
    control.commit(0);
    control.begin(29, 1.16, true);
    try_all(most);
    EXPECT_TRUE(control.within_cap());
}

TEST(BaseRate, SaysWhenEvenTheCoarsestQuantiserExceedsTheBudget) {
    const double wanted = 0.002 * kPixels * 29;
    BaseRateControl control({Mode::bpp, 0.002, 0}, kPixels, kFrameSeconds);
    control.begin(29, 1.16, false);
    ASSERT_TRUE(control.budget());
    EXPECT_NEAR(*control.budget() / wanted, 1, 0.05);
    const auto meets = [&](double at_coarsest) {
        BaseRateControl copy = control;  // as the encoder tries its sizes
        while (
            !copy.tried(at_coarsest * std::exp(0.08 * (BaseRateControl::kCoarsest - copy.crf())))) {
        }
        return copy.meets_budget();
    };
    EXPECT_FALSE(meets(1.5 * wanted));
    EXPECT_FALSE(meets(1.1 * wanted));
    EXPECT_TRUE(meets(1.0 * wanted));
    EXPECT_TRUE(meets(0.3 * wanted));
}

// A GOP that took too much is paid back by those behind it.
TEST(BaseRate, LaterGopsPayForEarlierOnes) {
    BaseRateControl control({Mode::bpp, 0.01, 0}, kPixels, kFrameSeconds);
    control.begin(29, 1.16, false);
    const double first = *control.budget();
    control.tried(1.4 * first);
    control.commit(1.4 * first);
    control.begin(29, 1.16, false);
    EXPECT_LT(*control.budget(), 0.8 * first);
    EXPECT_GT(*control.budget(), 0.39 * first);
    control.tried(0.3 * first);
    control.commit(0.3 * first);
    control.begin(29, 1.16, false);
    EXPECT_GT(*control.budget(), 1.1 * first);
    EXPECT_LT(*control.budget(), 1.61 * first);
}

}  // namespace
}  // namespace gvc::codec
