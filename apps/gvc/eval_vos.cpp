#include "eval_vos.h"

#include <algorithm>
#include <filesystem>

#include "base/format.h"
#include "eval/vos.h"
#include "text.h"

namespace gvc::app {
namespace {

namespace fs = std::filesystem;

struct Options {
    std::string masks, truth;
    ConsoleOptions console;
};

bool holds_png(const fs::path& folder) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".png") return true;
    }
    return false;
}

// Means over objects, as DAVIS has them.
struct Means {
    double j = 0, f = 0, j_recall = 0, f_recall = 0, j_decay = 0, f_decay = 0;
};

Means means_of(const std::vector<eval::VosResult>& results) {
    Means m;
    const auto n = static_cast<double>(results.size());
    for (const eval::VosResult& r : results) {
        m.j += r.j.mean / n;
        m.f += r.f.mean / n;
        m.j_recall += r.j.recall / n;
        m.f_recall += r.f.recall / n;
        m.j_decay += r.j.decay / n;
        m.f_decay += r.f.decay / n;
    }
    return m;
}

std::string table(const std::vector<eval::VosResult>& results, const Means& m) {
    std::string text = format("%-20s %-8s %6s %6s %6s %8s %8s\n", "sequence", "object", "J&F", "J",
                              "F", "J-recall", "F-recall");
    for (const eval::VosResult& r : results) {
        text += format("%-20s %-8s %6.1f %6.1f %6.1f %8.1f %8.1f\n", r.sequence.c_str(),
                       r.object.c_str(), 50 * (r.j.mean + r.f.mean), 100 * r.j.mean, 100 * r.f.mean,
                       100 * r.j.recall, 100 * r.f.recall);
    }
    return text + format("%-20s %-8zu %6.1f %6.1f %6.1f %8.1f %8.1f", "all", results.size(),
                         50 * (m.j + m.f), 100 * m.j, 100 * m.f, 100 * m.j_recall,
                         100 * m.f_recall);
}

void write_json(JsonWriter& json, const std::vector<eval::VosResult>& results, const Means& m) {
    json.value("command", "eval vos");
    json.value("objects", results.size());
    json.value("j_and_f", (m.j + m.f) / 2);
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

Status run(const Options& options, Console& console) {
    if (options.masks.empty() || options.truth.empty()) {
        return {Code::usage, "two folders of masks are needed",
                "gvc eval vos --masks FOUND --truth TRUE"};
    }
    std::error_code error;
    std::vector<std::string> sequences;
    for (const auto& entry : fs::directory_iterator(options.masks, error)) {
        if (entry.is_directory()) sequences.push_back(entry.path().filename().string());
    }
    if (error) return {Code::input, "cannot read the folder " + options.masks};
    std::sort(sequences.begin(), sequences.end());
    std::vector<eval::VosResult> results;
    for (const std::string& name : sequences) {
        // A sequence's masks are in its folder or in "masks" below it.
        const auto folder = [&name](const std::string& root) {
            const fs::path path = fs::path(root) / name;
            return (holds_png(path) ? path : path / "masks").string();
        };
        GVC_ASSIGN_OR_RETURN(auto of_sequence, eval::evaluate_masks(name, folder(options.truth),
                                                                    folder(options.masks)));
        results.insert(results.end(), of_sequence.begin(), of_sequence.end());
    }
    if (results.empty()) return {Code::input, "no sequences in " + options.masks};
    const Means means = means_of(results);
    console.result(table(results, means),
                   [&](JsonWriter& json) { write_json(json, results, means); });
    return {};
}

}  // namespace

void add_eval_vos(CLI::App& eval, Run& run_chosen) {
    CLI::App* app = eval.add_subcommand("vos", "Measure a tracker's masks as DAVIS does");
    const auto options = std::make_shared<Options>();
    app->add_option("--masks", options->masks, "Masks that were found: DIR/SEQUENCE/*.png")
        ->type_name("DIR");
    app->add_option("--truth", options->truth, "The true masks, likewise")->type_name("DIR");
    add_console_options(*app, options->console);
    app->callback([options, &run_chosen] {
        run_chosen = [options] {
            Console console(options->console);
            const Status status = run(*options, console);
            return status.ok() ? 0 : console.error(status);
        };
    });
}

}  // namespace gvc::app
