// All that gvc says: progress, warnings, errors and results. Data goes to standard output, words to
// standard error. docs/cli.md states the JSON lines.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>

#include "base/json_writer.h"
#include "base/result.h"

namespace gvc::app {

enum class ProgressMode {
    automatic,  // a line that is rewritten on a terminal, otherwise plain
    none,
    plain,  // a line every 10 s
    json    // NDJSON, at most 4 lines a second, with a last line "result" or "error"
};

struct ConsoleOptions {
    ProgressMode progress = ProgressMode::automatic;
    bool quiet = false;           // errors only
    bool verbose = false;         // details too
    bool json = false;            // the result as one JSON object on standard output
    bool stdout_is_data = false;  // pictures or packets go there: the result goes to stderr
};

struct Progress {
    const char* stage = "encode";
    int64_t frame = 0;
    int64_t frames = 0;        // in all; 0: unknown
    double media_seconds = 0;  // of video done
    uint64_t bytes = 0;        // coded so far
    int qp = -1;               // of the last GOP; -1: does not apply
};

// May be used from several threads.
class Console {
  public:
    explicit Console(const ConsoleOptions& options);

    // Shows the state if it is time to.
    void progress(const Progress& state);
    void warning(const std::string& line);
    void note(const std::string& line);    // a step of long work
    void detail(const std::string& line);  // with -v

    // The last word: `members` writes the members of the JSON object, `text` is what people read.
    // An error with results (partial output) calls result first, then error.
    void result(const std::string& text, const std::function<void(JsonWriter&)>& members);
    // Prints the error and returns its exit code.
    int error(const Status& status);

  private:
    using Clock = std::chrono::steady_clock;

    void clear_line();
    void say(const std::string& line);  // on standard error, on a line of its own
    void say_json(const std::function<void(JsonWriter&)>& members, bool to_stdout);

    std::mutex mutex_;
    ConsoleOptions options_;
    bool live_line_;  // progress rewrites one line of a terminal
    bool line_shown_ = false;
    Clock::time_point begun_, last_shown_;
};

// One line without a line end, at most 100 columns: what people see of the state.
std::string progress_line(const Progress& state, double elapsed_seconds);

}  // namespace gvc::app
