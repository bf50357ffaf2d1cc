#include "train/rate_bands.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/config.h"

namespace gvc::train {
namespace {

// A codec whose rate falls with the weight, at any quality.
double rate_at(double weight) { return 0.05 * std::pow(weight, -0.6); }

TEST(RateBands, WithoutTargetsWeightsAreNominal) {
    RateBands bands;
    for (int i = 0; i < 1000; ++i) bands.observe(10, 0.5);
    for (float qp : {0.0f, 10.0f, 31.0f})
        EXPECT_FLOAT_EQ(float(bands.weight(qp)), models::rate_weight(qp));
}

TEST(RateBands, EveryQualityLandsOnItsRate) {
    RateBands bands(0.03, 0.0024);
    for (int i = 0; i < 20000; ++i) {
        const double qp = i % 32;
        bands.observe(qp, rate_at(bands.weight(qp)));
    }
    EXPECT_NEAR(rate_at(bands.weight(0)), 0.03, 0.003);
    EXPECT_NEAR(rate_at(bands.weight(15.5)), std::sqrt(0.03 * 0.0024), 0.001);
    EXPECT_NEAR(rate_at(bands.weight(31)), 0.0024, 0.0003);
}

TEST(RateBands, AreBounded) {
    RateBands bands(0.03, 0.0024);
    for (int i = 0; i < 20000; ++i) bands.observe(31, 0.0);
    EXPECT_GT(bands.weight(31), models::rate_weight(31) / 7);
}

TEST(RateBands, GoOnFromTheirState) {
    RateBands bands(0.03, 0.0024), again(0.03, 0.0024);
    for (int i = 0; i < 100; ++i) bands.observe(20, 0.1);
    again.restore(bands.state());
    EXPECT_NEAR(again.weight(20), bands.weight(20), 1e-4 * bands.weight(20));
    EXPECT_GT(again.weight(20), models::rate_weight(20));
    again.restore("nonsense");
    again.restore("1 2 3 4 5000");
    EXPECT_NEAR(again.weight(20), bands.weight(20), 1e-4 * bands.weight(20));
}

}  // namespace
}  // namespace gvc::train
