#include "eval/process.h"

#include <gtest/gtest.h>

namespace gvc::eval {
namespace {

TEST(Process, TellsWhatCameOut) {
    const auto result = run_process({"sh", "-c", "echo out; echo err >&2; sleep 0.2; exit 3"});
    ASSERT_TRUE(result.ok()) << result.status().message();
    EXPECT_EQ(result->exit_code, 3);
    EXPECT_EQ(result->out, "out\n");
    EXPECT_EQ(result->err, "err\n");
    EXPECT_GT(result->peak_memory, 100'000u);
    EXPECT_LT(result->peak_memory, 20'000'000u) << "its own, not that of this process";
    EXPECT_GT(result->seconds, 0);
}

TEST(Process, ReadsMoreThanAPipeHolds) {
    const auto result = run_process({"sh", "-c", "head -c 1000000 /dev/zero; echo x >&2"});
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->out.size(), 1'000'000u);
}

TEST(Process, CheckedNamesTheLastLine) {
    const auto result = run_checked({"sh", "-c", "echo first >&2; echo the reason >&2; exit 1"});
    ASSERT_FALSE(result.ok());
    EXPECT_NE(result.status().message().find("exit code 1: the reason"), std::string::npos);
}

TEST(Process, MissingProgram) {
    const auto result = run_process({"no-such-program-here"});
    EXPECT_EQ(result.status().code(), Code::resources);
}

TEST(Process, StopsWhenAsked) {
    const auto result = run_process({"sleep", "100"}, [] { return true; });
    EXPECT_EQ(result.status().code(), Code::interrupted);
}

TEST(Process, ShellText) {
    EXPECT_EQ(shell_text({"a", "b c", "d'e", "", "x=1:y"}), "a 'b c' 'd'\\''e' '' x=1:y");
}

}  // namespace
}  // namespace gvc::eval
