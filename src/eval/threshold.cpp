#include "eval/threshold.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace gvc::eval {

namespace {

double pooled_value(const MetricResult& result, const std::string& pool) {
    if (pool == "mean") return result.pooled.mean;
    if (pool == "median") return result.pooled.median;
    if (pool == "worst") return result.pooled.worst;
    if (pool == "p1") return result.pooled.percentile1;
    return result.series.overall;
}

bool contains(const std::vector<std::string>& list, const std::string& word) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

}  // namespace

Result<Threshold> parse_threshold(const std::string& text) {
    const Status wrong{Code::usage, "cannot read the condition '" + text + "'",
                       "it is METRIC<VALUE or METRIC>VALUE, such as 'psnr_y<23' or "
                       "'lpips_alex.worst>0.4'"};
    const size_t sign = text.find_first_of("<>");
    if (sign == std::string::npos) return wrong;
    Threshold result;
    result.text = text;
    result.below = text[sign] == '<';
    const std::string left = text.substr(0, sign);
    const size_t dot = left.find('.');
    result.metric = left.substr(0, dot);
    result.pool = dot == std::string::npos ? "overall" : left.substr(dot + 1);
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + sign + 1, end, result.limit);
    if (error != std::errc() || stop != end) return wrong;
    if (!contains(metric_names(), result.metric)) {
        return {Code::usage, "unknown metric '" + result.metric + "' in '" + text + "'"};
    }
    if (!contains({"overall", "mean", "median", "worst", "p1"}, result.pool)) return wrong;
    return result;
}

Status check_threshold(const Threshold& threshold, const Comparison& comparison) {
    for (const MetricResult& result : comparison.results) {
        if (result.info.name != threshold.metric) continue;
        const double value = pooled_value(result, threshold.pool);
        const bool failed = threshold.below ? value < threshold.limit : value > threshold.limit;
        // NaN is no pass either.
        if (!failed && value == value) return {};
        char number[32];
        std::snprintf(number, sizeof number, "%.4f", value);
        return {Code::quality, threshold.text + ": " + threshold.metric + " (" + threshold.pool +
                                   ") is " + number};
    }
    return {Code::usage, threshold.text + ": " + threshold.metric + " was not measured",
            "add it to --metrics"};
}

}  // namespace gvc::eval
