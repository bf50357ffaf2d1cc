// gvc: encode, decode, play, inspect, eval, report, bench, doctor.
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "command.h"
#include "interrupt.h"
#include "text.h"

namespace gvc::app {
namespace {

// What a mistyped command line looks like before its own options are known.
ConsoleOptions early_console(int argc, char** argv) {
    ConsoleOptions options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view arg = argv[i];
        const bool json_follows = i + 1 < argc && std::string_view(argv[i + 1]) == "json";
        if (arg == "--json") options.json = true;
        if (arg == "--progress=json" || (arg == "--progress" && json_follows)) {
            options.progress = ProgressMode::json;
        }
    }
    return options;
}

std::vector<std::string> option_names(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options()) {
        for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    }
    return names;
}

std::string help_command(const CLI::App* chosen) {
    return "gvc " + (chosen == nullptr ? "" : chosen->get_name() + " ") + "--help";
}

// What was left over after parsing, if anything.
Status check_leftovers(const CLI::App& root, const CLI::App* chosen) {
    const CLI::App& app = chosen != nullptr ? *chosen : root;
    const std::vector<std::string> extras = app.remaining();
    if (extras.empty()) return {};
    const std::string word = extras.front().substr(0, extras.front().find('='));
    std::vector<std::string> known = option_names(app);
    std::string kind = "argument";
    if (word.starts_with('-') && word != "-") {
        kind = "option";
    } else if (chosen == nullptr) {
        kind = "command";
        known.clear();
        for (const CLI::App* sub : root.get_subcommands({})) known.push_back(sub->get_name());
    }
    const std::string meant = nearest(word, known);
    const bool suggest = kind != "argument" && !meant.empty();
    return {Code::usage, "unknown " + kind + " '" + word + "'",
            suggest ? "did you mean " + meant + "?" : help_command(chosen)};
}

int run_command(int argc, char** argv) {
    CLI::App root("Generative video codec", "gvc");
    root.set_version_flag("--version", "gvc " GVC_VERSION);
    root.require_subcommand(0, 1);
    root.allow_extras();
    Run run;
    add_encode(root, run);
    add_decode(root, run);
    add_play(root, run);
    add_inspect(root, run);
    add_eval(root, run);
    add_report(root, run);
    add_bench(root, run);
    add_doctor(root, run);
    for (CLI::App* sub : root.get_subcommands({})) {
        sub->allow_extras();
        sub->get_formatter()->column_width(32);
    }

    const auto chosen = [&]() -> const CLI::App* {
        const auto subs = root.get_subcommands();
        return subs.empty() ? nullptr : subs.front();
    };
    Status status;
    try {
        root.parse(argc, argv);
        status = check_leftovers(root, chosen());
    } catch (const CLI::Success& e) {
        return root.exit(e);  // --help and --version
    } catch (const CLI::ParseError& e) {
        status = {Code::usage, e.what(), help_command(chosen())};
    }
    if (status.ok() && !run) status = {Code::usage, "no command given", help_command(nullptr)};
    if (!status.ok()) return Console(early_console(argc, argv)).error(status);
    install_signal_handlers();
    return run();
}

// Note [OpenMP's spinning]
// Threads that wait for their team spin for milliseconds by default. Beside a thread that reads and
// one that writes, and on a machine that does other work too, this made encoding 15 times slower.
// libgomp reads its settings before main, so the program starts itself again with a short spin,
// unless the user has decided.
void restart_with_short_spin(char** argv) {
    constexpr const char* kSpin = "GOMP_SPINCOUNT";
    if (std::getenv(kSpin) != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
    std::error_code error;
    const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
    if (error || setenv(kSpin, "5000", 1) != 0) return;
    execv(program.c_str(), argv);  // returns only if it fails; then the default has to do
}

}  // namespace
}  // namespace gvc::app

int main(int argc, char** argv) {
    gvc::app::restart_with_short_spin(argv);
    return gvc::app::run_command(argc, argv);
}
