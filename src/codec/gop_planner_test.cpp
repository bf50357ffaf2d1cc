#include "codec/gop_planner.h"

#include <gtest/gtest.h>

#include "codec/stream_testonly.h"

namespace gvc::codec {
namespace {

constexpr PictureSize kSize{160, 90};

template <typename Picture>
std::vector<PlannedGop> plan(const PlannerOptions& options, int frames, Picture picture) {
    GopPlanner planner(options);
    std::vector<PlannedGop> gops;
    for (int i = 0; i <= frames; ++i) {
        if (i < frames) {
            planner.push(sketch(picture(i), kSize));
        } else {
            planner.flush();
        }
        while (auto gop = planner.next()) gops.push_back(*gop);
    }
    return gops;
}

std::vector<int> lengths(const std::vector<PlannedGop>& gops) {
    std::vector<int> out;
    for (const auto& gop : gops) out.push_back(gop.frames);
    return out;
}

using Lengths = std::vector<int>;

TEST(GopPlanner, StillsAndPansAreCutByLengthAlone) {
    const auto still = [](int) { return test_picture(kSize, 0); };
    EXPECT_EQ(lengths(plan({}, 61, still)), (Lengths{29, 29, 3}));
    for (double speed : {0.5, 3.0, 9.0}) {
        const auto pan = [&](int i) { return test_picture(kSize, i < 10 ? 0 : speed * (i - 10)); };
        EXPECT_EQ(lengths(plan({}, 58, pan)), (Lengths{29, 29})) << speed;
    }
}

TEST(GopPlanner, CutsEndGops) {
    const auto scenes = [](int i) { return test_picture(kSize, i, i < 12 ? 0 : i < 45 ? 1 : 5); };
    const auto gops = plan({}, 60, scenes);
    EXPECT_EQ(lengths(gops), (Lengths{12, 29, 4, 15}));
    EXPECT_FALSE(gops[2].last);
    EXPECT_TRUE(gops[3].last);
    const auto ends = [](const PlannedGop& gop) { return gop.scene_ends; };
    EXPECT_TRUE(ends(gops[0]) && !ends(gops[1]) && ends(gops[2]) && ends(gops[3]));
    EXPECT_EQ(lengths(plan({.scene_cuts = false}, 60, scenes)), (Lengths{29, 29, 2}));
}

TEST(GopPlanner, FlashesAreNotCuts) {
    const auto flashes = [](int i) {
        auto picture = test_picture(kSize, i);
        if (i == 7 || i == 15 || i == 16) {
            for (float& v : picture) v = 0.8f + 0.2f * v;
        }
        return picture;
    };
    EXPECT_EQ(lengths(plan({}, 29, flashes)), (Lengths{29}));
}

TEST(GopPlanner, KeyframesComeAtTheWantedDistance) {
    const auto still = [](int) { return test_picture(kSize, 0); };
    EXPECT_EQ(lengths(plan({.keyint = 10}, 25, still)), (Lengths{10, 10, 5}));
    const auto gops = plan({.keyint = 40}, 80, still);
    EXPECT_EQ(lengths(gops), (Lengths{29, 11, 29, 11}));
    EXPECT_TRUE(gops[0].key && !gops[1].key && gops[2].key && !gops[3].key);
    const auto endless = plan({.keyint = 1 << 30}, 29 * 10, still);
    for (size_t i = 0; i < endless.size(); ++i) EXPECT_EQ(endless[i].key, i % 8 == 0) << i;
    const auto tail = plan({.short_tail_chained = true}, 31, still);
    ASSERT_EQ(tail.size(), 2u);
    EXPECT_FALSE(tail[1].key);
}

}  // namespace
}  // namespace gvc::codec
