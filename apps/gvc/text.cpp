#include "text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/format.h"

namespace gvc::app {
namespace {

// Single-letter changes from a to b.
size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), size_t{0});
    for (size_t i = 0; i < a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < b.size(); ++j) {
            const size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace

std::string human_bytes(double bytes) {
    constexpr std::array<const char*, 4> kUnits = {"B", "KiB", "MiB", "GiB"};
    size_t unit = 0;
    for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
    return format(unit == 0 ? "%.0f %s" : "%.1f %s", bytes, kUnits[unit]);
}

std::string human_time(double seconds) {
    const long long whole = std::llround(std::max(seconds, 0.0));
    return format("%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
    size_t best = std::max<size_t>(word.size() / 3, 2) + 1;  // further away is another word
    std::string found;
    for (const std::string& candidate : candidates) {
        const size_t distance = edit_distance(word, candidate);
        if (distance >= best || distance >= word.size()) continue;
        best = distance;
        found = candidate;
    }
    return found;
}

}  // namespace gvc::app
