#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gvc {
namespace {

TEST(JsonWriter, WritesNestedValues) {
    JsonWriter json;
    json.begin_object();
    json.value("a", 1);
    json.value("b", "x\"\\\n");
    json.begin_array("c");
    json.value("", true);
    json.begin_object();
    json.end_object();
    json.value("", 0.25);
    json.value("", std::nan(""));
    json.end_array();
    json.value("d", uint64_t{18446744073709551615u});
    json.end_object();
    EXPECT_EQ(json.text(),
              R"({"a":1,"b":"x\"\\\u000a","c":[true,{},0.25,null],"d":18446744073709551615})");
}

}  // namespace
}  // namespace gvc
