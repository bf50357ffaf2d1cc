// `gvc eval`: measures one video against another; src/eval does the work.
#include <cmath>
#include <filesystem>
#include <memory>

#include "base/file_io.h"
#include "base/format.h"
#include "command.h"
#include "eval/compare.h"
#include "eval/export.h"
#include "eval/threshold.h"
#include "eval_suite.h"
#include "eval_vos.h"
#include "interrupt.h"
#include "model_files.h"
#include "text.h"

namespace gvc::app {
namespace {

struct EvalOptions {
    SuiteRequest suite;
    std::string reference, distorted;
    std::vector<std::string> metrics;
    std::string models;
    std::string vmaf_json;
    int every = 1;
    int threads = 0;
    bool same_colour = false;
    ConsoleOptions console;
};

// A plain number has four digits behind the point, decibels two.
std::string number(double value, const eval::MetricInfo& info) {
    return format(info.unit == "dB" ? "%.3f" : "%.5f", value);
}

std::string table(const eval::Comparison& c) {
    std::string text =
        format("%lld of %lld frames measured, %dx%d\n", static_cast<long long>(c.measured),
               static_cast<long long>(c.frames), c.width, c.height);
    text += format("%-15s %10s %10s %10s %10s %10s  %s\n", "metric", "overall", "mean", "median",
                   "1 % worst", "worst", "of");
    for (const eval::MetricResult& r : c.results) {
        const auto cell = [&r](double value) { return number(value, r.info); };
        text += format("%-15s %10s %10s %10s %10s %10s  %s%s\n", r.info.name.c_str(),
                       cell(r.series.overall).c_str(), cell(r.pooled.mean).c_str(),
                       cell(r.pooled.median).c_str(), cell(r.pooled.percentile1).c_str(),
                       cell(r.pooled.worst).c_str(), r.info.space.c_str(),
                       r.info.unit.empty() ? "" : (", " + r.info.unit).c_str());
    }
    text.pop_back();  // the last line end
    return text;
}

void write_json(JsonWriter& json, const EvalOptions& options, const eval::Comparison& c) {
    json.value("command", "eval");
    json.value("reference", options.reference);
    json.value("distorted", options.distorted);
    json.value("width", c.width);
    json.value("height", c.height);
    json.value("frames", c.frames);
    json.value("measured", c.measured);
    json.value("every", options.every);
    json.value("bit_depth", c.colour.bit_depth);
    json.value("full_range", c.colour.range == media::Range::full);
    json.value("matrix", static_cast<int>(c.colour.matrix));  // H.273
    json.value("seconds", c.seconds);
    json.begin_object("metrics");
    for (const eval::MetricResult& r : c.results) {
        json.begin_object(r.info.name);
        json.value("unit", r.info.unit);
        json.value("space", r.info.space);
        json.value("higher_is_better", r.info.higher_is_better);
        json.value("overall", r.series.overall);
        json.value("mean", r.pooled.mean);
        json.value("median", r.pooled.median);
        json.value("p1", r.pooled.percentile1);
        json.value("worst", r.pooled.worst);
        json.value("worst_frame", static_cast<int64_t>(r.pooled.worst_index) * options.every);
        json.values("values", r.series.values);
        json.end_object();
    }
    json.end_object();
}

Status run_eval(const EvalOptions& options, Console& console) {
    if (!options.suite.file.empty()) {
        if (!options.reference.empty()) return {Code::usage, "a suite names its clips itself"};
        return run_suite_request(options.suite, {options.models, options.threads}, console);
    }
    if (options.reference.empty() || options.distorted.empty()) {
        return {Code::usage, "two videos are needed",
                "gvc eval REFERENCE DISTORTED, or gvc eval --suite FILE"};
    }
    std::vector<eval::Threshold> thresholds;
    for (const std::string& text : options.suite.fail_if) {
        GVC_ASSIGN_OR_RETURN(auto threshold, eval::parse_threshold(text));
        thresholds.push_back(std::move(threshold));
    }
    eval::CompareOptions compare;
    compare.metrics = options.metrics;
    compare.metric_options = {metrics_folder(options.models), options.threads};
    compare.every = options.every;
    compare.same_colour = options.same_colour;
    compare.on_warning = [&console](const std::string& line) { console.warning(line); };
    compare.cancelled = interrupted;
    compare.on_progress = [&console](int64_t frame, int64_t frames) {
        Progress progress;
        progress.stage = "eval";
        progress.frame = frame;
        progress.frames = frames;
        console.progress(progress);
    };
    GVC_ASSIGN_OR_RETURN(const eval::Comparison result,
                         eval::compare(options.reference, options.distorted, compare));
    console.result(table(result), [&](JsonWriter& json) { write_json(json, options, result); });
    const std::string& csv = options.suite.csv;
    if (!csv.empty()) {
        GVC_RETURN_IF_ERROR(write_text(csv, eval::csv_text(result, options.every)));
    }
    if (!options.vmaf_json.empty()) {
        GVC_RETURN_IF_ERROR(write_text(options.vmaf_json, eval::vmaf_json(result, options.every)));
    }
    for (const eval::Threshold& threshold : thresholds) {
        GVC_RETURN_IF_ERROR(eval::check_threshold(threshold, result));
    }
    return {};
}

}  // namespace

void add_eval(CLI::App& root, Run& run_chosen) {
    CLI::App* app =
        root.add_subcommand("eval", "Measure a video against its original, or run a suite");
    const auto options = std::make_shared<EvalOptions>();
    app->add_option("reference", options->reference, "The original")->type_name("REF");
    app->add_option("distorted", options->distorted, "What became of it")->type_name("DIST");
    std::string known;
    for (const std::string& name : eval::metric_names()) known += " " + name;
    app->add_option("--metrics", options->metrics, "List of:" + known)
        ->delimiter(',')
        ->type_name("LIST");
    app->add_option("--every", options->every, "Measure every N-th frame")
        ->check(CLI::Range(1, 1000000))
        ->type_name("N");
    app->add_option("--fail-if", options->suite.fail_if,
                    "Exit code 7 if METRIC[.POOL]<VALUE or >VALUE holds; POOL is overall, mean, "
                    "median, p1 or worst; of a suite ratio, bd_rate or bandwidth")
        ->type_name("CONDITION");
    app->add_option("--vmaf-json", options->vmaf_json, "Write the values in libvmaf's shape too")
        ->type_name("FILE");
    app->add_flag("--same-colour", options->same_colour,
                  "Take DIST to be in the colours of REF, whatever its tags say");
    app->add_option("--threads", options->threads, "Threads to compute with (0: one for each CPU)")
        ->check(CLI::Range(0, 1024))
        ->type_name("N");
    add_suite_options(*app, options->suite);
    add_model_option(*app, options->models);
    add_console_options(*app, options->console);
    add_eval_vos(*app, run_chosen);
    app->callback([app, options, &run_chosen] {
        if (!app->get_subcommands().empty()) return;  // its own callback was called
        run_chosen = [options] {
            Console console(options->console);
            const Status status = run_eval(*options, console);
            return status.ok() ? 0 : console.error(status);
        };
    });
}

}  // namespace gvc::app
