#include "eval/suite.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace gvc::eval {
namespace {

constexpr const char* kSmall = R"({
    "name": "small", "rates": [0.02, 0.005], "anchor": "x265_closed", "every": 5,
    "clips": ["a/b.mkv", {"file": "c.mkv", "name": "second", "start": 3, "frames": 29,
                             "masks": "c/masks"}],
    "codecs": [{"kind": "gvc", "options": ["--base", "av1"], "steps": ["-", "0"]},
               {"name": "x265_closed", "kind": "x265", "scales": [1, 0.5], "rates": [0.05]}]})";

std::string with(const std::string& from, const std::string& to) {
    std::string text = kSmall;
    return text.replace(text.find(from), from.size(), to);
}

TEST(Suite, ReadsWhatPeopleWrite) {
    const auto suite = parse_suite(kSmall);
    ASSERT_TRUE(suite.ok()) << suite.status().message();
    EXPECT_EQ(suite->rates, (std::vector<double>{0.005, 0.02})) << "sorted";
    EXPECT_EQ(suite->clips[0].name, "b");
    EXPECT_EQ(suite->clips[1].name, "second");
    EXPECT_EQ(suite->clips[1].frames, 29);
    EXPECT_EQ(suite->clips[1].masks, "c/masks");
    EXPECT_EQ(suite->codecs[0].name, "gvc");
    EXPECT_EQ(suite->codecs[0].rates, suite->rates) << "the suite's unless it has its own";
    EXPECT_EQ(suite->codecs[1].rates, (std::vector<double>{0.05}));
    EXPECT_EQ(suite->codecs[1].scales, (std::vector<double>{0.5, 1}));
    EXPECT_EQ(suite->codecs[1].gop, 29);
    EXPECT_EQ(suite->compare_by, "lpips_alex");
    EXPECT_FALSE(suite->metrics.empty());
}

TEST(Suite, PublishedFiguresNameTheirSource) {
    const auto suite = parse_suite(with("\"every\": 5", R"("published": [
        {"name": "a", "metric": "LPIPS", "bpp": 0.008, "value": 0.2, "source": "Table 1"}])"));
    ASSERT_TRUE(suite.ok()) << suite.status().message();
    ASSERT_EQ(suite->published.size(), 1u);
    EXPECT_EQ(suite->published[0].value, 0.2);
    const auto unsourced = parse_suite(
        with("\"every\": 5", R"("published": [{"name": "a", "metric": "b", "value": 1}])"));
    EXPECT_EQ(unsourced.status().code(), Code::usage);
}

TEST(Suite, NamesWhatIsWrong) {
    const std::pair<std::string, const char*> cases[] = {
        {with("\"every\"", "\"evry\""), "evry"},
        {with("[0.02, 0.005]", "[0.02, 0]"), "rates"},
        {with("[0.02, 0.005]", "[]"), "rates"},
        {with("\"anchor\": \"x265_closed\"", "\"anchor\": \"h264\""), "h264"},
        {with("\"kind\": \"x265\"", "\"kind\": \"h264\""), "h264"},
        {with("\"every\": 5", "\"every\": 0.5"), "every"},
        {with("\"every\": 5", "\"metrics\": [\"nice\"]"), "nice"},
        {with("\"every\": 5", "\"metrics\": [\"psnr_y\"]"), "compare_by"},
        {with("[1, 0.5]", "[2]"), "scales"},
        {with("\"second\"", "\"b\""), "two clips"},
        {with("\"file\": \"c.mkv\", ", ""), "no file"},
        {"[]", "object"},
        {"{", "JSON"},
    };
    for (const auto& [text, said] : cases) {
        const auto suite = parse_suite(text);
        ASSERT_FALSE(suite.ok()) << text;
        EXPECT_EQ(suite.status().code(), Code::usage);
        EXPECT_NE(suite.status().message().find(said), std::string::npos)
            << suite.status().message();
    }
    EXPECT_EQ(load_suite("/nonexistent.json").status().code(), Code::input);
}

TEST(Suite, ThoseOfTheProjectAreRight) {
    size_t count = 0;
    for (const auto& file :
         std::filesystem::directory_iterator(std::string(GVC_SOURCE_DIR) + "/suites")) {
        const auto suite = load_suite(file.path().string());
        EXPECT_TRUE(suite.ok()) << suite.status().message();
        if (suite.ok()) {
            EXPECT_EQ(suite->name, file.path().stem().string());
        }
        ++count;
    }
    EXPECT_GE(count, 4u);
}

}  // namespace
}  // namespace gvc::eval
