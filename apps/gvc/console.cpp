#include "console.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/format.h"
#include "text.h"

namespace gvc::app {
namespace {

constexpr double kLiveInterval = 0.25;  // seconds between two states
constexpr double kPlainInterval = 10;
constexpr size_t kColumns = 100;

double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to) {
    return std::chrono::duration<double>(to - from).count();
}

double eta(const Progress& p, double elapsed) {
    if (p.frames <= 0 || p.frame <= 0) return -1;
    return elapsed / static_cast<double>(p.frame) *
           static_cast<double>(std::max<int64_t>(p.frames - p.frame, 0));
}

}  // namespace

std::string progress_line(const Progress& p, double elapsed) {
    std::string line = std::string(p.stage).substr(0, 3) + " " + std::to_string(p.frame);
    const double done = p.frames > 0 ? static_cast<double>(p.frame) / p.frames : 0;
    if (p.frames > 0)
        line += format("/%lld %.1f%%", (long long)p.frames, 100 * std::min(done, 1.0));
    if (elapsed > 0) {
        line += format("  %.1f fps (%.2fx)", p.frame / elapsed, p.media_seconds / elapsed);
    }
    if (p.bytes > 0 && p.media_seconds > 0) {
        line += format("  %.1f kbps", p.bytes * 8e-3 / p.media_seconds);
    }
    if (p.qp >= 0) line += format("  q %d", p.qp);
    if (p.bytes > 0 && done > 0) line += "  est " + human_bytes(p.bytes / std::min(done, 1.0));
    if (const double left = eta(p, elapsed); left >= 0) line += "  eta " + human_time(left);
    return line.substr(0, kColumns);
}

Console::Console(const ConsoleOptions& options)
    : options_(options),
      live_line_(options.progress == ProgressMode::automatic && isatty(STDERR_FILENO) != 0),
      begun_(Clock::now()),
      last_shown_(begun_) {}

void Console::progress(const Progress& p) {
    const std::lock_guard lock(mutex_);
    if (options_.quiet || options_.progress == ProgressMode::none) return;
    const bool json = options_.progress == ProgressMode::json;
    const auto now = Clock::now();
    if (seconds_between(last_shown_, now) < (json || live_line_ ? kLiveInterval : kPlainInterval)) {
        return;
    }
    last_shown_ = now;
    const double elapsed = seconds_between(begun_, now);
    if (json) {
        say_json(
            [&](JsonWriter& w) {
                w.value("type", "progress");
                w.value("frame", p.frame);
                if (p.frames > 0) w.value("frames", p.frames);
                w.value("fps", p.frame / elapsed);
                w.value("bytes", p.bytes);
                if (p.qp >= 0) w.value("qp", p.qp);
                if (const double left = eta(p, elapsed); left >= 0) w.value("eta_s", left);
                w.value("stage", p.stage);
            },
            false);
        return;
    }
    const std::string line = progress_line(p, elapsed);
    if (live_line_) {
        std::fprintf(stderr, "\r%s\033[K", line.c_str());
        std::fflush(stderr);
        line_shown_ = true;
    } else {
        say(line);
    }
}

void Console::clear_line() {
    if (line_shown_) std::fputs("\r\033[K", stderr);
    line_shown_ = false;
}

void Console::say(const std::string& line) {
    clear_line();
    std::fprintf(stderr, "%s\n", line.c_str());
}

void Console::say_json(const std::function<void(JsonWriter&)>& members, bool to_stdout) {
    JsonWriter json;
    json.begin_object();
    json.value("v", 1);
    members(json);
    json.end_object();
    clear_line();
    std::FILE* out = to_stdout ? stdout : stderr;
    std::fprintf(out, "%s\n", json.text().c_str());
    std::fflush(out);
}

void Console::warning(const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (options_.quiet) return;
    if (options_.progress != ProgressMode::json) return say("gvc: warning: " + line);
    say_json(
        [&](JsonWriter& w) {
            w.value("type", "warning");
            w.value("message", line);
        },
        false);
}

void Console::note(const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (options_.quiet || options_.progress == ProgressMode::none) return;
    if (options_.progress != ProgressMode::json) return say(line);
    say_json(
        [&](JsonWriter& w) {
            w.value("type", "note");
            w.value("message", line);
        },
        false);
}

void Console::detail(const std::string& line) {
    const std::lock_guard lock(mutex_);
    if (options_.verbose && options_.progress != ProgressMode::json) say(line);
}

void Console::result(const std::string& text, const std::function<void(JsonWriter&)>& members) {
    const std::lock_guard lock(mutex_);
    const auto with_type = [&](JsonWriter& w) {
        w.value("type", "result");
        members(w);
    };
    const bool json_line = options_.progress == ProgressMode::json;
    if (json_line) say_json(with_type, false);
    if (options_.json && !(json_line && options_.stdout_is_data)) {
        say_json(with_type, !options_.stdout_is_data);
    }
    if (!json_line && !options_.json && !options_.quiet) say(text);
}

int Console::error(const Status& status) {
    const std::lock_guard lock(mutex_);
    const int code = exit_code(status.code());
    const auto members = [&](JsonWriter& w) {
        w.value("type", "error");
        w.value("code", code);
        w.value("message", status.message());
        if (!status.hint().empty()) w.value("hint", status.hint());
    };
    const bool json_line = options_.progress == ProgressMode::json;
    if (json_line) say_json(members, false);
    if (options_.json && !options_.stdout_is_data) say_json(members, true);
    if (!json_line) {
        say("gvc: error: " + status.message());
        if (!status.hint().empty()) say("hint: " + status.hint());
    }
    return code;
}

}  // namespace gvc::app
