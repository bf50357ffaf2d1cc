#include "sampling/sampler.h"

#include <gtest/gtest.h>

namespace gvc::sampling {
namespace {

TEST(Schedule, GoesEvenlyDown) {
    EXPECT_EQ(schedule(0.5f, 1), (std::vector<float>{0.5f}));
    EXPECT_EQ(schedule(1.0f, 4), (std::vector<float>{1.0f, 0.75f, 0.5f, 0.25f}));
    EXPECT_EQ(schedule(0.0f, 1), (std::vector<float>{0.0f}));
}

TEST(Schedule, SeveralStepsStartFurtherOut) {
    EXPECT_EQ(start_time(0.0f, 1), 0.0f);
    EXPECT_EQ(start_time(0.1f, 1), 0.1f);
    EXPECT_EQ(start_time(0.0f, 4), 0.3f);
    EXPECT_EQ(start_time(0.6f, 4), 0.6f);
}

}  // namespace
}  // namespace gvc::sampling
