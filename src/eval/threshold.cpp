#include "eval/threshold.h"

#include <algorithm>
#include <charconv>

#include "base/format.h"

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

// `pools`: what may follow the metric; `usual` is meant where nothing does.
Result<Threshold> parse(const std::string& text, const std::string& usual,
                        const std::vector<std::string>& pools) {
    const Status wrong{Code::usage, "cannot read the condition '" + text + "'",
                       "it is METRIC<VALUE or METRIC>VALUE, such as 'psnr_y<23' or 'lpips_alex." +
                           pools.back() + ">0.4'"};
    const size_t sign = text.find_first_of("<>");
    if (sign == std::string::npos) return wrong;
    Threshold result;
    result.text = text;
    result.below = text[sign] == '<';
    const std::string left = text.substr(0, sign);
    const size_t dot = left.find('.');
    result.metric = left.substr(0, dot);
    result.pool = dot == std::string::npos ? usual : left.substr(dot + 1);
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + sign + 1, end, result.limit);
    if (error != std::errc() || stop != end) return wrong;
    if (!contains(metric_names(), result.metric)) {
        return {Code::usage, "unknown metric '" + result.metric + "' in '" + text + "'"};
    }
    if (!contains(pools, result.pool)) return wrong;
    return result;
}

// NaN is no pass either.
Status check_value(const Threshold& threshold, double value, const std::string& where) {
    const bool failed = threshold.below ? value < threshold.limit : value > threshold.limit;
    if (!failed && value == value) return {};
    return {Code::quality, threshold.text + ": " + threshold.metric + " (" + threshold.pool +
                               where + ") is " + format("%.4f", value)};
}

}  // namespace

Result<Threshold> parse_threshold(const std::string& text) {
    return parse(text, "overall", {"overall", "mean", "median", "worst", "p1"});
}

Result<Threshold> parse_suite_threshold(const std::string& text) {
    return parse(text, "ratio", {"ratio", "bd_rate", "bandwidth"});
}

Status check_threshold(const Threshold& threshold, const Comparison& comparison) {
    for (const MetricResult& result : comparison.results) {
        if (result.info.name != threshold.metric) continue;
        return check_value(threshold, pooled_value(result, threshold.pool), "");
    }
    return {Code::usage, threshold.text + ": " + threshold.metric + " was not measured",
            "add it to --metrics"};
}

Status check_threshold(const Threshold& threshold, const Summary& summary) {
    const auto first = std::find_if(summary.protocols.begin(), summary.protocols.end(),
                                    [&](const ProtocolRow& r) { return r.who != summary.anchor; });
    bool checked = false;
    const auto check = [&](const auto& rows, auto value) -> Status {
        for (const auto& row : rows) {
            if (row.who != first->who || row.metric != threshold.metric) continue;
            checked = true;
            GVC_RETURN_IF_ERROR(check_value(threshold, row.*value, " of " + row.who.label()));
        }
        return {};
    };
    if (first != summary.protocols.end()) {
        if (threshold.pool == "ratio") {
            GVC_RETURN_IF_ERROR(check(summary.ratios, &RatioRow::ratio));
        } else if (threshold.pool == "bd_rate") {
            GVC_RETURN_IF_ERROR(check(summary.deltas, &BdRow::rate_percent));
        } else {
            GVC_RETURN_IF_ERROR(check(summary.bandwidths, &BandwidthRow::geometric_mean));
        }
    }
    if (checked) return {};
    return {Code::quality, threshold.text + ": there is nothing to compare"};
}

}  // namespace gvc::eval
