// Rate-quality curves and per-frame series.
#include <algorithm>
#include <cmath>
#include <map>

#include "report/chart.h"
#include "report/html.h"
#include "report/sections.h"

namespace gvc::report {

namespace {

using eval::Contestant;

// The metric by which codecs are compared comes first.
std::vector<std::string> metrics_in_order(const Material& m) {
    std::vector<std::string> list = m.table.metrics();
    std::stable_partition(list.begin(), list.end(),
                          [&](const std::string& name) { return name == m.results.compare_by; });
    return list;
}

std::string axis_text(const Material& m, const std::string& metric) {
    const std::string unit = m.table.unit(metric);
    return metric + (unit.empty() ? "" : ", " + unit) +
           (m.table.higher_is_better(metric) ? " (higher is better)" : " (lower is better)");
}

// One line a scale: smaller ones are dashed.
void add_lines(const Material& m, const Contestant& who, const std::string& clip,
               const std::string& metric, Chart& chart) {
    std::map<double, ChartLine, std::greater<>> by_scale;
    for (const eval::Point* p : m.table.points(who, clip)) {
        const eval::PointMetric* value = p->find(metric);
        if (!value || !std::isfinite(value->mean)) continue;
        by_scale[p->scale].points.emplace_back(p->bpp(), value->mean);
    }
    for (auto& [scale, line] : by_scale) {
        const std::string size = size_text(scale);
        line.label = who.label() + (size.empty() ? "" : ", " + size);
        line.colour = colour_of(m, who);
        line.dashed = scale != 1;
        chart.lines.push_back(std::move(line));
    }
}

// Means at the suite's rates, where a codec reaches all clips.
std::string mean_chart(const Material& m, const std::string& metric) {
    Chart chart{"Mean of all clips", "bpp", axis_text(m, metric), true, {}};
    for (const Contestant& who : m.table.contestants()) {
        ChartLine line{who.label(), colour_of(m, who), false, true, {}};
        for (const eval::ProtocolRow& row : m.summary.protocols) {
            if (row.who != who || row.clips < m.table.clips().size()) continue;
            for (const auto& v : row.values) {
                if (v.metric == metric && std::isfinite(v.paper)) {
                    line.points.emplace_back(row.paper_bpp, v.paper);
                }
            }
        }
        if (!line.points.empty()) chart.lines.push_back(std::move(line));
    }
    return svg(chart);
}

}  // namespace

std::string legend(const Material& m) {
    std::string text;
    for (const Contestant& who : m.table.contestants()) {
        text += format("<span class=\"c%d\"><i></i><span>%s</span></span>", colour_of(m, who),
                       escape(who.label()).c_str());
    }
    return text + "<span class=\"note\">dashed: coded at a smaller size</span>";
}

std::string metric_tabs(const Material& m) {
    std::string text;
    for (const std::string& metric : metrics_in_order(m)) {
        const std::string name = escape(metric);
        text += "<button role=\"tab\" data-panel=\"panel-" + name + "\">" + name + "</button>";
    }
    return text;
}

std::string curve_panels(const Material& m) {
    std::string text;
    for (const std::string& metric : metrics_in_order(m)) {
        text += "<div role=\"tabpanel\" id=\"panel-" + escape(metric) + "\"><p class=\"note\">" +
                escape(axis_text(m, metric)) + "</p><div class=\"charts\">";
        if (m.table.clips().size() > 1) text += mean_chart(m, metric);
        for (const std::string& clip : m.table.clips()) {
            Chart chart{clip, "bpp", axis_text(m, metric), true, {}};
            for (const Contestant& who : m.table.contestants()) {
                add_lines(m, who, clip, metric, chart);
            }
            text += svg(chart);
        }
        text += "</div></div>";
    }
    return text;
}

const eval::Point* point_near(const Material& m, const Contestant& who, const std::string& clip,
                              double rate) {
    const auto sample = m.table.at(who, clip, rate);
    const eval::Point* best = nullptr;
    for (const eval::Point* p : m.table.points(who, clip)) {
        if (sample && p->scale != sample->scale) continue;
        const double wanted = sample ? sample->bpp : rate;
        if (!best ||
            std::abs(std::log(p->bpp() / wanted)) < std::abs(std::log(best->bpp() / wanted))) {
            best = p;
        }
    }
    return best;
}

std::string frame_series(const Material& m) {
    const std::string by = m.results.compare_by;
    const double rate = m.results.rates.empty() ? 0 : m.results.rates.front();
    std::string charts;
    for (const std::string& clip : m.table.clips()) {
        Chart chart{clip, "frame", by, false, {}};
        for (const Contestant& who : m.table.contestants()) {
            const eval::Point* p = point_near(m, who, clip, rate);
            const eval::PointMetric* metric = p ? p->find(by) : nullptr;
            if (!metric || metric->values.size() < 2) continue;
            ChartLine line{
                who.label() + " at " + rate_text(p->bpp()), colour_of(m, who), false, false, {}};
            for (size_t i = 0; i < metric->values.size(); ++i) {
                line.points.emplace_back(static_cast<double>(i) * p->every, metric->values[i]);
            }
            chart.lines.push_back(std::move(line));
        }
        charts += svg(chart);
    }
    if (charts.empty()) return "<p class=\"note\">No per-frame values in these results.</p>";
    return "<p class=\"note\">" + escape(axis_text(m, by)) + "; the points nearest to " +
           rate_text(rate) + ".</p><div class=\"charts\">" + charts + "</div>";
}

}  // namespace gvc::report
