#include "base/json_value.h"

#include <gtest/gtest.h>

namespace gvc {
namespace {

TEST(JsonValue, ReadsEveryKind) {
    const auto value = JsonValue::parse(
        R"( {"a": [1, -2.5e3, true, null], "b": {"c": "x\n\u00e9"}, "d": false, "e": []} )");
    ASSERT_TRUE(value.ok()) << value.status().message();
    EXPECT_EQ(value->numbers("a"), (std::vector<double>{1, -2500}));
    EXPECT_TRUE(value->find("a")->items()[2].flag());
    EXPECT_TRUE(value->find("a")->items()[3].is(JsonValue::Kind::null));
    EXPECT_EQ(value->find("b")->text("c"), "x\n\xc3\xa9");
    EXPECT_FALSE(value->flag("d", true));
    EXPECT_TRUE(value->find("e")->items().empty());
    EXPECT_EQ(value->find("f"), nullptr);
    EXPECT_EQ(value->number("b", 7), 7) << "of another kind";
    EXPECT_EQ(value->members().size(), 4u);
}

TEST(JsonValue, RefusesWhatIsNoJson) {
    for (const char* text : {"", "{", "[1,]", "{\"a\" 1}", "{\"a\":inf}", "[1] 2", "nul", "\"x",
                             "{a:1}", "[1e999]", "-"}) {
        const auto value = JsonValue::parse(text);
        EXPECT_FALSE(value.ok()) << text;
        EXPECT_EQ(value.status().code(), Code::input) << text;
    }
    EXPECT_FALSE(JsonValue::parse(std::string(1000, '[')).ok());
    EXPECT_NE(JsonValue::parse("{\n\"a\": x}").status().message().find("line 2"),
              std::string::npos);
}

}  // namespace
}  // namespace gvc
