#include "eval_suite.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/file_io.h"
#include "base/format.h"
#include "base/sha256.h"
#include "eval/clip_source.h"
#include "eval/export.h"
#include "eval/suite_runner.h"
#include "eval/summary.h"
#include "eval/threshold.h"
#include "interrupt.h"
#include "model_files.h"
#include "text.h"

namespace gvc::app {
namespace {

namespace fs = std::filesystem;

std::string default_cache() {
    const char* cache = std::getenv("XDG_CACHE_HOME");
    if (cache != nullptr && *cache != '\0') return std::string(cache) + "/gvc/eval";
    const char* home = std::getenv("HOME");
    return std::string(home != nullptr ? home : ".") + "/.cache/gvc/eval";
}

std::string own_program() {
    std::error_code error;
    const fs::path path = fs::read_symlink("/proc/self/exe", error);
    return error ? "gvc" : path.string();
}

std::string hardware() {
    std::ifstream cpus("/proc/cpuinfo");
    std::string line, model = "unknown CPU";
    while (std::getline(cpus, line)) {
        if (!line.starts_with("model name")) continue;
        model = line.substr(line.find(':') + 2);
        break;
    }
    return model + ", " + std::to_string(std::thread::hardware_concurrency()) + " threads";
}

std::string now_text() {
    const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&now));
    return text;
}

// Changes with the program and with the weights that it finds.
std::string gvc_identity(const std::string& program, const std::string& models) {
    std::vector<std::string> files{program};
    if (const auto found = find_model(models, std::nullopt); found.ok()) {
        for (const std::string& f : {found->tokeniser, found->refiner, found->hybrid}) {
            if (!f.empty()) files.push_back(f);
        }
    }
    std::string text;
    for (const std::string& file : files) {
        const auto content = read_text(file);
        text += content.ok() ? eval::sha256_text(*content) + " " : "? ";
    }
    return text;
}

// Leaves in `list` what has one of these names; Code::usage for a name that is not there.
template <typename Item>
Status leave(std::vector<Item>& list, const std::vector<std::string>& names, const char* what) {
    for (const std::string& name : names) {
        const bool there = std::any_of(list.begin(), list.end(),
                                       [&](const Item& item) { return item.name == name; });
        if (!there)
            return {Code::usage, "the suite has no " + std::string(what) + " '" + name + "'"};
    }
    if (names.empty()) return {};
    std::erase_if(list, [&](const Item& item) {
        return std::find(names.begin(), names.end(), item.name) == names.end();
    });
    return {};
}

// A file that holds something else than results is not written over.
Status check_output(const std::string& path, bool overwrite) {
    if (overwrite || !fs::exists(path) || eval::load_results(path).ok()) return {};
    return {Code::usage, path + " exists and holds no results of a suite", "-y replaces it"};
}

// Points of other frames or sizes than the suite's clips are left out: they tell nothing here.
Status import_anchors(const std::vector<std::string>& files, eval::Results& results,
                      std::ofstream& out, Console& console) {
    for (const std::string& file : files) {
        GVC_ASSIGN_OR_RETURN(const std::string text, read_text(file));
        GVC_ASSIGN_OR_RETURN(const auto points, eval::read_anchors(text));
        int others = 0;
        for (const eval::Point& point : points) {
            const auto clip =
                std::find_if(results.clips.begin(), results.clips.end(),
                             [&](const eval::ClipInfo& info) { return info.name == point.clip; });
            if (clip == results.clips.end()) continue;
            if (clip->width != point.width || clip->height != point.height ||
                clip->frames != point.frames) {
                ++others;
                continue;
            }
            out << eval::point_line(point) << '\n';
            results.points.push_back(point);
        }
        if (others > 0) {
            console.warning(file + ": " + std::to_string(others) +
                            " points are of other frames or sizes and are left out");
        }
    }
    return {};
}

eval::Results header_of(const eval::Suite& suite, const std::string& file) {
    eval::Results results;
    results.name = suite.name;
    results.description = suite.description;
    results.anchor = suite.anchor;
    results.compare_by = suite.compare_by;
    results.rates = suite.rates;
    results.program = "gvc " GVC_VERSION;
    results.hardware = hardware();
    results.date = now_text();
    results.command = "gvc eval --suite " + file;
    for (const eval::CodecSpec& codec : suite.codecs) results.codecs.push_back(codec.name);
    return results;
}

eval::SuiteOptions runner_options(const SuiteRequest& request, const SuiteCompute& compute,
                                  const eval::Suite& suite, Console& console) {
    eval::SuiteOptions options;
    options.clips = !request.clips.empty()
                        ? request.clips
                        : (fs::path(request.file).parent_path() / suite.folder).string();
    options.masks = request.masks.empty() ? options.clips : request.masks;
    options.cache = fs::absolute(request.cache.empty() ? default_cache() : request.cache).string();
    options.programs.gvc = own_program();
    if (!compute.models.empty()) options.programs.gvc_options = {"--model", compute.models};
    if (compute.threads > 0) {
        options.programs.gvc_options.push_back("--threads");
        options.programs.gvc_options.push_back(std::to_string(compute.threads));
    }
    options.gvc_identity = gvc_identity(options.programs.gvc, compute.models);
    options.hardware = hardware();
    options.metrics = {metrics_folder(compute.models), compute.threads};
    options.cancelled = interrupted;
    const auto begun = std::chrono::steady_clock::now();
    options.on_note = [&console](const std::string& text) { console.note(text); };
    options.on_progress = [&console, begun](int done, int all) {
        const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begun;
        console.note(format("%d/%d codecs on clips, %s, eta %s", done, all,
                            human_time(elapsed.count()).c_str(),
                            human_time(elapsed.count() / done * (all - done)).c_str()));
    };
    return options;
}

Status write_other_shapes(const SuiteRequest& request, const eval::Results& results) {
    if (!request.csv.empty()) GVC_RETURN_IF_ERROR(write_text(request.csv, eval::csv_text(results)));
    if (request.compressai.empty()) return {};
    std::error_code error;
    fs::create_directories(request.compressai, error);
    for (const auto& [name, text] : eval::compressai_files(results)) {
        GVC_RETURN_IF_ERROR(write_text(request.compressai + "/" + name, text));
    }
    return {};
}

}  // namespace

void add_suite_options(CLI::App& app, SuiteRequest& request) {
    app.add_option("--suite", request.file, "Run the codecs and clips of this file")
        ->type_name("FILE");
    app.add_option("--clips", request.clips, "Folder of the suite's clips")->type_name("DIR");
    app.add_option("--masks", request.masks, "Folder of its clips' masks [that of the clips]")
        ->type_name("DIR");
    app.add_option("-o,--output", request.output, "Results of a suite [its name.jsonl]")
        ->type_name("FILE");
    app.add_option("--cache", request.cache, "Measured points [~/.cache/gvc/eval]")
        ->type_name("DIR");
    app.add_option("--anchors", request.anchors, "Import points measured elsewhere")
        ->type_name("FILE");
    app.add_option("--only-clips", request.only_clips, "List of the suite's clips")
        ->delimiter(',')
        ->type_name("LIST");
    app.add_option("--only-codecs", request.only_codecs, "List of the suite's codecs")
        ->delimiter(',')
        ->type_name("LIST");
    app.add_option("--csv", request.csv, "Write points or frames as a table too")
        ->type_name("FILE");
    app.add_option("--compressai", request.compressai, "Write CompressAI's files too")
        ->type_name("DIR");
    app.add_flag("-y", request.overwrite, "Overwrite files that exist");
}

Status run_suite_request(const SuiteRequest& request, const SuiteCompute& compute,
                         Console& console) {
    GVC_ASSIGN_OR_RETURN(eval::Suite suite, eval::load_suite(request.file));
    std::vector<eval::Threshold> thresholds;
    for (const std::string& text : request.fail_if) {
        GVC_ASSIGN_OR_RETURN(auto threshold, eval::parse_suite_threshold(text));
        thresholds.push_back(std::move(threshold));
    }
    GVC_RETURN_IF_ERROR(leave(suite.clips, request.only_clips, "clip"));
    GVC_RETURN_IF_ERROR(leave(suite.codecs, request.only_codecs, "codec"));
    const std::string path = request.output.empty() ? suite.name + ".jsonl" : request.output;
    GVC_RETURN_IF_ERROR(check_output(path, request.overwrite));
    std::ofstream out(path, std::ios::trunc);
    if (!out) return {Code::usage, "cannot write " + path};
    eval::Results results = header_of(suite, request.file);
    out << eval::header_line(results) << '\n';

    eval::SuiteOptions options = runner_options(request, compute, suite, console);
    options.on_result = [&out](const std::string& line) { out << line << std::endl; };
    GVC_RETURN_IF_ERROR(eval::run_suite(suite, options, results));
    GVC_RETURN_IF_ERROR(import_anchors(request.anchors, results, out, console));
    if (!out) return {Code::temporary, "cannot write " + path};
    GVC_RETURN_IF_ERROR(write_other_shapes(request, results));

    eval::Summary summary = eval::summarise(results, eval::PointTable(results));
    summary.published = suite.published;
    console.result(eval::summary_text(summary) + "\n\nresults: " + path, [&](JsonWriter& json) {
        json.value("command", "eval");
        json.value("suite", suite.name);
        json.value("results", path);
        json.value("points", results.points.size());
        json.value("failures", results.failures.size());
        eval::write_summary(json, summary);
    });
    GVC_RETURN_IF_ERROR(eval::outcome(results));
    for (const eval::Threshold& threshold : thresholds) {
        GVC_RETURN_IF_ERROR(eval::check_threshold(threshold, summary));
    }
    return {};
}

}  // namespace gvc::app
