// What a metric is: the interface that each implements, and what it is given.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "media/frame.h"

namespace gvc::eval {

// What is printed beside every figure, so that nobody has to guess what was compared.
struct MetricInfo {
    std::string name;
    std::string unit;   // "dB", or "" for a plain number
    std::string space;  // colour space, bit depth and range that it is computed in
    bool higher_is_better = true;
    bool needs_rgb = false;
    int min_side = 1;  // pictures must be at least so wide and high
};

// One moment of both videos. Sizes, bit depths and colour descriptions are the same.
struct FramePair {
    media::Frame reference, distorted;
    // Planar R'G'B' [3, H, W] in [0, 1], full range; nullptr unless a metric needs it.
    const float* reference_rgb = nullptr;
    const float* distorted_rgb = nullptr;
};

struct MetricSeries {
    std::vector<double> values;  // one a pair; one less for a metric between successive pairs
    double overall = 0;          // over the whole video, as the metric defines it
};

// Used from one thread: push each pair in order, then finish once.
class Metric {
  public:
    virtual ~Metric() = default;

    virtual const MetricInfo& info() const = 0;
    virtual Status push(const FramePair& pair) = 0;
    virtual Result<MetricSeries> finish() = 0;
};

// A metric whose frames are independent and whose overall value is their mean.
class FrameMetric : public Metric {
  public:
    explicit FrameMetric(MetricInfo info) : info_(std::move(info)) {}

    const MetricInfo& info() const final { return info_; }
    Status push(const FramePair& pair) final;
    Result<MetricSeries> finish() final;

  private:
    virtual Result<double> measure(const FramePair& pair) = 0;

    MetricInfo info_;
    std::vector<double> values_;
};

}  // namespace gvc::eval
