#include "report/report.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/file_io.h"
#include "report/chart.h"
#include "report/html.h"

namespace gvc::report {
namespace {

size_t count(const std::string& text, const std::string& part) {
    size_t n = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
}

eval::Point point(const std::string& codec, double bpp, double lpips, double asked) {
    eval::Point p;
    p.clip = "a<b";
    p.codec = codec;
    p.kind = asked > 0 ? "gvc" : "x265";
    p.quantiser = asked;
    p.width = 100;
    p.height = 80;
    p.frames = 10;
    p.bytes = static_cast<uint64_t>(std::lround(bpp * 100 * 80 * 10 / 8));
    p.encode_s = 2;
    p.decode_s = 1;
    p.encode_peak = 100 << 20;
    p.commands = {"encode <x>"};
    p.metrics.push_back(
        {"lpips_alex", "", "RGB", false, lpips, lpips, 0, 0, 0.5, 5, {lpips, lpips + 0.01}});
    return p;
}

eval::Results example() {
    eval::Results r;
    r.name = "test & more";
    r.anchor = "x265";
    r.compare_by = "lpips_alex";
    r.rates = {0.05};
    r.codecs = {"gvc", "x265"};
    r.clips.push_back({"a<b", "a.mkv", "0123456789abcdef0123", 100, 80, 10, 25, {}});
    r.points = {point("gvc", 0.05, 0.2, 0.05), point("x265", 0.03, 0.5, 0),
                point("x265", 0.1, 0.3, 0)};
    r.failures.push_back({"a<b", "vvenc", "vvencapp is not installed", 5});
    return r;
}

TEST(Report, HoldsEverySection) {
    const std::string page = make_report(example());
    EXPECT_EQ(page.find("{{"), std::string::npos) << "a mark that nothing filled";
    for (const char* part :
         {"<title>test &amp; more", "<svg", "a&lt;b", "lpips_alex", "encode &lt;x&gt;", "100 MiB",
          "vvencapp is not installed", "panel-lpips_alex", "0123456789abcdef<"}) {
        EXPECT_NE(page.find(part), std::string::npos) << part;
    }
    EXPECT_EQ(page.find("a<b"), std::string::npos) << "unescaped outside of the data";
}

TEST(Report, NeedsNothingElse) {
    const std::string page = make_report(example());
    for (const char* part : {"http://", "https://", "src=\"/", "<link", "@import", "url("}) {
        EXPECT_EQ(page.find(part), std::string::npos) << part;
    }
}

TEST(Report, PicturesOfEverySideMakeAScene) {
    const std::string file = testing::TempDir() + "/report_test.jpg";
    ASSERT_TRUE(write_text(file, "jpeg</script>").ok());
    eval::Results r = example();
    r.clips[0].pictures = {{0, file}, {5, file}};
    for (eval::Point& p : r.points) p.pictures = {{0, file}, {5, file}};
    const std::string page = make_report(r);
    EXPECT_EQ(count(page, "\"frame\":0"), 1u);
    EXPECT_EQ(count(page, "\"label\":\"original\""), 2u);
    EXPECT_NE(page.find("class=\"stage\""), std::string::npos);
    EXPECT_NE(page.find("Worst frames"), std::string::npos);
    // No picture of the original at frame 5: that frame is not offered.
    r.clips[0].pictures.pop_back();
    EXPECT_EQ(count(make_report(r), "\"label\":\"original\""), 1u);
}

TEST(Report, WorksWithOneCodecAndNoAnchor) {
    eval::Results r = example();
    r.anchor.clear();
    r.points.resize(1);
    EXPECT_NE(make_report(r).find("<svg"), std::string::npos);
}

TEST(Html, Base64) {
    const std::string file = testing::TempDir() + "/base64_test";
    const std::pair<const char*, const char*> cases[] = {
        {"", ""}, {"M", "TQ=="}, {"Ma", "TWE="}, {"Man", "TWFu"}, {"Man\xff", "TWFu/w=="}};
    for (const auto& [bytes, coded] : cases) {
        ASSERT_TRUE(write_text(file, bytes).ok());
        EXPECT_EQ(data_uri(file, "x/y"), std::string("data:x/y;base64,") + coded);
    }
    EXPECT_EQ(data_uri("/nonexistent", "x/y"), "");
}

TEST(Chart, TicksAreRound) {
    EXPECT_EQ(ticks(0, 10, 5), (std::vector<double>{0, 2, 4, 6, 8, 10}));
    EXPECT_EQ(log_ticks(0.004, 0.06).size(), 4u) << "0.005 0.01 0.02 0.05";
    for (const double tick : ticks(0.123, 0.456, 5)) {
        EXPECT_NEAR(tick * 20, std::round(tick * 20), 1e-9);
    }
}

TEST(Chart, OnePointIsDrawn) {
    const std::string text = svg({"t", "x", "y", true, {{"a", 0, false, true, {{0.01, 3}}}}});
    EXPECT_NE(text.find("<circle"), std::string::npos);
    EXPECT_EQ(text.find("nan"), std::string::npos);
    EXPECT_EQ(svg({"t", "x", "y", true, {}}), "");
}

}  // namespace
}  // namespace gvc::report
