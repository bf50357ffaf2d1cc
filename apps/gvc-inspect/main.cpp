// gvc-inspect: `gvc inspect` alone, without any dependency.
#include <cstdio>
#include <string_view>

#include "../gvc/inspect.h"

namespace {

constexpr const char* kUsage =
    "usage: gvc-inspect [--packets] [--tokens --model FILE] [--json] STREAM\n"
    "Prints the headers of a GVC stream, what its bytes are spent on and, with --tokens, a hash "
    "of\n"
    "each GOP's decoded tokens. STREAM may be - for standard input.\n";

// False if the arguments make no sense.
bool parse(int argc, char** argv, gvc::app::InspectOptions& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view arg = argv[i];
        if (arg == "--packets") {
            options.packets = true;
        } else if (arg == "--tokens") {
            options.tokens = true;
        } else if (arg == "--json") {
            options.json = true;
        } else if (arg == "--model" && i + 1 < argc) {
            options.model_path = argv[++i];
        } else if ((arg.starts_with("-") && arg != "-") || !options.path.empty()) {
            return false;
        } else {
            options.path = arg;
        }
    }
    return !options.path.empty();
}

}  // namespace

int main(int argc, char** argv) {
    gvc::app::InspectOptions options;
    if (argc == 2 && std::string_view(argv[1]) == "--help") {
        std::fputs(kUsage, stdout);
        return 0;
    }
    if (!parse(argc, argv, options)) {
        std::fputs(kUsage, stderr);
        return gvc::exit_code(gvc::Code::usage);
    }
    const gvc::Status status = gvc::app::inspect(options, stdout);
    if (status.ok()) return 0;
    std::fprintf(stderr, "gvc-inspect: %s\n", status.message().c_str());
    if (!status.hint().empty()) std::fprintf(stderr, "hint: %s\n", status.hint().c_str());
    return gvc::exit_code(status.code());
}
