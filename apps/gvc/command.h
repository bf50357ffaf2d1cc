// What the subcommands have in common: their options and how they are added to the command line.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "base/result.h"
#include "console.h"

namespace gvc::app {

// Runs the subcommand that was asked for and returns its exit code.
using Run = std::function<int()>;

// Each adds one subcommand to `root`, which sets `run` when it is chosen. One file a subcommand.
void add_encode(CLI::App& root, Run& run);
void add_decode(CLI::App& root, Run& run);
void add_play(CLI::App& root, Run& run);
void add_inspect(CLI::App& root, Run& run);
void add_eval(CLI::App& root, Run& run);
void add_report(CLI::App& root, Run& run);
void add_bench(CLI::App& root, Run& run);
void add_doctor(CLI::App& root, Run& run);

struct FileOptions {
    std::string input, output;
    bool overwrite = false;
    bool never = false;  // never overwrite: the default, said aloud
};

struct ComputeOptions {
    std::string model;               // folder or file; empty: the usual places
    std::string precision = "auto";  // auto, fp32, bf16
    int threads = 0;                 // 0: one for each CPU
    bool count = false;              // multiply-accumulates, for `gvc bench`
};

void add_file_options(CLI::App& app, FileOptions& options, const char* input_help,
                      const char* output_help);
void add_model_option(CLI::App& app, std::string& model);
void add_compute_options(CLI::App& app, ComputeOptions& options);
void add_console_options(CLI::App& app, ConsoleOptions& options);

// The input as errors name it.
std::string display_name(const std::string& name);

// Code::usage if there is no input.
Status check_input_given(const FileOptions& files, const char* command);

// Code::usage if the output may not be written: none named, it exists, is a folder, or is the
// input.
Status check_output(const FileOptions& files);

// An option whose text `parse` turns into a value; its message goes to the user.
template <typename T, typename Target>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, Target& target,
                        Result<T> (*parse)(const std::string&), const std::string& help,
                        const char* type) {
    return app
        .add_option_function<std::string>(
            name,
            [&target, parse, name](const std::string& text) {
                Result<T> value = parse(text);
                if (!value.ok()) throw CLI::ValidationError(name, value.status().message());
                target = std::move(*value);
            },
            help)
        ->type_name(type);
}

// An option that is "on" or "off"; target: a bool, or an optional one that stays empty without it.
// It must outlive the parsing.
template <typename Bool>
void add_switch(CLI::App& app, const std::string& name, Bool& target, const std::string& help) {
    app.add_option_function<std::string>(
           name, [&target](const std::string& value) { target = value == "on"; }, help)
        ->check(CLI::IsMember({"on", "off"}))
        ->type_name("NAME");
}

}  // namespace gvc::app
