#include "eval_vos.h"

#include <algorithm>
#include <filesystem>

#include "base/format.h"
#include "eval/propagate.h"
#include "eval/vos.h"
#include "interrupt.h"
#include "model_files.h"
#include "text.h"

namespace gvc::app {
namespace {

namespace fs = std::filesystem;

struct VosOptions {
    std::string truth, masks, video, write_masks;
    std::string features = eval::feature_net_name(eval::FeatureNet::fastestdet);
    std::string models;
    int threads = 0;
    ConsoleOptions console;
};

// Whether a file in the folder ends so.
bool holds(const fs::path& folder, const char* ending) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.path().extension() == ending) return true;
    }
    return false;
}

std::string table(const std::vector<eval::VosResult>& results, const eval::VosMeans& m) {
    std::string text = format("%-20s %-8s %6s %6s %6s %8s %8s\n", "sequence", "object", "J&F", "J",
                              "F", "J-recall", "F-recall");
    for (const eval::VosResult& r : results) {
        text += format("%-20s %-8s %6.1f %6.1f %6.1f %8.1f %8.1f\n", r.sequence.c_str(),
                       r.object.c_str(), 50 * (r.j.mean + r.f.mean), 100 * r.j.mean, 100 * r.f.mean,
                       100 * r.j.recall, 100 * r.f.recall);
    }
    return text + format("%-20s %-8zu %6.1f %6.1f %6.1f %8.1f %8.1f", "all", results.size(),
                         100 * m.j_and_f(), 100 * m.j, 100 * m.f, 100 * m.j_recall,
                         100 * m.f_recall);
}

void write_json(JsonWriter& json, const std::vector<eval::VosResult>& results,
                const eval::VosMeans& m) {
    json.value("command", "eval vos");
    json.value("objects", results.size());
    json.value("j_and_f", m.j_and_f());
    json.value("j", m.j);
    json.value("f", m.f);
    json.value("j_recall", m.j_recall);
    json.value("f_recall", m.f_recall);
    json.value("j_decay", m.j_decay);
    json.value("f_decay", m.f_decay);
    json.begin_array("results");
    for (const eval::VosResult& r : results) {
        json.begin_object();
        json.value("sequence", r.sequence);
        json.value("object", r.object);
        json.value("frames", r.frames);
        json.value("j", r.j.mean);
        json.value("f", r.f.mean);
        json.value("j_recall", r.j.recall);
        json.value("f_recall", r.f.recall);
        json.end_object();
    }
    json.end_array();
}

// The folders in a folder, sorted.
Result<std::vector<std::string>> folders_in(const std::string& root) {
    std::error_code error;
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(root, error)) {
        if (entry.is_directory()) names.push_back(entry.path().filename().string());
    }
    if (error) return {Code::input, "cannot read the folder " + root};
    std::sort(names.begin(), names.end());
    return names;
}

// A sequence's masks are in its folder or in "masks" below it.
std::string masks_in(const fs::path& folder) {
    return (holds(folder, ".png") ? folder : folder / "masks").string();
}

using Results = std::vector<eval::VosResult>;

Result<Results> measure_masks(const VosOptions& options) {
    GVC_ASSIGN_OR_RETURN(const auto sequences, folders_in(options.masks));
    Results results;
    for (const std::string& name : sequences) {
        GVC_ASSIGN_OR_RETURN(auto of_sequence,
                             eval::evaluate_masks(name, masks_in(fs::path(options.truth) / name),
                                                  masks_in(fs::path(options.masks) / name)));
        results.insert(results.end(), of_sequence.begin(), of_sequence.end());
    }
    if (results.empty()) return {Code::input, "no sequences in " + options.masks};
    return results;
}

struct Sequence {
    std::string name, truth, video;
};

// What media::Reader takes for a sequence's video: a file of its name, or the pictures in its
// folder or in "frames" below it. Empty if there is none.
std::string video_of(const fs::path& root, const std::string& name) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(root, error)) {
        if (entry.is_regular_file() && entry.path().stem() == name) return entry.path().string();
    }
    for (const fs::path& folder : {root / name / "frames", root / name}) {
        for (const char* ending : {".jpg", ".png"}) {
            if (holds(folder, ending)) return (folder / ("*" + std::string(ending))).string();
        }
    }
    return {};
}

Result<std::vector<Sequence>> find_sequences(const VosOptions& options, Console& console) {
    if (!fs::is_directory(options.video)) {
        const fs::path truth = fs::path(options.truth).lexically_normal();
        const fs::path named = truth.has_filename() ? truth : truth.parent_path();
        return std::vector<Sequence>{
            {named.filename().string(), masks_in(options.truth), options.video}};
    }
    GVC_ASSIGN_OR_RETURN(const auto names, folders_in(options.truth));
    std::vector<Sequence> sequences;
    for (const std::string& name : names) {
        const std::string video = video_of(options.video, name);
        if (video.empty()) {
            console.warning(name + ": no video in " + options.video + "; left out");
        } else {
            sequences.push_back({name, masks_in(fs::path(options.truth) / name), video});
        }
    }
    if (sequences.empty()) {
        return {Code::input, "no video in " + options.video + " of a sequence in " + options.truth};
    }
    return sequences;
}

Result<Results> measure_videos(const VosOptions& options, Console& console) {
    GVC_ASSIGN_OR_RETURN(const auto sequences, find_sequences(options, console));
    GVC_ASSIGN_OR_RETURN(auto network,
                         eval::MaskFeatures::open(*eval::feature_net_from_name(options.features),
                                                  metrics_folder(options.models), options.threads));
    media::ReaderOptions reading;
    reading.on_warning = [&console](const std::string& line) { console.warning(line); };
    reading.cancelled = interrupted;
    Results results;
    for (const Sequence& s : sequences) {
        GVC_ASSIGN_OR_RETURN(eval::LabelVideo truth, eval::read_labels(s.truth));
        GVC_ASSIGN_OR_RETURN(const auto found,
                             eval::propagate_masks(s.video, reading, truth, 0, network));
        if (found.frames.size() < truth.frames.size()) {
            console.warning(format("%s: %s has %zu frames; the first %zu of %zu masks count",
                                   s.name.c_str(), s.video.c_str(), found.frames.size(),
                                   found.frames.size(), truth.frames.size()));
            truth.frames.resize(found.frames.size());
        }
        GVC_ASSIGN_OR_RETURN(auto measured, eval::evaluate_labels(s.name, truth, found));
        results.insert(results.end(), measured.begin(), measured.end());
        console.note(format("%s: %zu frames, J&F %.1f", s.name.c_str(), found.frames.size(),
                            100 * eval::vos_means(measured).j_and_f()));
        if (options.write_masks.empty()) continue;
        GVC_RETURN_IF_ERROR(
            eval::write_labels((fs::path(options.write_masks) / s.name).string(), found));
    }
    return results;
}

Status run_vos(const VosOptions& options, Console& console) {
    if (options.truth.empty() || options.masks.empty() == options.video.empty()) {
        return {Code::usage, "a folder of true masks is needed, and either masks or a video",
                "gvc eval vos --truth TRUE --masks FOUND, or --truth TRUE --video VIDEO"};
    }
    GVC_ASSIGN_OR_RETURN(const Results results, options.video.empty()
                                                    ? measure_masks(options)
                                                    : measure_videos(options, console));
    const eval::VosMeans means = eval::vos_means(results);
    console.result(table(results, means),
                   [&](JsonWriter& json) { write_json(json, results, means); });
    return {};
}

}  // namespace

void add_eval_vos(CLI::App& eval, Run& run_chosen) {
    CLI::App* app = eval.add_subcommand("vos", "Measure masks of objects as DAVIS does");
    const auto options = std::make_shared<VosOptions>();
    app->add_option("--truth", options->truth, "The true masks: DIR/SEQUENCE/*.png")
        ->type_name("DIR");
    app->add_option("--masks", options->masks, "Masks that a tracker found, likewise")
        ->type_name("DIR");
    app->add_option("--video", options->video,
                    "Carry the first mask through DIR/SEQUENCE.* or DIR/SEQUENCE/*.jpg; a FILE is "
                    "the video of the one sequence that --truth holds")
        ->type_name("DIR|FILE");
    app->add_option("--features", options->features, "Network to carry masks by [fastestdet]")
        ->check(CLI::IsMember({"fastestdet", "squeezenet"}))
        ->type_name("NET");
    app->add_option("--write-masks", options->write_masks, "Keep the carried masks here")
        ->type_name("DIR");
    app->add_option("--threads", options->threads, "Threads to compute with (0: one for each CPU)")
        ->check(CLI::Range(0, 1024))
        ->type_name("N");
    add_model_option(*app, options->models);
    add_console_options(*app, options->console);
    app->callback([options, &run_chosen] {
        run_chosen = [options] {
            Console console(options->console);
            const Status status = run_vos(*options, console);
            return status.ok() ? 0 : console.error(status);
        };
    });
}

}  // namespace gvc::app
