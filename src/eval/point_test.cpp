// Points, results and their other shapes.
#include "eval/point.h"

#include <gtest/gtest.h>

#include <cmath>

#include "eval/export.h"
#include "eval/results.h"

namespace gvc::eval {
namespace {

Point example() {
    Point p;
    p.clip = "dog, \"ball\"";
    p.codec = "x265_closed";
    p.kind = "x265";
    p.scale = 0.5;
    p.quantiser = 41.25;
    p.width = 854;
    p.height = 480;
    p.frames = 58;
    p.fps = 25;
    p.every = 5;
    p.bytes = 23779;
    p.encode_s = 12.5;
    p.encode_peak = 5'000'000'000;
    p.encoder = "libx265";
    p.commands = {"ffmpeg -i 'a b' out"};
    p.metrics = {{"psnr_rgb", "dB", "RGB", true, INFINITY, 30, 29, 25, 24, 35, {24, INFINITY}}};
    p.pictures = {{35, "/cache/x-35.jpg"}};
    return p;
}

TEST(Point, ComesBackFromItsLine) {
    const Point p = example();
    const auto value = JsonValue::parse(point_line(p));
    ASSERT_TRUE(value.ok()) << value.status().message();
    const auto read = read_point(*value);
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(point_line(*read), point_line(p));
    EXPECT_EQ(read->encode_peak, 5'000'000'000u);
    EXPECT_TRUE(std::isinf(read->metrics[0].overall)) << "JSON has no infinity";
    EXPECT_EQ(read->metrics[0].values, p.metrics[0].values);
    EXPECT_NEAR(p.bpp(), 8 * 23779.0 / (854.0 * 480 * 58), 1e-12);
    EXPECT_NEAR(p.kbps(), 8e-3 * 23779 * 25 / 58, 1e-9);
}

TEST(Point, RefusesOtherObjects) {
    for (const char* text : {"{}", R"({"v":2,"type":"point"})", R"({"v":1,"type":"clip"})",
                             R"({"v":1,"type":"point","clip":"a","codec":"b"})"}) {
        EXPECT_FALSE(read_point(*JsonValue::parse(text)).ok()) << text;
    }
}

TEST(Anchors, AreRead) {
    const auto points = read_anchors(
        R"({"clip": "public/480p/cups", "codec": "x265half_closed", "q": 40, "bytes": 1000,)"
        R"( "width": 100, "height": 80, "frames": 10, "every": 5, "enc_s": 2, "psnr_rgb": 30,)"
        R"( "psnr_rgb_global": 29.5, "msssim": 0.9, "lpips_alex": 0.25})"
        "\n\n");
    ASSERT_TRUE(points.ok()) << points.status().message();
    ASSERT_EQ(points->size(), 1u);
    const Point& p = (*points)[0];
    EXPECT_EQ(p.clip, "cups");
    EXPECT_EQ(p.codec, "x265_closed");
    EXPECT_EQ(p.scale, 0.5);
    EXPECT_TRUE(p.imported);
    EXPECT_EQ(p.find("psnr_rgb")->mean, 30);
    EXPECT_EQ(p.find("psnr_rgb")->overall, 29.5);
    EXPECT_EQ(p.find("ms_ssim"), nullptr) << "who knows on what it was computed";
    EXPECT_TRUE(p.find("psnr_rgb")->higher_is_better);
    EXPECT_FALSE(p.find("lpips_alex")->higher_is_better);
    const auto broken = read_anchors("{}\n");
    EXPECT_NE(broken.status().message().find("line 1"), std::string::npos);
}

TEST(Results, ComeBackFromTheirLines) {
    Results r;
    r.name = "quick";
    r.anchor = "x265_closed";
    r.compare_by = "lpips_alex";
    r.rates = {0.005, 0.01};
    r.codecs = {"gvc", "x265_closed"};
    const ClipInfo clip{"cups",
                        "cups.mkv",
                        "abc",
                        854,
                        480,
                        58,
                        25,
                        {{0, "0.jpg"}},
                        {{"vos_jf", "", "masks", true, 0.9, 0.9, 0.9, 0.8, 0.7, 5, {1, 0.7}}}};
    const Failure failure{"cups", "vvenc", "vvencapp is not installed", 5};
    const auto read = read_results(header_line(r) + "\n" + point_line(example()) + "\n" +
                                   clip_line(clip) + "\n" + failure_line(failure) + "\n");
    ASSERT_TRUE(read.ok()) << read.status().message();
    EXPECT_EQ(header_line(*read), header_line(r));
    EXPECT_EQ(clip_line(read->clips.at(0)), clip_line(clip));
    EXPECT_EQ(failure_line(read->failures.at(0)), failure_line(failure));
    EXPECT_EQ(read->points.size(), 1u);
    for (const char* text : {"", "{}\n", "x\n", "{\"v\":1,\"type\":\"clip\"}\n"}) {
        EXPECT_EQ(read_results(text).status().code(), Code::input) << text;
    }
}

TEST(Csv, QuotesWhatMustBe) {
    Results r;
    r.points = {example()};
    const std::string text = csv_text(r);
    EXPECT_NE(text.find("\"dog, \"\"ball\"\"\",x265_closed,-,0.5,41.25,23779,"), std::string::npos)
        << text;
    EXPECT_NE(text.find(",psnr_rgb\r\n"), std::string::npos);
}

TEST(Csv, OfOneComparison) {
    Comparison c;
    c.results.push_back({{"psnr_y", "dB", "", true, false, 1}, {{30, 31}, 30.5}, {}});
    c.results.push_back({{"tlpips_alex", "", "", false, true, 1}, {{0.1}, 0.1}, {}});
    EXPECT_EQ(csv_text(c, 5), "frame,psnr_y,tlpips_alex\r\n0,30,0.1\r\n5,31,\r\n");
}

TEST(VmafJson, HasFramesAndPooledValues) {
    Comparison c;
    c.results.push_back({{"psnr_y", "dB", "", true, false, 1}, {{1, 3}, 2}, {2, 2, 1, 0, 1}});
    const auto value = JsonValue::parse(vmaf_json(c, 5));
    ASSERT_TRUE(value.ok());
    EXPECT_EQ(value->find("frames")->items()[1].number("frameNum"), 5);
    EXPECT_EQ(value->find("frames")->items()[1].find("metrics")->number("psnr_y"), 3);
    const JsonValue* pooled = value->find("pooled_metrics")->find("psnr_y");
    EXPECT_EQ(pooled->number("min"), 1);
    EXPECT_EQ(pooled->number("max"), 3);
    EXPECT_NEAR(pooled->number("harmonic_mean"), 2 / (1 / 2.0 + 1 / 4.0) - 1, 1e-5);
}

TEST(CompressAi, HasAFileACodec) {
    Results r;
    r.name = "quick";
    r.compare_by = "psnr_rgb";
    r.rates = {0.008};
    r.codecs = {"x265_closed"};
    Point p = example();
    p.metrics[0].mean = p.metrics[0].overall = 30;
    r.points = {p};
    r.rates = {p.bpp()};
    const auto files = compressai_files(r);
    ASSERT_EQ(files.size(), 1u);
    EXPECT_EQ(files[0].first, "x265_closed.json");
    const auto value = JsonValue::parse(files[0].second);
    ASSERT_TRUE(value.ok());
    EXPECT_NEAR(value->find("results")->numbers("bpp").at(0), p.bpp(), 1e-6);
    EXPECT_EQ(value->find("results")->numbers("psnr-rgb").at(0), 30);
}

}  // namespace
}  // namespace gvc::eval
