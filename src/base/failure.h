// How a program of this project ends on an error.
#pragma once

#include <cstdio>

#include "base/result.h"

namespace gvc {

// Prints the error and its hint to standard error; returns the exit code.
inline int fail(const char* program, const Status& status) {
    std::fprintf(stderr, "%s: error: %s\n", program, status.message().c_str());
    if (!status.hint().empty()) std::fprintf(stderr, "hint: %s\n", status.hint().c_str());
    return exit_code(status.code());
}

}  // namespace gvc
