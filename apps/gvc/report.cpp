// `gvc report`: results of a suite as one HTML page; src/report does the work.
#include "report/report.h"

#include <filesystem>

#include "base/file_io.h"
#include "command.h"
#include "text.h"

namespace gvc::app {
namespace {

struct Options {
    FileOptions files;
    bool pictures = true;
    ConsoleOptions console;
};

Status run(Options options, Console& console) {
    GVC_RETURN_IF_ERROR(check_input_given(options.files, "report"));
    if (options.files.output.empty()) {
        options.files.output =
            std::filesystem::path(options.files.input).replace_extension(".html").string();
    }
    GVC_RETURN_IF_ERROR(check_output(options.files));
    GVC_ASSIGN_OR_RETURN(eval::Results results, eval::load_results(options.files.input));
    if (!options.pictures) {
        for (auto& clip : results.clips) clip.pictures.clear();
        for (auto& point : results.points) point.pictures.clear();
    }
    if (results.points.empty()) return {Code::input, options.files.input + " holds no points"};
    const std::string page = report::make_report(results);
    GVC_RETURN_IF_ERROR(write_text(options.files.output, page));
    console.result(options.files.output + ", " + human_bytes(static_cast<double>(page.size())),
                   [&](JsonWriter& json) {
                       json.value("command", "report");
                       json.value("output", options.files.output);
                       json.value("bytes", page.size());
                       json.value("points", results.points.size());
                   });
    return {};
}

}  // namespace

void add_report(CLI::App& root, Run& run_chosen) {
    CLI::App* app = root.add_subcommand("report", "Make a page of a suite's results");
    const auto options = std::make_shared<Options>();
    add_file_options(*app, options->files, "Results of gvc eval --suite",
                     "The page [RESULTS.html]");
    add_switch(*app, "--pictures", options->pictures,
               "on or off: numbers and curves alone, a small page [on]");
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
