#include "base/format.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace gvc {

std::string format(const char* pattern, ...) {
    va_list args, again;
    va_start(args, pattern);
    va_copy(again, args);
    std::string text(static_cast<size_t>(std::max(std::vsnprintf(nullptr, 0, pattern, args), 0)),
                     '\0');
    std::vsnprintf(text.data(), text.size() + 1, pattern, again);
    va_end(again);
    va_end(args);
    return text;
}

}  // namespace gvc
