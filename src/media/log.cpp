#include "media/log.h"

#include <cstdlib>
#include <mutex>

#include "media/ffmpeg.h"

namespace gvc::media {
namespace {

std::mutex log_mutex;
std::function<void(const std::string&)> log_callback;  // guarded by log_mutex

void forward(void* context, int level, const char* format, va_list arguments) {
    if (level > AV_LOG_WARNING) return;
    const std::lock_guard lock(log_mutex);
    if (!log_callback) return;
    char line[1024];
    int print_prefix = 1;
    av_log_format_line(context, level, format, arguments, line, sizeof line, &print_prefix);
    std::string text(line);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    if (!text.empty()) log_callback(text);
}

}  // namespace

void take_over_ffmpeg_log() {
    static std::once_flag once;
    std::call_once(once, [] {
        av_log_set_callback(forward);
        setenv("SVT_LOG", "1", 0);  // SVT-AV1 has no other way to be told: errors only
    });
}

void set_ffmpeg_log(std::function<void(const std::string&)> callback) {
    take_over_ffmpeg_log();
    const std::lock_guard lock(log_mutex);
    log_callback = std::move(callback);
}

}  // namespace gvc::media
