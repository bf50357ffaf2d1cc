// What a file holds, without decoding it, and what the FFmpeg in use can do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "media/frame.h"

namespace gvc::media {

struct ProbedStream {
    enum class Kind { video, audio, subtitle, other };
    Kind kind = Kind::other;
    std::string codec;  // FFmpeg's short name; "gvc" for GVC1
    std::string language;
    int64_t bitrate_bps = 0;            // 0 when unknown
    int width = 0, height = 0;          // video
    Rational frame_rate{0, 1};          // video
    int sample_rate = 0, channels = 0;  // audio
};

struct ProbeInfo {
    std::string container;
    double duration_seconds = 0;  // 0 when unknown
    int64_t bitrate_bps = 0;
    std::vector<ProbedStream> streams;
};

// Errors as Reader::open, but a file without video is no error.
Result<ProbeInfo> probe(const std::string& name);

// For `gvc doctor`.
struct MediaSupport {
    std::string ffmpeg_version;  // of libavutil's build, such as "5.1.9-0+deb12u1"
    std::string libraries;       // "libavformat 59.27.100, libavcodec ..."
    bool h264_decoder = false;
    bool hevc_decoder = false;
    bool libx264 = false;
    bool png = false;
    bool ffv1 = false;
    bool bwdif = false;
    bool network = false;
};
MediaSupport media_support();

}  // namespace gvc::media
