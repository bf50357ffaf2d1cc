#include "eval/metric.h"

#include "eval/pooling.h"

namespace gvc::eval {

Status FrameMetric::push(const FramePair& pair) {
    GVC_ASSIGN_OR_RETURN(const double value, measure(pair));
    values_.push_back(value);
    return {};
}

Result<MetricSeries> FrameMetric::finish() {
    MetricSeries series;
    series.overall = mean(values_);
    series.values = std::move(values_);
    return series;
}

}  // namespace gvc::eval
