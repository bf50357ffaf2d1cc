#include "eval/pooling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace gvc::eval {

namespace {

// Of ascending values; `share` in [0, 1].
double quantile(const std::vector<double>& sorted, double share) {
    const double position = share * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<size_t>(position);
    const size_t above = std::min(below + 1, sorted.size() - 1);
    const double weight = position - static_cast<double>(below);
    // Not "a + (b - a) * weight" alone: it would make infinity minus infinity of equal frames.
    if (weight == 0 || sorted[below] == sorted[above]) return sorted[below];
    return sorted[below] + (sorted[above] - sorted[below]) * weight;
}

}  // namespace

double mean(const std::vector<double>& values) {
    if (values.empty()) return 0;
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

Pooled pool(const std::vector<double>& values, bool higher_is_better) {
    Pooled result;
    const auto worst = higher_is_better ? std::min_element(values.begin(), values.end())
                                        : std::max_element(values.begin(), values.end());
    result.worst = *worst;
    result.worst_index = static_cast<size_t>(worst - values.begin());
    result.mean = mean(values);
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    result.median = quantile(sorted, 0.5);
    result.percentile1 = quantile(sorted, higher_is_better ? 0.01 : 0.99);
    return result;
}

}  // namespace gvc::eval
