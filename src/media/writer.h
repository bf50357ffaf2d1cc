// Frames → mp4, mkv and whatever FFmpeg muxes, y4m, PNG images.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/result.h"
#include "media/frame.h"
#include "media/log.h"
#include "media/packet_queue.h"
#include "media/stream_info.h"

namespace gvc::media {

struct WriterOptions {
    bool overwrite = false;
    bool lossless = false;  // FFV1; needs a container for it, such as .mkv
    std::string codec;      // FFmpeg encoder; empty: libx264 where the container holds H.264
    double crf = 12;        // of libx264 and libx265
    std::string preset = "fast";
    int threads = 0;     // of the encoder; 0: FFmpeg chooses
    std::string format;  // "y4m", "png" or FFmpeg's muxer name; empty: from the name, y4m for "-"
    std::shared_ptr<PacketQueue> packets;         // audio and subtitles to copy; may be nullptr
    std::map<std::string, std::string> metadata;  // title, comment and so on
    WarningCallback on_warning;
};

// Not thread-safe. Output is written as NAME.part and gets its name in finish(); a failure, or no
// finish(), leaves the .part with what was written. Pipes and devices are written directly.
//
// Orientation is stored in mp4 and mov, and done to the samples for everything else. y4m has one
// frame rate and no matrix: times and matrix get lost there.
class Writer {
  public:
    // `name`: path, "-" (standard output), "pipe:N", or for images a path with %d ("out%05d.png",
    // numbered from 1) or a single .png, which takes one frame.
    // Code::usage: exists, cannot be created, unknown format or codec, codec refuses the frames.
    static Result<std::unique_ptr<Writer>> create(const std::string& name, const StreamInfo& info,
                                                  const WriterOptions& options);
    virtual ~Writer() = default;

    // Frames in order, all of the size and bit depth of `info`, in any time base.
    // Code::temporary: disk full, pipe closed. Code::internal: another size or bit depth.
    Status write(const Frame& frame);

    // Must be called once, at the end; nothing may be written afterwards.
    virtual Status finish() = 0;

  protected:
    explicit Writer(const StreamInfo& info) : info_(info) {}
    const StreamInfo& info() const { return info_; }

  private:
    virtual Status write_checked(const Frame& frame) = 0;

    StreamInfo info_;
};

}  // namespace gvc::media
