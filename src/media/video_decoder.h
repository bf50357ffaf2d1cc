// Packets of one input → decoded pictures, with the other streams' packets set aside. Private.
#pragma once

#include <functional>
#include <memory>

#include "media/input.h"
#include "media/log.h"

namespace gvc::media {

class VideoDecoder {
  public:
    using OtherPacket = std::function<void(AvPacket)>;

    // `threads` 0: as many as FFmpeg likes. Packets of streams other than the video go to `other`;
    // without it those streams are not read. `input` and `warnings` outlive the decoder.
    static Result<std::unique_ptr<VideoDecoder>> open(Input& input, AVStream& stream, int threads,
                                                      Warnings& warnings, OtherPacket other);

    // The next picture in display order, or nullptr at the end. Damaged packets are skipped with
    // one warning. A failure of the input is reported after the pictures before it.
    Result<AvFrame> next();

    // Skips to the keyframe at or before `timestamp` (stream units). False when the input cannot.
    bool seek(int64_t timestamp);

    const AVCodecContext& codec() const { return *codec_; }

  private:
    VideoDecoder(Input& input, AVStream& stream, Warnings& warnings, OtherPacket other)
        : input_(input), stream_(stream), warnings_(warnings), other_(std::move(other)) {}
    Status feed();

    Input& input_;
    AVStream& stream_;
    Warnings& warnings_;
    OtherPacket other_;
    AvCodec codec_;
    bool draining_ = false;
    int failures_at_end_ = 0;
    Status input_failure_;  // delivered once the decoder is empty
};

}  // namespace gvc::media
