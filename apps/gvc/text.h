// Text for people: sizes, times and words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gvc::app {

std::string human_bytes(double bytes);   // "813 B", "24.1 KiB", "3.0 MiB"
std::string human_time(double seconds);  // "0:16:03"

// The candidate that `word` was probably meant to be; empty if none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace gvc::app
