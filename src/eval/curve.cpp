#include "eval/curve.h"

#include <algorithm>
#include <cmath>

#include "eval/pchip.h"

namespace gvc::eval {

namespace {

constexpr double kGrace = 1.02;

// Where `value` lies between a and b: 0 at a, 1 at b.
double share(double value, double a, double b) { return b == a ? 0 : (value - a) / (b - a); }

double mix(double a, double b, double t) { return a + t * (b - a); }

double log_mix(double a, double b, double t) { return std::exp(mix(std::log(a), std::log(b), t)); }

struct Columns {
    std::vector<double> x, y;
};

// Both curves' mean of y over the range of x that they share, the second less the first.
Result<double> mean_difference(const Columns& a, const Columns& b) {
    if (a.x.size() < 2 || b.x.size() < 2) {
        return {Code::quality, "a curve of fewer than two points has no Bjontegaard delta"};
    }
    const auto rises = [](const Columns& c) {
        return std::adjacent_find(c.x.begin(), c.x.end(), std::greater_equal<>()) == c.x.end();
    };
    if (!rises(a) || !rises(b)) {
        return {Code::quality, "a curve that is not monotonic has no Bjontegaard delta"};
    }
    const double from = std::max(a.x.front(), b.x.front());
    const double to = std::min(a.x.back(), b.x.back());
    if (from >= to) return {Code::quality, "the curves do not overlap"};
    return (Pchip(b.x, b.y).integral(from, to) - Pchip(a.x, a.y).integral(from, to)) / (to - from);
}

Columns log_rate_over_quality(const Curve& curve, bool higher_is_better) {
    Columns c;
    for (const CurvePoint& p : curve) {
        c.x.push_back(higher_is_better ? p.quality : -p.quality);
        c.y.push_back(std::log10(p.rate));
    }
    return c;
}

Columns quality_over_log_rate(const Curve& curve) {
    Columns c;
    for (const CurvePoint& p : curve) {
        c.x.push_back(std::log10(p.rate));
        c.y.push_back(p.quality);
    }
    return c;
}

}  // namespace

Curve make_curve(std::vector<CurvePoint> points) {
    std::stable_sort(points.begin(), points.end(),
                     [](const CurvePoint& a, const CurvePoint& b) { return a.rate < b.rate; });
    const auto last =
        std::unique(points.begin(), points.end(),
                    [](const CurvePoint& a, const CurvePoint& b) { return a.rate == b.rate; });
    points.erase(last, points.end());
    return points;
}

std::optional<double> quality_at(const Curve& curve, double rate) {
    for (size_t i = 0; i < curve.size(); ++i) {
        const CurvePoint& a = curve[i];
        const CurvePoint& b = curve[std::min(i + 1, curve.size() - 1)];
        if (rate < a.rate / kGrace || rate > b.rate * kGrace) continue;
        return mix(a.quality, b.quality, share(std::log(rate), std::log(a.rate), std::log(b.rate)));
    }
    return std::nullopt;
}

RateAnswer rate_at(const Curve& curve, double quality, bool higher_is_better) {
    const auto reached = [&](double value) {
        return higher_is_better ? value >= quality : value <= quality;
    };
    for (size_t i = 0; i < curve.size(); ++i) {
        if (!reached(curve[i].quality)) continue;
        if (i == 0) {
            const bool equal = curve[0].quality == quality;
            return {curve[0].rate, equal ? RateAnswer::Kind::exact : RateAnswer::Kind::below};
        }
        const double t = share(quality, curve[i - 1].quality, curve[i].quality);
        return {log_mix(curve[i - 1].rate, curve[i].rate, t), RateAnswer::Kind::exact};
    }
    return {curve.back().rate, RateAnswer::Kind::above};
}

Result<double> bd_rate(const Curve& anchor, const Curve& test, bool higher_is_better) {
    GVC_ASSIGN_OR_RETURN(const double decades,
                         mean_difference(log_rate_over_quality(anchor, higher_is_better),
                                         log_rate_over_quality(test, higher_is_better)));
    return (std::pow(10, decades) - 1) * 100;
}

Result<double> bd_metric(const Curve& anchor, const Curve& test) {
    return mean_difference(quality_over_log_rate(anchor), quality_over_log_rate(test));
}

}  // namespace gvc::eval
