#include "command.h"

#include <filesystem>
#include <map>

#include "media/output_file.h"

namespace gvc::app {

void add_file_options(CLI::App& app, FileOptions& options, const char* input_help,
                      const char* output_help) {
    app.add_option("input,-i,--input", options.input, input_help)->type_name("INPUT");
    if (output_help == nullptr) return;
    app.add_option("output,-o,--output", options.output, output_help)->type_name("OUTPUT");
    CLI::Option* yes = app.add_flag("-y,--overwrite", options.overwrite, "Overwrite the output");
    app.add_flag("-n,--no-overwrite", options.never, "Never overwrite (the default)")
        ->excludes(yes);
}

void add_model_option(CLI::App& app, std::string& model) {
    app.add_option("--model", model, "Weights: a folder or a tokeniser file")->type_name("PATH");
}

void add_compute_options(CLI::App& app, ComputeOptions& options) {
    add_model_option(app, options.model);
    app.add_option("--precision", options.precision,
                   "auto (bf16 where the CPU computes it), fp32 or bf16")
        ->check(CLI::IsMember({"auto", "fp32", "bf16"}))
        ->type_name("NAME");
    app.add_option("--threads", options.threads, "Threads to compute with (0: one for each CPU)")
        ->check(CLI::Range(0, 1024))
        ->type_name("N");
}

void add_console_options(CLI::App& app, ConsoleOptions& options) {
    static const std::map<std::string, ProgressMode> kModes = {{"auto", ProgressMode::automatic},
                                                               {"none", ProgressMode::none},
                                                               {"plain", ProgressMode::plain},
                                                               {"json", ProgressMode::json}};
    app.add_option_function<std::string>(
           "--progress",
           [&options](const std::string& name) { options.progress = kModes.at(name); },
           "auto, none, plain (a line every 10 s) or json (NDJSON lines)")
        ->check(CLI::IsMember({"auto", "none", "plain", "json"}))
        ->type_name("MODE");
    app.add_flag("--json", options.json, "Print the result as JSON");
    app.add_flag("-q,--quiet", options.quiet, "Print errors only");
    app.add_flag("-v,--verbose", options.verbose, "Print details");
}

std::string display_name(const std::string& name) { return name == "-" ? "standard input" : name; }

Status check_input_given(const FileOptions& files, const char* command) {
    if (!files.input.empty()) return {};
    return {Code::usage, "no input given", std::string("gvc ") + command + " --help"};
}

Status check_output(const FileOptions& files) {
    if (files.output == "-" || files.output.starts_with("pipe:")) return {};
    std::error_code error;
    if (std::filesystem::equivalent(files.input, files.output, error)) {
        return {Code::usage, files.output + " is the input", "name another output"};
    }
    return media::check_output_name(files.output, files.overwrite);
}

}  // namespace gvc::app
