// Results in the shapes of CompressAI and libvmaf.
#include <algorithm>

#include "eval/export.h"
#include "eval/summary.h"

namespace gvc::eval {

namespace {

// CompressAI's names for what both know.
std::string compressai_name(const std::string& metric) {
    if (metric == "psnr_rgb") return "psnr-rgb";
    if (metric == "ms_ssim") return "ms-ssim";
    if (metric == "lpips_alex") return "lpips";
    return metric;
}

std::string compressai_text(const Results& results, const Summary& summary, const PointTable& table,
                            const Contestant& who) {
    std::vector<const ProtocolRow*> rows;
    for (const ProtocolRow& row : summary.protocols) {
        if (row.who == who && row.clips == table.clips().size()) rows.push_back(&row);
    }
    JsonWriter json;
    json.begin_object();
    json.value("name", who.label());
    json.value("description", results.name + ": " + results.description);
    json.begin_object("results");
    json.begin_array("bpp");
    for (const ProtocolRow* row : rows) json.value({}, row->paper_bpp);
    json.end_array();
    for (const std::string& metric : table.metrics()) {
        json.begin_array(compressai_name(metric));
        for (const ProtocolRow* row : rows) {
            for (const auto& v : row->values) {
                if (v.metric == metric) json.value({}, v.paper);
            }
        }
        json.end_array();
    }
    json.end_object();
    json.end_object();
    return json.text() + "\n";
}

double harmonic_mean(const std::vector<double>& values) {
    // libvmaf's: one is added and taken off again, so that zeros count.
    double sum = 0;
    for (const double v : values) sum += 1 / (v + 1);
    return static_cast<double>(values.size()) / sum - 1;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> compressai_files(const Results& results) {
    const PointTable table(results);
    const Summary summary = summarise(results, table);
    std::vector<std::pair<std::string, std::string>> files;
    for (const Contestant& who : table.contestants()) {
        std::string name = who.codec + (who.steps == "-" ? "" : "-steps" + who.steps);
        std::replace(name.begin(), name.end(), '/', '_');
        files.emplace_back(name + ".json", compressai_text(results, summary, table, who));
    }
    return files;
}

std::string vmaf_json(const Comparison& comparison, int every) {
    JsonWriter json;
    json.begin_object();
    json.value("version", "gvc");
    size_t frames = 0;
    for (const MetricResult& r : comparison.results) {
        frames = std::max(frames, r.series.values.size());
    }
    json.begin_array("frames");
    for (size_t i = 0; i < frames; ++i) {
        json.begin_object();
        json.value("frameNum", i * static_cast<size_t>(every));
        json.begin_object("metrics");
        for (const MetricResult& r : comparison.results) {
            if (i < r.series.values.size()) json.value(r.info.name, r.series.values[i]);
        }
        json.end_object();
        json.end_object();
    }
    json.end_array();
    json.begin_object("pooled_metrics");
    for (const MetricResult& r : comparison.results) {
        const auto [least, most] =
            std::minmax_element(r.series.values.begin(), r.series.values.end());
        json.begin_object(r.info.name);
        json.value("min", *least);
        json.value("max", *most);
        json.value("mean", r.pooled.mean);
        json.value("harmonic_mean", harmonic_mean(r.series.values));
        json.end_object();
    }
    json.end_object();
    json.end_object();
    return json.text() + "\n";
}

}  // namespace gvc::eval
