#include "codec/block_descent.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gvc::codec {
namespace {

constexpr size_t kRows = 4, kColumns = 8;  // two blocks
constexpr size_t kPositions = kRows * kColumns;

size_t block(size_t position) { return position % kColumns / 4; }

// Steps of 1 from 0 towards `target`, which the first block reaches slowly and the second one
// overshoots at once.
struct Bowl {
    double target, steepness;
};

void look(BlockDescent& descent, const std::vector<Bowl>& bowls, std::vector<double>& costs,
          std::vector<float>& gradient) {
    costs.assign(bowls.size(), 0);
    gradient.assign(kPositions, 0);
    for (size_t i = 0; i < kPositions; ++i) {
        const Bowl& bowl = bowls[block(i)];
        const double d = static_cast<double>(descent.values()[i]) - bowl.target;
        costs[block(i)] += bowl.steepness * d * d;
        gradient[i] = static_cast<float>(2 * bowl.steepness * d);
    }
}

TEST(BlockDescentTest, EachBlockGoesItsOwnWayDown) {
    BlockDescent descent(std::vector<float>(kPositions), kRows, kColumns, 1.0f, 1e-6f);
    ASSERT_EQ(descent.blocks(), 2u);
    const std::vector<Bowl> bowls = {{5.0, 0.01}, {0.1, 100.0}};
    std::vector<double> costs;
    std::vector<float> gradient;
    for (int step = 0; step < 20; ++step) {
        look(descent, bowls, costs, gradient);
        descent.found(costs, gradient);
    }
    for (size_t i = 0; i < kPositions; ++i)
        EXPECT_NEAR(descent.best()[i], bowls[block(i)].target, block(i) ? 0.1 : 1.0) << i;
}

TEST(BlockDescentTest, WhatGotWorseIsTakenBack) {
    BlockDescent descent(std::vector<float>(kPositions), kRows, kColumns, 1.0f, 0.0f);
    const std::vector<float> gradient(kPositions, 1.0f);
    descent.found(std::vector<double>{1, 1}, gradient);
    EXPECT_EQ(descent.values().front(), -1.0f);
    descent.found(std::vector<double>{2, 0.5}, gradient);
    EXPECT_EQ(descent.best()[0], 0.0f);
    EXPECT_EQ(descent.best()[4], -1.0f);
    EXPECT_EQ(descent.values()[0], -0.5f);        // from where it was, half as far
    EXPECT_FLOAT_EQ(descent.values()[4], -2.2f);  // on, a little further
    descent.found_last(std::vector<double>{0.5, 0.6});
    EXPECT_EQ(descent.best()[0], -0.5f);
    EXPECT_EQ(descent.best()[4], -1.0f);
}

// Not a number is no better than anything.
TEST(BlockDescentTest, NeverTakesWhatIsNoNumber) {
    BlockDescent descent(std::vector<float>(kPositions), kRows, kColumns, 1.0f, 0.0f);
    descent.found(std::vector<double>{1, 1}, std::vector<float>(kPositions, 1.0f));
    descent.found_last(std::vector<double>{NAN, 0.5});
    EXPECT_EQ(descent.best()[0], 0.0f);
    EXPECT_EQ(descent.best()[4], -1.0f);
}

}  // namespace
}  // namespace gvc::codec
