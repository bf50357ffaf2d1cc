// Measures one video against another, frame by frame, in memory that does not grow with length.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/metric.h"
#include "eval/metric_list.h"
#include "eval/pooling.h"
#include "media/reader.h"

namespace gvc::eval {

struct CompareOptions {
    std::vector<std::string>
        metrics;  // empty: the default ones that the picture is large enough for
    MetricOptions metric_options;
    int every = 1;             // measure frames 0, every, 2*every, ...
    bool same_colour = false;  // take `distorted` to be in the colours of `reference`: lost tags
    media::WarningCallback on_warning;
    std::function<void(int64_t frame, int64_t frames)> on_progress;  // frames: 0 if unknown
    std::function<bool()> cancelled;
};

struct MetricResult {
    MetricInfo info;
    MetricSeries series;
    Pooled pooled;
};

struct Comparison {
    int width = 0, height = 0;
    int64_t frames = 0;    // of each video
    int64_t measured = 0;  // of these
    media::ColourDescription colour;
    double seconds = 0;  // of video
    std::vector<MetricResult> results;
};

// Names are those of media::Reader. Code::quality if sizes, colours or lengths differ, with both
// named; Code::input, Code::usage and Code::model as the parts say.
Result<Comparison> compare(const std::string& reference, const std::string& distorted,
                           const CompareOptions& options);

}  // namespace gvc::eval
