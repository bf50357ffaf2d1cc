// The metrics by name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/metric.h"

namespace gvc::eval {

// In the order in which results are shown.
const std::vector<std::string>& metric_names();

// What `gvc eval` measures when nobody says what.
const std::vector<std::string>& default_metrics();

struct MetricOptions {
    std::string weights_folder;  // with the metrics' weights
    int threads = 0;             // 0: one for each CPU
};

// One metric for each name. Code::usage for an unknown name, Code::model for missing weights.
Result<std::vector<std::unique_ptr<Metric>>> make_metrics(const std::vector<std::string>& names,
                                                          const MetricOptions& options);

}  // namespace gvc::eval
