// Rate-quality curves: interpolation in log rate, Bjontegaard deltas, rate at equal quality.
#pragma once

#include <optional>
#include <vector>

#include "base/result.h"

namespace gvc::eval {

struct CurvePoint {
    double rate = 0;  // bits a pixel, or any other unit, above 0
    double quality = 0;
};

// Points by ascending rate; of equal rates the first stays.
using Curve = std::vector<CurvePoint>;
Curve make_curve(std::vector<CurvePoint> points);

// Quality at a rate, linear in log rate between neighbours; nothing outside of the points but for
// 2 % of the rate, which no encoder meets exactly.
std::optional<double> quality_at(const Curve& curve, double rate);

// The least rate at which the curve reaches a quality, linear in log rate between neighbours.
struct RateAnswer {
    double rate = 0;
    enum class Kind {
        exact,
        above,  // even the highest rate is not good enough: it takes more than `rate`
        below   // already the lowest rate is better: it takes less than `rate`
    } kind = Kind::exact;
};
// `curve` must not be empty.
RateAnswer rate_at(const Curve& curve, double quality, bool higher_is_better);

// Bjontegaard deltas of `test` against `anchor` (VCEG-M33) with piecewise cubic interpolation, as
// JCT-VC's and JVET's sheets have it. Rate: average difference at equal quality in percent,
// negative if `test` needs less. Metric: average difference of quality at equal rate (log scale).
// Code::quality if the curves have fewer than two points, are not monotonic or do not overlap.
Result<double> bd_rate(const Curve& anchor, const Curve& test, bool higher_is_better);
Result<double> bd_metric(const Curve& anchor, const Curve& test);

}  // namespace gvc::eval
