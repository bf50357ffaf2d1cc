#include "train/plot.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "base/format.h"
#include "report/chart.h"
#include "report/html.h"

namespace gvc::train {
namespace {

constexpr double kSmoothing = 0.15;  // share of a new line in the running mean

struct Series {
    const char *name, *label;
};
struct Panel {
    const char* title;
    std::vector<Series> series;
};

const std::vector<Panel>& panels() {
    static const std::vector<Panel> list = {
        {"Loss", {{"loss", "loss"}}},
        {"LPIPS-Alex",
         {{"key_lpips_alex", "keyframes"},
          {"chunk_lpips_alex", "chunks"},
          {"key_alex_refined", "keyframes, refined"},
          {"chunk_alex_refined", "chunks, refined"},
          {"lpips_alex", "hybrid"}}},
        {"Mean absolute error",
         {{"key_l1", "keyframes"}, {"chunk_l1", "chunks"}, {"l1", "refined"}}},
        {"Bits a pixel of a keyframe", {{"bpp", "stage key"}, {"key_bpp", "stages chunk, gop"}}},
        {"Bits a pixel of chunks",
         {{"c0_bpp", "first chunk"}, {"c1_bpp", "second"}, {"bpp_motion", "motion"}}},
        {"Living channels of the latent", {{"living", "finest of a batch"}}},
    };
    return list;
}

using Points = std::map<std::string, std::vector<std::pair<double, double>>>;

// Values by name over minutes; each run of a stage follows the one before.
Status read_log(const std::string& path, double& minutes, Points& points) {
    std::ifstream in(path);
    if (!in) return Status(Code::input, "cannot read the log " + path);
    std::string stage;
    double begun = minutes, seconds = 0;
    std::map<std::string, double> means;
    for (std::string text; std::getline(in, text);) {
        const auto line = nlohmann::json::parse(text, nullptr, false);
        if (!line.is_object()) continue;
        const double now = line.value("seconds", 0.0);
        if (line.value("stage", "") != stage || now < seconds) {  // another run
            stage = line.value("stage", "");
            begun = minutes;
            means.clear();
        }
        seconds = now;
        minutes = begun + now / 60;
        for (const auto& [name, value] : line.items()) {
            if (!value.is_number() || !std::isfinite(value.get<double>())) continue;
            const double v = value.get<double>();
            const auto [mean, fresh] = means.emplace(name, v);
            if (!fresh) mean->second += kSmoothing * (v - mean->second);
            points[name].emplace_back(minutes, mean->second);
        }
    }
    return {};
}

}  // namespace

Result<std::string> plot_training(const std::vector<std::string>& logs) {
    double minutes = 0;
    Points points;
    for (const std::string& log : logs) GVC_RETURN_IF_ERROR(read_log(log, minutes, points));
    if (points.empty()) return Status(Code::input, "no line in the log");

    constexpr int kColumns = 3, kWidth = 360, kHeight = 250, kKeyHeight = 16;
    std::string body;
    int drawn = 0;
    for (const Panel& panel : panels()) {
        report::Chart chart;
        chart.title = panel.title;
        chart.x_label = "minutes";
        for (const Series& series : panel.series) {
            const auto found = points.find(series.name);
            if (found == points.end()) continue;
            report::ChartLine line;
            line.label = series.label;
            line.colour = static_cast<int>(chart.lines.size());
            line.dots = false;
            line.points = found->second;
            chart.lines.push_back(line);
        }
        if (chart.lines.empty()) continue;
        std::string key;
        for (const report::ChartLine& line : chart.lines)
            key += format("<tspan class=\"c%d\" dx=\"10\">%s</tspan>", line.colour,
                          report::escape(line.label).c_str());
        const int x = drawn % kColumns * kWidth, y = drawn / kColumns * kHeight;
        std::string drawing = report::svg(chart);
        drawing.insert(4, format(" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"", x, y, kWidth,
                                 kHeight - kKeyHeight));
        body += drawing +
                format("<text class=\"key\" x=\"%d\" y=\"%d\">", x + 36, y + kHeight - 8) + key +
                "</text>\n";
        ++drawn;
    }
    const int width = std::min(drawn, kColumns) * kWidth;
    const int height = (drawn + kColumns - 1) / kColumns * kHeight;
    return format("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">", width,
                  height) +
           "<style>text{font:10px sans-serif;fill:#667}.title{font-size:12px;font-weight:600;"
           "fill:#223}.grid{stroke:#dde;fill:none}.line path{fill:none;stroke:currentColor;"
           "stroke-width:1.6}.key tspan{fill:currentColor}.c0{color:#0b6e99}.c1{color:#c2410c}"
           ".c2{color:#15803d}.c3{color:#7e22ce}.c4{color:#a16207}</style>"
           "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" +
           body + "</svg>\n";
}

}  // namespace gvc::train
