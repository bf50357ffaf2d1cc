// The lines of a text.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "base/result.h"

namespace gvc {

// Calls line(text) for each line that is not blank; stops at the first error, which gets the line's
// number.
template <typename Line>
Status for_each_line(std::string_view text, Line&& line) {
    for (int number = 1; !text.empty(); ++number) {
        const size_t end = std::min(text.find('\n'), text.size());
        const std::string_view row = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (row.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        const Status status = line(row);
        if (!status.ok()) {
            return {status.code(), "line " + std::to_string(number) + ": " + status.message()};
        }
    }
    return {};
}

}  // namespace gvc
