// A condition on a result, such as "psnr_y<23" or "lpips_alex.worst>0.4".
#pragma once

#include <string>

#include "base/result.h"
#include "eval/compare.h"
#include "eval/summary.h"

namespace gvc::eval {

struct Threshold {
    std::string text;    // as it was given
    std::string metric;  // its name
    std::string pool;    // "overall", "mean", "median", "worst" or "p1"
    bool below = true;   // fails if the value is below the limit, otherwise if above
    double limit = 0;
};

// METRIC[.POOL]<NUMBER or METRIC[.POOL]>NUMBER; without POOL it is the overall value. Code::usage
// for anything else, an unknown metric included.
Result<Threshold> parse_threshold(const std::string& text);

// The same of a suite: METRIC.ratio (to the anchor; of decibels the difference), METRIC.bd_rate (in
// percent) or METRIC.bandwidth (times the rate that the anchor needs).
Result<Threshold> parse_suite_threshold(const std::string& text);

// Code::quality if the condition holds, Code::usage if the metric was not measured.
Status check_threshold(const Threshold& threshold, const Comparison& comparison);

// Of the first codec that is not the anchor, at every rate.
Status check_threshold(const Threshold& threshold, const Summary& summary);

}  // namespace gvc::eval
