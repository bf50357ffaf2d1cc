#include "eval/process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>

extern char** environ;  // NOLINT: POSIX has it so

namespace gvc::eval {

namespace {

// Note [Peak memory]
// What wait4 tells is at least what this process had when it started the other: Linux carries it
// over. So the other's own mark is read while it runs; what it takes in its last 20 ms is missed.
constexpr int kPollMs = 20;

struct Pipe {
    std::array<int, 2> ends{-1, -1};

    bool open() { return pipe2(ends.data(), O_CLOEXEC) == 0; }
    void close_end(int which) {
        if (ends[which] >= 0) ::close(ends[which]);
        ends[which] = -1;
    }
    ~Pipe() {
        close_end(0);
        close_end(1);
    }
};

Result<pid_t> spawn(const Command& command, const Pipe& out, const Pipe& err) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out.ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.ends[1], STDERR_FILENO);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t pid = 0;
    const int error =
        posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) {
        return {Code::resources, "cannot run " + command[0] + " (" + std::strerror(error) + ")"};
    }
    return pid;
}

// Takes what there is to read; closes the pipe at its end.
void drain(Pipe& pipe, std::string& text) {
    std::array<char, 65536> buffer;
    const ssize_t count = read(pipe.ends[0], buffer.data(), buffer.size());
    if (count > 0) {
        text.append(buffer.data(), static_cast<size_t>(count));
    } else if (count == 0 || errno != EINTR) {
        pipe.close_end(0);
    }
}

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

std::string last_line(const std::string& text) {
    const size_t end = text.find_last_not_of("\r\n ");
    if (end == std::string::npos) return {};
    const size_t begin = text.find_last_of("\r\n", end);
    return text.substr(begin + 1, end - begin);
}

}  // namespace

Result<ProcessResult> run_process(const Command& command, const std::function<bool()>& cancelled) {
    Pipe out, err;
    if (!out.open() || !err.open()) return {Code::resources, "no more pipes can be opened"};
    const auto begin = std::chrono::steady_clock::now();
    GVC_ASSIGN_OR_RETURN(const pid_t pid, spawn(command, out, err));
    out.close_end(1);
    err.close_end(1);
    ProcessResult result;
    bool stopped = false;
    while (out.ends[0] >= 0 || err.ends[0] >= 0) {
        std::array<pollfd, 2> waiting{{{out.ends[0], POLLIN, 0}, {err.ends[0], POLLIN, 0}}};
        poll(waiting.data(), waiting.size(), kPollMs);
        result.peak_memory = std::max(result.peak_memory, peak_memory_of(pid));
        if (waiting[0].revents != 0) drain(out, result.out);
        if (waiting[1].revents != 0) drain(err, result.err);
        if (!stopped && cancelled && cancelled()) {
            stopped = true;
            kill(pid, SIGKILL);
        }
    }
    int status = 0;
    rusage usage{};
    while (wait4(pid, &status, 0, &usage) < 0 && errno == EINTR) {
    }
    // A signal from the terminal reaches the other program as well, which may then end by itself.
    if (stopped || (cancelled && cancelled())) return {Code::interrupted, "interrupted"};
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    result.seconds = elapsed.count();
    result.cpu_seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    result.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return result;
}

Result<ProcessResult> run_checked(const Command& command, const std::function<bool()>& cancelled) {
    GVC_ASSIGN_OR_RETURN(auto result, run_process(command, cancelled));
    if (result.exit_code == 0) return result;
    const std::string line = last_line(result.err);
    const bool no_model = result.exit_code == exit_code(Code::model);
    return {no_model ? Code::model : Code::quality, command[0] + " failed with exit code " +
                                                        std::to_string(result.exit_code) +
                                                        (line.empty() ? "" : ": " + line)};
}

uint64_t peak_memory_of(int pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    std::string line;
    unsigned long long kib = 0;
    while (std::getline(status, line)) {
        if (std::sscanf(line.c_str(), "VmHWM: %llu kB", &kib) == 1) break;
    }
    return kib * 1024;
}

std::string shell_text(const Command& command) {
    constexpr const char* kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    std::string text;
    for (const std::string& word : command) {
        if (!text.empty()) text += ' ';
        if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) {
            text += word;
            continue;
        }
        text += '\'';
        for (const char c : word) text += c == '\'' ? "'\\''" : std::string(1, c);
        text += '\'';
    }
    return text;
}

}  // namespace gvc::eval
