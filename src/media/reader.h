// Any video FFmpeg reads → frames for the codec.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "media/frame.h"
#include "media/log.h"
#include "media/packet_queue.h"
#include "media/stream_info.h"

namespace gvc::media {

struct ReaderOptions {
    double start_seconds = 0;      // from the beginning of the video
    int64_t start_frame = 0;       // frames left out after that, counted as they would come out
    int64_t frame_count = 0;       // 0: all
    Rational fps{0, 1};            // 0: the source's; otherwise frames are dropped or repeated
    int width = 0, height = 0;     // 0: the source's, or from the other side by the aspect
    std::string filter;            // FFmpeg filter string, before fps and size
    int bit_depth = 0;             // 8 or 10; 0: 8 for 8-bit sources, 10 for deeper ones
    std::optional<Matrix> matrix;  // what the source's samples are, whatever its tags say
    std::optional<Range> range;
    Rational image_rate{25, 1};  // frame rate of image sequences
    int threads = 0;             // of the decoder; 0: FFmpeg chooses
    bool copy_streams = false;   // collect audio and subtitle packets in packets()
    WarningCallback on_warning;
    std::function<bool()> cancelled;  // asked while waiting for a network
};

// Not thread-safe; frames and packets() may be used on other threads.
class Reader {
  public:
    // `name`: path, URL, "-" (standard input), or images by "name%05d.png" or "*.png" (in quotes).
    // Decodes the first frame, so that info() is what frames will be and bad input shows here.
    // Code::input: missing, empty, a folder, no video, damaged, or start beyond the end.
    // Code::usage: filter or size refused. Code::temporary: network.
    static Result<std::unique_ptr<Reader>> open(const std::string& name,
                                                const ReaderOptions& options);
    ~Reader();

    const StreamInfo& info() const;

    // Frames in display order, the first at pts 0, each later than the one before. nullopt at the
    // end. Samples are shared with the decoder and must not be written to.
    // After an error (Code::input on damage or a change of size) nothing more comes.
    Result<std::optional<Frame>> next();

    // Streams to be copied and, as reading goes on, their packets, timed like the frames. nullptr
    // without copy_streams.
    std::shared_ptr<PacketQueue> packets() const;

  private:
    class Impl;
    explicit Reader(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace gvc::media
