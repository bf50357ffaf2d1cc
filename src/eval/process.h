// Runs other programs and tells what they took.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace gvc::eval {

using Command = std::vector<std::string>;  // the program and its arguments; no shell sees them

struct ProcessResult {
    int exit_code = 0;  // 128 + the signal if one ended it
    std::string out, err;
    double seconds = 0;        // from start to end
    double cpu_seconds = 0;    // of all its threads
    uint64_t peak_memory = 0;  // bytes resident at most, looked at all the time; 0: unknown
};

// Waits for the end. Code::resources if the program cannot be started, Code::interrupted if
// `cancelled` (asked several times a second) says so: it is then ended. Any exit code is a result.
Result<ProcessResult> run_process(const Command& command,
                                  const std::function<bool()>& cancelled = {});

// The same, and an exit code other than 0 is an error, with the last line that the program wrote to
// its standard error: Code::model if it is the one that gvc has for missing weights, otherwise
// Code::quality.
Result<ProcessResult> run_checked(const Command& command,
                                  const std::function<bool()>& cancelled = {});

// Bytes that a process has had resident at most; 0 if it is gone or unknown.
uint64_t peak_memory_of(int pid);

// As it could be typed into a shell.
std::string shell_text(const Command& command);

}  // namespace gvc::eval
