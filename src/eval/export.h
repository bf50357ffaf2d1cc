// Results in the shapes of other tools.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "eval/compare.h"
#include "eval/results.h"

namespace gvc::eval {

// A table for spreadsheets (RFC 4180): a line a point, a column a metric (its overall value).
std::string csv_text(const Results& results);

// The same for one comparison: a line a measured frame, a column a metric.
std::string csv_text(const Comparison& comparison, int every);

// CompressAI's results: a file a codec, means over the clips at each of the suite's rates.
std::vector<std::pair<std::string, std::string>> compressai_files(const Results& results);

// libvmaf's log: values of each measured frame and pooled ones.
std::string vmaf_json(const Comparison& comparison, int every);

}  // namespace gvc::eval
