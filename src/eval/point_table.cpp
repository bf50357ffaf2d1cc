#include "eval/point_table.h"

#include <algorithm>
#include <cmath>

namespace gvc::eval {

namespace {

template <typename T>
void add_once(std::vector<T>& list, const T& item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

double pixels_of(const Point& p) {
    return static_cast<double>(p.width) * p.height * static_cast<double>(p.frames);
}

Sample sample_of(const Point& p) {
    Sample s{p.clip, p.bpp(), pixels_of(p), p.scale, {}};
    for (const PointMetric& m : p.metrics) s.values[m.name] = {m.mean, m.overall};
    return s;
}

std::map<double, std::vector<const Point*>> by_scale(const std::vector<const Point*>& points) {
    std::map<double, std::vector<const Point*>> scales;
    for (const Point* p : points) scales[p->scale].push_back(p);
    return scales;
}

Curve curve_of(const std::vector<const Point*>& points, const std::string& metric,
               double PointMetric::*value) {
    std::vector<CurvePoint> curve;
    for (const Point* p : points) {
        const PointMetric* m = p->find(metric);
        if (m && std::isfinite(m->*value)) curve.push_back({p->bpp(), m->*value});
    }
    return make_curve(std::move(curve));
}

Sample interpolated(const std::vector<const Point*>& points, double rate) {
    Sample sample{points[0]->clip, rate, pixels_of(*points[0]), points[0]->scale, {}};
    for (const PointMetric& m : points[0]->metrics) {
        const auto mean = quality_at(curve_of(points, m.name, &PointMetric::mean), rate);
        const auto overall = quality_at(curve_of(points, m.name, &PointMetric::overall), rate);
        if (mean && overall) sample.values[m.name] = {*mean, *overall};
    }
    return sample;
}

}  // namespace

PointTable::PointTable(const Results& results) : results_(results) {
    for (const std::string& codec : results.codecs) {
        for (const Point& p : results.points) {
            if (p.codec == codec) add_once(contestants_, {p.codec, p.steps});
        }
    }
    for (const Point& p : results.points) {
        add_once(contestants_, {p.codec, p.steps});  // imported ones come last
        add_once(clips_, p.clip);
        for (const PointMetric& m : p.metrics) {
            add_once(metrics_, m.name);
            examples_.emplace(m.name, &m);
        }
    }
}

bool PointTable::higher_is_better(const std::string& metric) const {
    const auto found = examples_.find(metric);
    return found == examples_.end() || found->second->higher_is_better;
}

std::string PointTable::unit(const std::string& metric) const {
    const auto found = examples_.find(metric);
    return found == examples_.end() ? "" : found->second->unit;
}

std::vector<const Point*> PointTable::points(const Contestant& who, const std::string& clip) const {
    std::vector<const Point*> list;
    for (const Point& p : results_.points) {
        if (p.codec == who.codec && p.steps == who.steps && p.clip == clip) list.push_back(&p);
    }
    std::stable_sort(list.begin(), list.end(),
                     [](const Point* a, const Point* b) { return a->bpp() < b->bpp(); });
    return list;
}

std::optional<Sample> PointTable::at(const Contestant& who, const std::string& clip,
                                     double rate) const {
    const auto list = points(who, clip);
    if (list.empty()) return std::nullopt;
    if (list[0]->kind != "gvc") return interpolate(who, clip, rate);
    for (const Point* p : list) {
        if (std::abs(p->quantiser / rate - 1) < 1e-4) return sample_of(*p);
    }
    return std::nullopt;
}

std::optional<Sample> PointTable::interpolate(const Contestant& who, const std::string& clip,
                                              double rate) const {
    const std::string& by = results_.compare_by;
    std::optional<Sample> best;
    for (const auto& [scale, list] : by_scale(points(who, clip))) {
        Sample sample = interpolated(list, rate);
        const auto value = sample.values.find(by);
        if (value == sample.values.end()) continue;
        const bool better =
            !best || (higher_is_better(by) ? value->second.mean > best->values[by].mean
                                           : value->second.mean < best->values[by].mean);
        if (better) best = std::move(sample);
    }
    return best;
}

Curve PointTable::curve(const Contestant& who, const std::string& clip,
                        const std::string& metric) const {
    std::vector<Curve> curves;
    for (const auto& [scale, list] : by_scale(points(who, clip))) {
        curves.push_back(curve_of(list, metric, &PointMetric::mean));
    }
    const double sign = higher_is_better(metric) ? 1 : -1;
    std::vector<CurvePoint> kept;
    for (const Curve& own : curves) {
        for (const CurvePoint& p : own) {
            const bool beaten = std::any_of(curves.begin(), curves.end(), [&](const Curve& other) {
                if (&other == &own) return false;
                const auto quality = quality_at(other, p.rate);
                if (quality && sign * *quality > sign * p.quality) return true;
                return std::any_of(other.begin(), other.end(), [&](const CurvePoint& q) {
                    return q.rate <= p.rate && sign * q.quality > sign * p.quality;
                });
            });
            if (!beaten) kept.push_back(p);
        }
    }
    return make_curve(std::move(kept));
}

}  // namespace gvc::eval
