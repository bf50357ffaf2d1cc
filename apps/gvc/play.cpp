// `gvc play`: decodes into a pipe that ffplay or mpv shows.
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>

#include "command.h"
#include "decode_run.h"

extern char** environ;

namespace gvc::app {
namespace {

struct Player {
    std::string name;
    std::vector<std::string> arguments;
};

const std::vector<Player>& players() {
    static const std::vector<Player> kPlayers = {
        {"ffplay", {"-hide_banner", "-loglevel", "error", "-autoexit", "-i", "-"}},
        {"mpv", {"--really-quiet", "-"}}};
    return kPlayers;
}

std::string find_in_path(const std::string& name) {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path == nullptr ? "" : path);
    for (std::string folder; std::getline(folders, folder, ':');) {
        const std::string file = (std::filesystem::path(folder) / name).string();
        if (access(file.c_str(), X_OK) == 0) return file;
    }
    return "";
}

// Starts the player; what is written to the descriptor returned is its standard input.
Result<int> start(const std::string& file, const Player& player, pid_t& process) {
    int ends[2];
    if (pipe(ends) != 0) return {Code::resources, "no pipe to " + player.name};
    std::vector<char*> arguments = {const_cast<char*>(player.name.c_str())};
    for (const auto& a : player.arguments) arguments.push_back(const_cast<char*>(a.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    const int error =
        posix_spawn(&process, file.c_str(), &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[0]);
    if (error == 0) return ends[1];
    close(ends[1]);
    return {Code::resources, player.name + " cannot be started"};
}

Status play(DecodeOptions options, Console& console) {
    GVC_RETURN_IF_ERROR(check_input_given(options.files, "play"));
    for (const Player& player : players()) {
        const std::string file = find_in_path(player.name);
        if (file.empty()) continue;
        pid_t process = -1;
        GVC_ASSIGN_OR_RETURN(const int descriptor, start(file, player, process));
        options.files.output = "pipe:" + std::to_string(descriptor);
        options.format = "y4m";
        Result<DecodeSummary> decoded = run_decode(options, console);
        close(descriptor);
        int player_status = 0;
        waitpid(process, &player_status, 0);
        // The window was closed before the end: that is how one stops watching.
        if (!decoded.ok() && decoded.status().code() == Code::temporary) return {};
        return decoded.ok() ? Status() : decoded.status();
    }
    return {Code::resources, "no player found (ffplay or mpv)",
            "apt install ffmpeg, or: gvc decode " + options.files.input + " - | PLAYER -"};
}

}  // namespace

void add_play(CLI::App& root, Run& run) {
    CLI::App* app = root.add_subcommand("play", "Show a stream with ffplay or mpv");
    const auto options = std::make_shared<DecodeOptions>();
    const auto console_options = std::make_shared<ConsoleOptions>();
    add_file_options(*app, options->files, "A .gvc or .mkv file, or - for packets", nullptr);
    add_decoding_options(*app, *options);
    app->add_flag("-q,--quiet", console_options->quiet, "Print errors only");
    app->callback([options, console_options, &run] {
        run = [options, console_options] {
            console_options->progress = ProgressMode::none;
            Console console(*console_options);
            const Status status = play(*options, console);
            return status.ok() ? 0 : console.error(status);
        };
    });
}

}  // namespace gvc::app
