#include "train/plot.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gvc::train {
namespace {

class PlotTest : public ::testing::Test {
  protected:
    ~PlotTest() override { std::filesystem::remove(path_); }
    void write(const std::string& text) const { std::ofstream(path_) << text; }

    const std::string path_ =
        (std::filesystem::temp_directory_path() / ("gvc_plot_" + std::to_string(::getpid())))
            .string();
};

size_t count(const std::string& text, const std::string& what) {
    size_t n = 0;
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
    return n;
}

TEST_F(PlotTest, DrawsWhatIsThere) {
    write(R"({"stage":"key","seconds":60,"loss":0.5,"key_lpips_alex":0.4,"bpp":0.2}
{"stage":"key","seconds":120,"loss":0.4,"key_lpips_alex":0.3,"bpp":0.1}
{"stage":"chunk","seconds":60,"loss":0.3,"key_lpips_alex":0.2,"chunk_lpips_alex":0.3}
not a line of the log
{"stage":"chunk","seco)");
    const auto svg = plot_training({path_});
    ASSERT_TRUE(svg.ok()) << svg.status().message();
    EXPECT_EQ(svg->rfind("<svg xmlns=", 0), 0u);
    EXPECT_EQ(count(*svg, "<svg "), 1u + 3u);     // loss, LPIPS, bits of keyframes
    EXPECT_EQ(count(*svg, "class=\"line "), 4u);  // of which one has two lines
    EXPECT_NE(svg->find("minutes"), std::string::npos);
    // The same run twice, one behind the other.
    const auto twice = plot_training({path_, path_});
    ASSERT_TRUE(twice.ok());
    EXPECT_GT(twice->size(), svg->size());
}

TEST_F(PlotTest, NothingToDrawIsSaid) {
    EXPECT_EQ(plot_training({path_ + ".none"}).status().code(), Code::input);
    write("\n{}\n[1]\n");
    EXPECT_EQ(plot_training({path_}).status().code(), Code::input);
}

}  // namespace
}  // namespace gvc::train
