#include "media/filtered_pair.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "media/picture_testonly.h"

namespace gvc::media {
namespace {

// FFmpeg's own PSNR of both inputs, frame by frame, in the order that was asked for.
TEST(FilteredPair, ComparesFrameByFrame) {
    const auto log = std::filesystem::temp_directory_path() / "gvc-filtered-pair.log";
    for (const int depth : {8, 10}) {
        const auto frames = test_frames(64, 48, depth, 4);
        auto pair = FilteredPair::create("psnr=stats_file=" + log.string(), frames[0]);
        ASSERT_TRUE(pair.ok()) << pair.status().message();
        for (size_t i = 0; i < 3; ++i) ASSERT_TRUE((*pair)->push(frames[i], frames[i + 1]).ok());
        ASSERT_TRUE((*pair)->finish().ok());
        std::ifstream in(log);
        std::string line;
        size_t i = 0;
        for (; std::getline(in, line); ++i) {
            const auto at = line.find("psnr_avg:");
            ASSERT_NE(at, std::string::npos) << line;
            ASSERT_LT(i, 3u);
            EXPECT_NEAR(std::stod(line.substr(at + 9)), frame_psnr(frames[i], frames[i + 1]), 0.01);
        }
        EXPECT_EQ(i, 3u);
        std::filesystem::remove(log);
    }
}

TEST(FilteredPair, SaysWhatIsMissingOrRefused) {
    const auto frames = test_frames(64, 48, 8, 1);
    const auto missing = FilteredPair::create("no_such_filter=x=1", frames[0]);
    EXPECT_EQ(missing.status().code(), Code::resources);
    EXPECT_NE(missing.status().message().find("no_such_filter"), std::string::npos);
    EXPECT_EQ(FilteredPair::create("psnr=nonsense=1", frames[0]).status().code(), Code::usage);
}

}  // namespace
}  // namespace gvc::media
