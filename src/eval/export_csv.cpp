#include <algorithm>

#include "base/format.h"
#include "eval/export.h"

namespace gvc::eval {

namespace {

std::string cell(const std::string& text) {
    if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
    return quoted + "\"";
}

std::string cell(double value) { return format("%.8g", value); }

std::string row(const std::vector<std::string>& cells) {
    std::string text;
    for (size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) text += ',';
        text += cells[i];
    }
    return text + "\r\n";
}

std::vector<std::string> metric_columns(const Results& results) {
    std::vector<std::string> names;
    for (const Point& p : results.points) {
        for (const PointMetric& m : p.metrics) {
            if (std::find(names.begin(), names.end(), m.name) == names.end()) {
                names.push_back(m.name);
            }
        }
    }
    return names;
}

}  // namespace

std::string csv_text(const Results& results) {
    const auto metrics = metric_columns(results);
    std::vector<std::string> head{"clip",   "codec",    "steps",    "scale",   "quantiser",
                                  "bytes",  "bpp",      "kbps",     "frames",  "width",
                                  "height", "encode_s", "decode_s", "encoder", "imported"};
    head.insert(head.end(), metrics.begin(), metrics.end());
    std::string text = row(head);
    for (const Point& p : results.points) {
        std::vector<std::string> cells{cell(p.clip),
                                       cell(p.codec),
                                       cell(p.steps),
                                       cell(p.scale),
                                       cell(p.quantiser),
                                       std::to_string(p.bytes),
                                       cell(p.bpp()),
                                       cell(p.kbps()),
                                       std::to_string(p.frames),
                                       std::to_string(p.width),
                                       std::to_string(p.height),
                                       cell(p.encode_s),
                                       cell(p.decode_s),
                                       cell(p.encoder),
                                       p.imported ? "1" : "0"};
        for (const std::string& name : metrics) {
            const PointMetric* m = p.find(name);
            cells.push_back(m ? cell(m->overall) : "");
        }
        text += row(cells);
    }
    return text;
}

std::string csv_text(const Comparison& comparison, int every) {
    std::vector<std::string> head{"frame"};
    size_t rows = 0;
    for (const MetricResult& r : comparison.results) {
        head.push_back(r.info.name);
        rows = std::max(rows, r.series.values.size());
    }
    std::string text = row(head);
    for (size_t i = 0; i < rows; ++i) {
        std::vector<std::string> cells{std::to_string(i * static_cast<size_t>(every))};
        for (const MetricResult& r : comparison.results) {
            cells.push_back(i < r.series.values.size() ? cell(r.series.values[i]) : "");
        }
        text += row(cells);
    }
    return text;
}

}  // namespace gvc::eval
