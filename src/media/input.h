// An opened FFmpeg input: what the user named, found and checked. Private to media.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "media/ffmpeg.h"

namespace gvc::media {

struct InputOptions {
    Rational image_rate{25, 1};       // frame rate of image sequences
    std::function<bool()> cancelled;  // asked while waiting for data; may be empty
};

class Input {
  public:
    // `name`: a path, a URL that FFmpeg reads, "-" for standard input, an image pattern with %d or
    // with * ? [ ]. Errors: Code::input when it is missing, empty, a folder or no media;
    // Code::temporary when the network fails; Code::interrupted when cancelled.
    static Result<std::unique_ptr<Input>> open(const std::string& name,
                                               const InputOptions& options);
    Input(const Input&) = delete;
    Input& operator=(const Input&) = delete;

    AVFormatContext& context() const { return *context_; }
    const std::string& name() const { return name_; }

    // The next packet of the streams that are not discarded. False at the end.
    Result<bool> read(AVPacket& packet);

    // The best video stream that is no cover picture; Code::input when there is none.
    Result<AVStream*> video_stream() const;

  private:
    Input() = default;
    static int interrupt(void* self);
    Status explain(const std::string& what, int error) const;

    AvInput context_;
    std::string name_;
    bool network_ = false;
    std::function<bool()> cancelled_;
    bool was_cancelled_ = false;
    std::chrono::steady_clock::time_point call_started_;
};

}  // namespace gvc::media
