#include "eval/curve.h"

#include <gtest/gtest.h>

#include <cmath>

#include "eval/pchip.h"

namespace gvc::eval {
namespace {

Curve curve(const std::vector<double>& rates, const std::vector<double>& qualities) {
    std::vector<CurvePoint> points;
    for (size_t i = 0; i < rates.size(); ++i) points.push_back({rates[i], qualities[i]});
    return make_curve(std::move(points));
}

// The example of the bjontegaard package (FAU-LMS, BSD-3; x265 by FFmpeg), whose piecewise cubic
// form agrees with JVET's sheet; values from its formula with SciPy 1.10's PchipInterpolator.
const Curve kAnchor = curve({9487.76, 4593.60, 2486.44, 1358.24}, {40.037, 38.615, 36.845, 34.851});
const Curve kTest = curve({9787.80, 4469.00, 2451.52, 1356.24}, {40.121, 38.651, 36.970, 34.987});
const Curve kHighAnchor =
    curve({82472.76, 26875.24, 9487.76, 4593.6}, {43.825, 41.404, 40.037, 38.615});
const Curve kHighTest =
    curve({99896.96, 33952.04, 9787.8, 4469.0}, {44.731, 41.875, 40.121, 38.651});

TEST(BdRate, EqualsThePublishedPackage) {
    EXPECT_NEAR(*bd_rate(kAnchor, kTest, true), -4.417485351, 1e-8);
    EXPECT_NEAR(*bd_metric(kAnchor, kTest), 0.119692785, 1e-8);
    EXPECT_NEAR(*bd_rate(kHighAnchor, kHighTest, true), -4.472182003, 1e-8);
    EXPECT_NEAR(*bd_metric(kHighAnchor, kHighTest), 0.088874847, 1e-8);
}

TEST(BdRate, HalfTheRateIsMinusFifty) {
    const Curve anchor = curve({0.01, 0.02, 0.05}, {0.4, 0.3, 0.2});
    const Curve test = curve({0.005, 0.01, 0.025}, {0.4, 0.3, 0.2});
    EXPECT_NEAR(*bd_rate(anchor, test, false), -50, 1e-9) << "of a metric that falls";
    EXPECT_NEAR(*bd_rate(test, anchor, false), 100, 1e-9);
    EXPECT_NEAR(*bd_rate(curve({1, 2}, {30, 31}), curve({3, 6}, {30, 31}), true), 200, 1e-9);
}

TEST(BdRate, SaysWhyThereIsNone) {
    const Curve line = curve({1, 2, 4}, {30, 31, 32});
    for (const Curve& other :
         {curve({1}, {30}), curve({1, 2}, {40, 41}), curve({1, 2}, {31, 30})}) {
        EXPECT_EQ(bd_rate(line, other, true).status().code(), Code::quality);
    }
}

TEST(Pchip, IsSciPys) {
    // scipy.interpolate.PchipInterpolator([0, 1, 3, 4], [0, 2, 3, 7])
    const Pchip p({0, 1, 3, 4}, {0, 2, 3, 7});
    EXPECT_DOUBLE_EQ(p(1), 2);
    EXPECT_DOUBLE_EQ(p(4), 7);
    EXPECT_NEAR(p.integral(0, 4) - p.integral(0, 2) - p.integral(2, 4), 0, 1e-12);
}

TEST(Curve, InterpolatesInLogRate) {
    const Curve c = curve({0.04, 0.01}, {0.1, 0.3});
    EXPECT_NEAR(*quality_at(c, 0.02), 0.2, 1e-12);
    EXPECT_NEAR(*quality_at(c, 0.01), 0.3, 1e-12);
    EXPECT_TRUE(quality_at(c, 0.0099)) << "within 2 %";
    EXPECT_FALSE(quality_at(c, 0.0097));
    EXPECT_FALSE(quality_at(c, 0.042));
    EXPECT_FALSE(quality_at({}, 0.02));
}

TEST(Curve, RateAtAQuality) {
    const Curve c = curve({0.01, 0.04}, {0.3, 0.1});
    EXPECT_NEAR(rate_at(c, 0.2, false).rate, 0.02, 1e-12);
    EXPECT_EQ(rate_at(c, 0.2, false).kind, RateAnswer::Kind::exact);
    EXPECT_EQ(rate_at(c, 0.05, false).kind, RateAnswer::Kind::above);
    EXPECT_EQ(rate_at(c, 0.05, false).rate, 0.04);
    EXPECT_EQ(rate_at(c, 0.35, false).kind, RateAnswer::Kind::below);
    EXPECT_NEAR(rate_at(curve({1, 4}, {30, 34}), 32, true).rate, 2, 1e-12);
}

}  // namespace
}  // namespace gvc::eval
