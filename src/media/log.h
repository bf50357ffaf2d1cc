// Where warnings and FFmpeg's own log lines go. Nothing in this library prints.
#pragma once

#include <functional>
#include <set>
#include <string>

namespace gvc::media {

// Called with one line without a line end, on the thread that reads or writes.
using WarningCallback = std::function<void(const std::string& line)>;

// FFmpeg has one log for the whole process. It is silent once this library has opened anything;
// with a callback, lines of level "warning" and worse go there (from any thread, one at a time).
// An empty callback silences it again.
void set_ffmpeg_log(std::function<void(const std::string& line)> callback);

// Makes FFmpeg's log silent unless a callback is set. Called before every use of FFmpeg.
void take_over_ffmpeg_log();

// Says each thing once.
class Warnings {
  public:
    explicit Warnings(WarningCallback callback = {}) : callback_(std::move(callback)) {}

    void once(const std::string& line) {
        if (callback_ && said_.insert(line).second) callback_(line);
    }

  private:
    WarningCallback callback_;
    std::set<std::string> said_;
};

}  // namespace gvc::media
