// Option values as people write them: "800k", "30000/1001", "1280x720", "2s".
//
// Each parser takes the whole text; Code::usage with a message that says what is expected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "media/frame.h"

namespace gvc::app {

struct Size {
    int width = 0, height = 0;  // 0: from the other side by the aspect
};

// Distance of keyframes, given in frames or in seconds.
struct KeyInterval {
    int frames = 0;      // 0: given in seconds
    double seconds = 0;  // 0: given in frames
};

// Where to begin, from the beginning of the video.
struct Start {
    double seconds = 0;
    int64_t frame = 0;  // frames left out after that
};

Result<double> parse_bitrate(const std::string& text);  // bits a second: 24000, 24k, 1.5M
Result<media::Rational> parse_frame_rate(const std::string& text);  // 25, 29.97, 30000/1001
Result<Size> parse_size(const std::string& text);                   // 854x480, 854x0, 480p
Result<KeyInterval> parse_key_interval(const std::string& text);    // 58, 2s
Result<Start> parse_start(const std::string& text);  // 83.5, 1:23.5, 0:01:23.5, or 240f (a frame)

}  // namespace gvc::app
