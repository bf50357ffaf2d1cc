#include "eval/pooling.h"

#include <gtest/gtest.h>

#include <limits>
#include <numeric>

namespace gvc::eval {
namespace {

TEST(Pooling, WorstIsOnTheBadSide) {
    const std::vector<double> values = {3, 1, 2, 5, 4};
    const Pooled high = pool(values, true);
    EXPECT_EQ(high.mean, 3);
    EXPECT_EQ(high.median, 3);
    EXPECT_EQ(high.worst, 1);
    EXPECT_EQ(high.worst_index, 1u);
    const Pooled low = pool(values, false);
    EXPECT_EQ(low.worst, 5);
    EXPECT_EQ(low.worst_index, 3u);
}

TEST(Pooling, PercentileIsInterpolated) {
    std::vector<double> values(101);
    std::iota(values.begin(), values.end(), 0.0);
    EXPECT_DOUBLE_EQ(pool(values, true).percentile1, 1);
    EXPECT_DOUBLE_EQ(pool(values, false).percentile1, 99);
    EXPECT_DOUBLE_EQ(pool({0, 100}, true).percentile1, 1);
    EXPECT_DOUBLE_EQ(pool({0, 1, 2, 3}, true).median, 1.5);
}

TEST(Pooling, OneValueIsEverything) {
    const Pooled p = pool({7}, true);
    EXPECT_EQ(p.mean, 7);
    EXPECT_EQ(p.median, 7);
    EXPECT_EQ(p.worst, 7);
    EXPECT_EQ(p.percentile1, 7);
}

TEST(Pooling, InfinityStaysInfinity) {
    const double inf = std::numeric_limits<double>::infinity();
    const Pooled p = pool({inf, inf, inf, inf}, true);
    EXPECT_EQ(p.mean, inf);
    EXPECT_EQ(p.median, inf);
    EXPECT_EQ(p.percentile1, inf);
}

}  // namespace
}  // namespace gvc::eval
