// Points by codec and clip, and what a codec gives at a rate that was not measured exactly.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "eval/curve.h"
#include "eval/results.h"

namespace gvc::eval {

// What is compared: a codec, and for gvc the steps of its decoder.
struct Contestant {
    std::string codec, steps = "-";

    std::string label() const { return steps == "-" ? codec : codec + ", steps " + steps; }
    auto operator<=>(const Contestant&) const = default;
};

struct SampleValue {
    double mean = 0;     // of the frames' values
    double overall = 0;  // as the metric defines it for the whole video
};

// A codec's result on a clip at a rate.
struct Sample {
    std::string clip;
    double bpp = 0;
    double pixels = 0;  // of all frames
    double scale = 1;
    std::map<std::string, SampleValue> values;  // by metric
};

class PointTable {
  public:
    explicit PointTable(const Results& results);

    const std::vector<Contestant>& contestants() const { return contestants_; }
    const std::vector<std::string>& clips() const { return clips_; }
    const std::vector<std::string>& metrics() const { return metrics_; }
    bool higher_is_better(const std::string& metric) const;
    std::string unit(const std::string& metric) const;

    // The points of one codec on one clip, of all scales.
    std::vector<const Point*> points(const Contestant& who, const std::string& clip) const;

    // At the rate asked for: of gvc the point that was coded for it, at the rate that it really
    // took; of others `interpolate`.
    std::optional<Sample> at(const Contestant& who, const std::string& clip, double rate) const;

    // Between measured points, linear in log rate; of the scale that is better by `compare_by`.
    // Nothing where the points do not reach.
    std::optional<Sample> interpolate(const Contestant& who, const std::string& clip,
                                      double rate) const;

    // Of the metric's means, without points that another scale of the same codec beats.
    Curve curve(const Contestant& who, const std::string& clip, const std::string& metric) const;

  private:
    const Results& results_;
    std::vector<Contestant> contestants_;
    std::vector<std::string> clips_, metrics_;
    std::map<std::string, const PointMetric*> examples_;
};

}  // namespace gvc::eval
