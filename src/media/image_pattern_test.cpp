#include "media/image_pattern.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace gvc::media {
namespace {

TEST(ImagePattern, ParsesOneNumberOnly) {
    EXPECT_EQ(ImagePattern::parse("a%d.png")->path(7), "a7.png");
    EXPECT_EQ(ImagePattern::parse("a%05d.png")->path(12), "a00012.png");
    EXPECT_EQ(ImagePattern::parse("100%%/%03d.png")->path(1234), "100%/1234.png");
    for (const char* bad :
         {"a.png", "%s.png", "%d%d.png", "%5d.png", "%0d.png", "%", "%05", "%n"}) {
        EXPECT_FALSE(ImagePattern::parse(bad)) << bad;
    }
}

TEST(ImagePattern, FindsTheFirstNumber) {
    char name[] = "/tmp/gvc_pattern_XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    const std::string folder = name;
    const auto pattern = *ImagePattern::parse(folder + "/f%03d.png");
    EXPECT_FALSE(pattern.first_existing());
    for (const char* file :
         {"f120.png", "f042.png", "f7.png", "f001.jpg", "g002.png", "f-01.png"}) {
        std::ofstream(folder + "/" + file) << "x";
    }
    EXPECT_EQ(pattern.first_existing(), 42);
    EXPECT_FALSE(ImagePattern::parse(folder + "/none/%d.png")->first_existing());
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace gvc::media
