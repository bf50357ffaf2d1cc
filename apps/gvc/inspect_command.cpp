// `gvc inspect`: the options; inspect.cpp does the work.
#include <cstdio>
#include <memory>

#include "command.h"
#include "inspect.h"
#include "packet_source.h"
#include "token_check.h"

namespace gvc::app {
namespace {

// The tables that the stream was coded with.
Result<std::string> model_of(const InspectOptions& options) {
    std::optional<uint64_t> wanted;
    if (options.path != "-") {
        GVC_ASSIGN_OR_RETURN(const auto source, open_source(options.path, false));
        wanted = source->sequence().fingerprint;
    }
    GVC_ASSIGN_OR_RETURN(const ModelFiles model, find_model(options.model_path, wanted));
    return model.tokeniser;
}

Status run(InspectOptions options) {
    if (options.path.empty()) return {Code::usage, "no input given", "gvc inspect --help"};
    GVC_ASSIGN_OR_RETURN(const BareStream stream, BareStream::open(options.path));
    options.path = stream.path();
    if (options.tokens) {
        GVC_ASSIGN_OR_RETURN(options.model_path, model_of(options));
    }
    return inspect(options, stdout);
}

}  // namespace

void add_inspect(CLI::App& root, Run& run_chosen) {
    CLI::App* app = root.add_subcommand("inspect", "Print what a stream consists of");
    const auto options = std::make_shared<InspectOptions>();
    app->add_option("input,-i,--input", options->path, "A .gvc file, or - for standard input")
        ->type_name("FILE");
    app->add_flag("--packets", options->packets, "List every packet and GOP");
    app->add_flag("--tokens", options->tokens, "Decode the tokens; print a hash of each GOP's");
    app->add_flag("--json", options->json, "Print JSON");
    add_model_option(*app, options->model_path);
    app->callback([options, &run_chosen] {
        run_chosen = [options] {
            const Status status = run(*options);
            if (status.ok()) return 0;
            Console console({.json = false});
            return console.error(status);
        };
    });
}

}  // namespace gvc::app
