#include "eval/summary.h"

#include <gtest/gtest.h>

#include <cmath>

#include "eval/threshold.h"

namespace gvc::eval {
namespace {

// A point of a clip of 100x80, 10 frames, with an LPIPS and a PSNR.
Point point(const std::string& clip, const std::string& codec, double scale, double bpp,
            double lpips, double psnr, double asked = 0) {
    Point p;
    p.clip = clip;
    p.codec = codec;
    p.kind = asked > 0 ? "gvc" : "x265";
    p.scale = scale;
    p.quantiser = asked;
    p.width = clip == "large" ? 200 : 100;
    p.height = 80;
    p.frames = 100;
    p.bytes = static_cast<uint64_t>(std::lround(bpp * p.width * 80 * 100 / 8));
    p.metrics.push_back({"lpips_alex", "", "", false, lpips, lpips, 0, 0, 0, 0, {}});
    p.metrics.push_back({"psnr_rgb", "dB", "", true, psnr, psnr, 0, 0, 0, 0, {}});
    return p;
}

Results example() {
    Results r;
    r.name = "test";
    r.anchor = "x265";
    r.compare_by = "lpips_alex";
    r.rates = {0.01};
    r.codecs = {"gvc", "x265"};
    r.points = {
        point("small", "x265", 1, 0.008, 0.40, 28),
        point("small", "x265", 1, 0.032, 0.20, 32),
        point("small", "x265", 0.5, 0.004, 0.35, 27),
        point("small", "x265", 0.5, 0.016, 0.25, 29),
        point("large", "x265", 1, 0.02, 0.30, 30),
        point("large", "x265", 1, 0.08, 0.10, 34),
        point("small", "gvc", 1, 0.008, 0.15, 28, 0.01),
        point("large", "gvc", 1, 0.01, 0.20, 31, 0.01),
    };
    return r;
}

TEST(PointTable, TakesTheBetterScale) {
    const Results r = example();
    const PointTable table(r);
    ASSERT_EQ(table.contestants().size(), 2u);
    const Contestant x265{"x265"};
    const auto low = table.interpolate(x265, "small", 0.008);
    ASSERT_TRUE(low);
    EXPECT_EQ(low->scale, 0.5);
    EXPECT_NEAR(low->values.at("lpips_alex").mean, 0.30, 1e-9);
    EXPECT_NEAR(low->values.at("psnr_rgb").mean, 28, 1e-9) << "all metrics from one scale";
    EXPECT_EQ(table.interpolate(x265, "small", 0.03)->scale, 1);
    EXPECT_FALSE(table.interpolate(x265, "large", 0.01)) << "out of reach";
    // Of the curve, full size at 0.008 is beaten by half size.
    EXPECT_EQ(table.curve(x265, "small", "lpips_alex").size(), 3u);
}

TEST(PointTable, CurveHasNoPointThatACheaperOneBeats) {
    Results r = example();
    r.points.push_back(point("small", "x265", 0.5, 0.1, 0.22, 29.5));
    EXPECT_EQ(PointTable(r).curve({"x265"}, "small", "lpips_alex").size(), 3u);
}

TEST(Summary, RatioOfMeansOverSharedClips) {
    const Results r = example();
    const Summary s = summarise(r, PointTable(r));
    const RatioRow& row = s.ratios.at(0);
    EXPECT_EQ(row.metric, "lpips_alex");
    EXPECT_EQ(row.clips, 1u) << "the anchor does not reach 0.01 bpp on the other";
    EXPECT_NEAR(row.ratio, 0.5, 1e-6) << "0.15 at the rate that it took, against 0.30";
    EXPECT_NEAR(s.ratios.at(1).ratio, 0, 1e-6) << "decibels are a difference";
}

TEST(Summary, BothProtocols) {
    const Results r = example();
    const Summary s = summarise(r, PointTable(r));
    const ProtocolRow& gvc = s.protocols.at(0);
    EXPECT_EQ(gvc.clips, 2u);
    EXPECT_NEAR(gvc.paper_bpp, 0.009, 1e-9);
    EXPECT_NEAR(gvc.strict_bpp, (0.008 + 2 * 0.01) / 3, 1e-9);
    EXPECT_NEAR(gvc.values.at(0).paper, 0.175, 1e-9);
    EXPECT_NEAR(gvc.values.at(0).strict, (0.15 + 2 * 0.20) / 3, 1e-9);
    const double error = (std::pow(10, -2.8) + 2 * std::pow(10, -3.1)) / 3;
    EXPECT_NEAR(gvc.values.at(1).strict, -10 * std::log10(error), 1e-9);
    const ProtocolRow& x265 = s.protocols.at(1);
    EXPECT_EQ(x265.missed, (std::vector<std::string>{"large"}));
}

TEST(Summary, BandwidthAtEqualQuality) {
    const Results r = example();
    const Summary s = summarise(r, PointTable(r));
    const BandwidthRow& row = s.bandwidths.at(0);
    EXPECT_EQ(row.clips, 2u);
    EXPECT_EQ(row.above, 1u) << "0.15 on the small clip is better than all that was measured";
    EXPECT_NEAR(row.least, 4, 1e-6) << "at least 0.032 over 0.008";
    EXPECT_NEAR(row.most, 4, 1e-6) << "0.04 over 0.01";
    EXPECT_NE(summary_text(s).find("at least 4.00"), std::string::npos) << summary_text(s);
}

TEST(Summary, Thresholds) {
    const Results r = example();
    const Summary s = summarise(r, PointTable(r));
    const auto code = [&](const char* text) {
        const auto threshold = parse_suite_threshold(text);
        return threshold.ok() ? check_threshold(*threshold, s).code() : threshold.status().code();
    };
    EXPECT_EQ(code("lpips_alex.ratio>0.6"), Code::ok);
    EXPECT_EQ(code("lpips_alex>0.4"), Code::quality) << "the ratio is 0.5";
    EXPECT_EQ(code("lpips_alex.bandwidth<3"), Code::ok);
    EXPECT_EQ(code("lpips_alex.bandwidth<5"), Code::quality);
    EXPECT_EQ(code("lpips_alex.bd_rate>0"), Code::quality) << "one point has no delta";
    EXPECT_EQ(code("lpips_alex.worst>0"), Code::usage);
}

TEST(Summary, RateForComputation) {
    Results r = example();
    r.points.push_back(point("small", "gvc", 1, 0.016, 0.10, 30, 0.02));
    for (const auto& [bpp, lpips] : {std::pair(0.008, 0.25), {0.032, 0.05}}) {
        r.points.push_back(point("small", "gvc", 1, bpp, lpips, 29, bpp));
        r.points.back().steps = "0";
        r.points.back().decode_s = 4;
    }
    const Summary s = summarise(r, PointTable(r));
    ASSERT_EQ(s.computations.size(), 1u);
    EXPECT_EQ(s.computations[0].clips, 1u);
    EXPECT_NEAR(s.computations[0].times, 2, 1e-6) << "0.15 lies half way from 0.008 to 0.032";
    EXPECT_NEAR(s.computations[0].decode_fps, 25, 1e-9);
}

TEST(Summary, ShowsPublishedFiguresWithTheirSource) {
    Summary s;
    s.published = {{"theirs", "LPIPS", 0.008, 0.214, "Table 1"}};
    const std::string text = summary_text(s);
    EXPECT_NE(text.find("theirs at 0.008 bpp: LPIPS 0.214 (Table 1)"), std::string::npos) << text;
}

TEST(Summary, MasksBesideTheOriginals) {
    Results r = example();
    const auto scores = [](double jf, double recall) {
        std::vector<PointMetric> metrics;
        for (const char* name : {"vos_jf", "vos_j", "vos_f"}) {
            metrics.push_back({name, "", "", true, jf, jf, 0, 0, 0, 0, {}});
        }
        metrics.push_back({"vos_f_recall", "", "", true, recall, recall, 0, 0, 0, 0, {}});
        return metrics;
    };
    EXPECT_TRUE(summarise(r, PointTable(r)).vos.empty()) << "no masks";
    r.clips = {{"small", "", "", 0, 0, 0, 0, {}, scores(0.9, 1)},
               {"large", "", "", 0, 0, 0, 0, {}, scores(0.7, 0.9)}};
    for (Point& p : r.points) {
        for (PointMetric& m : scores(p.kind == "gvc" ? 0.6 : 0.1 + p.bpp(), 0.5)) {
            p.metrics.push_back(std::move(m));
        }
    }
    Summary s = summarise(r, PointTable(r));
    s.published = {{"the original in the paper", "J&F", 0, 87.7, "Table 2"}};
    ASSERT_EQ(s.vos.size(), 2u);
    EXPECT_EQ(s.vos[0].clips, 2u);
    EXPECT_NEAR(s.vos[0].value.jf, 0.6, 1e-9);
    EXPECT_NEAR(s.vos[0].original.jf, 0.8, 1e-9);
    EXPECT_NEAR(s.vos[0].original.f_recall, 0.95, 1e-9);
    EXPECT_EQ(s.vos[1].clips, 1u) << "x265 does not reach the rate on the large clip";
    EXPECT_NEAR(s.vos[1].original.jf, 0.9, 1e-9) << "so neither does the upper bound count it";
    EXPECT_NE(summary_text(s).find("87.7"), std::string::npos) << "beside the paper's";
}

}  // namespace
}  // namespace gvc::eval
