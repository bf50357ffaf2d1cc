#include "report/report.h"

#include <algorithm>

#include "report/html.h"
#include "report/sections.h"
#include "report/templates.h"

namespace gvc::report {

namespace {

using eval::Results;

std::string facts(const Results& r) {
    const size_t measured = r.points.size();
    return escape(r.date) + " · " + escape(r.program) + " · " + escape(r.hardware) +
           format(" · %zu clips, %zu points", r.clips.size(), measured);
}

// What each figure is computed in, and the clips.
std::string method(const Results& r, const Material& m) {
    std::string text = "<h3>Metrics</h3>";
    std::vector<std::vector<std::string>> rows;
    for (const std::string& name : m.table.metrics()) {
        const auto point = std::find_if(r.points.begin(), r.points.end(), [&](const auto& p) {
            return !p.imported && p.find(name) != nullptr;
        });
        if (point == r.points.end()) continue;
        const eval::PointMetric& metric = *point->find(name);
        rows.push_back(
            {escape(name), escape(metric.space),
             point->every == 1 ? "every frame" : format("every %d. frame", point->every)});
    }
    text += table({"metric", "computed in", "frames"}, rows) + "<h3>Clips</h3>";
    rows.clear();
    for (const eval::ClipInfo& clip : r.clips) {
        rows.push_back({escape(clip.name), format("%d×%d", clip.width, clip.height),
                        format("%lld", static_cast<long long>(clip.frames)),
                        format("%.5g", clip.fps), escape(clip.sha256.substr(0, 16))});
    }
    return text + table({"clip", "size", "frames", "frames/s", "SHA-256"}, rows);
}

std::string failures(const Results& r) {
    if (r.failures.empty()) return {};
    std::string text = "<h3>What failed</h3><ul>";
    for (const eval::Failure& f : r.failures) {
        text += "<li>" +
                escape(f.clip + (f.codec.empty() ? "" : ", " + f.codec) + ": " + f.message) +
                "</li>";
    }
    return text + "</ul>";
}

std::string commands(const Results& r) {
    std::string text;
    for (const eval::Point& p : r.points) {
        if (p.commands.empty()) continue;
        text += "# " + p.clip + ", " + p.codec + format(": %.5f bpp, ", p.bpp()) + p.encoder + "\n";
        for (const std::string& command : p.commands) text += command + "\n";
    }
    return escape(text);
}

}  // namespace

std::string make_report(const Results& results) {
    const eval::PointTable table(results);
    const eval::Summary summary = eval::summarise(results, table);
    const Material m{results, table, summary};
    const std::pair<const char*, std::string> parts[] = {
        {"style", kStyle},
        {"name", escape(results.name)},
        {"description", escape(results.description)},
        {"facts", facts(results)},
        {"cards", cards(m)},
        {"headline", headline_table(m)},
        {"legend", legend(m)},
        {"tabs", metric_tabs(m)},
        {"curves", curve_panels(m)},
        {"compare", compare_stage(m)},
        {"series", frame_series(m)},
        {"worst", worst_frames(m)},
        {"speed", speed_table(m)},
        {"method", method(results, m)},
        {"failures", failures(results)},
        {"command", escape(results.command)},
        {"commands", commands(results)},
        {"pictures", compare_data(m)},
        {"script", kScript},
    };
    std::string page = kPage;
    for (const auto& [name, text] : parts) page = fill(std::move(page), name, text);
    return page;
}

}  // namespace gvc::report
