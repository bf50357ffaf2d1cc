#include "eval/vmaf.h"

#include <gtest/gtest.h>

#include "media/picture_testonly.h"

namespace gvc::eval {
namespace {

TEST(Vmaf, ReadsLibvmafsLog) {
    // The shape that libvmaf 2.3 writes.
    const auto values = vmaf_of_log(R"({"version": "2.3.1", "fps": 12.5, "frames": [
        {"frameNum": 0, "metrics": {"integer_motion": 0.0, "vmaf": 83.5}},
        {"frameNum": 1, "metrics": {"integer_motion": 2.5, "vmaf": 71.25}}],
        "pooled_metrics": {"vmaf": {"min": 71.25, "max": 83.5, "mean": 77.375}},
        "aggregate_metrics": {}})");
    ASSERT_TRUE(values.ok()) << values.status().message();
    EXPECT_EQ(*values, (std::vector{83.5, 71.25}));
    for (const char* bad : {"", "{}", R"({"frames": []})", R"({"frames": [{"metrics": {}}]})"}) {
        EXPECT_EQ(vmaf_of_log(bad).status().code(), Code::input) << bad;
    }
}

// With libvmaf equal videos are nearly 100; without it the error names it.
TEST(Vmaf, IsMeasuredOrSaidToBeMissing) {
    const auto frames = media::test_frames(192, 192, 8, 3);
    const auto metric = make_vmaf(1);
    const Status pushed = metric->push({frames[0], frames[0]});
    if (!pushed.ok()) {
        EXPECT_EQ(pushed.code(), Code::resources);
        EXPECT_NE(pushed.message().find("libvmaf"), std::string::npos);
        return;
    }
    ASSERT_TRUE(metric->push({frames[1], frames[1]}).ok());
    const auto series = metric->finish();
    ASSERT_TRUE(series.ok()) << series.status().message();
    ASSERT_EQ(series->values.size(), 2u);
    EXPECT_GT(series->overall, 90);
}

}  // namespace
}  // namespace gvc::eval
