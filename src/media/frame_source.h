// Decoder and filters together: an endless-safe stream of yuv420p/yuv420p10 pictures. Private.
#pragma once

#include <memory>

#include "media/colour_tags.h"
#include "media/frame_filter.h"
#include "media/video_decoder.h"

namespace gvc::media {

struct FrameSourceOptions {
    double start_seconds = 0;
    std::string filter;
    Rational fps{0, 1};
    int width = 0, height = 0;
    int bit_depth = 0;  // 0: the source's
    ColourOverrides colour;
    int threads = 0;
};

class FrameSource {
  public:
    static Result<std::unique_ptr<FrameSource>> open(Input& input, AVStream& stream,
                                                     FrameSourceOptions options, Warnings& warnings,
                                                     VideoDecoder::OtherPacket other);

    // The next picture, its pts in time_base() and strictly increasing; nullptr at the end.
    // A change of size inside the stream is Code::input, after the pictures before it.
    Result<AvFrame> next();

    // Known once next() has given a picture.
    Rational time_base() const { return time_base_; }
    Rational frame_rate() const { return frame_rate_; }
    bool deinterlaced() const { return plan_.deinterlace; }

  private:
    FrameSource(Input& input, AVStream& stream, FrameSourceOptions options, Warnings& warnings)
        : input_(input), stream_(stream), options_(std::move(options)), warnings_(warnings) {}
    Status seek_to_start();
    Result<AvFrame> decode();
    Result<AvFrame> from_filter();
    Status prepare(const AVFrame& frame);
    AvFrame timed(AvFrame frame, Rational time_base);

    Input& input_;
    AVStream& stream_;
    FrameSourceOptions options_;
    Warnings& warnings_;
    std::unique_ptr<VideoDecoder> decoder_;
    std::unique_ptr<FrameFilter> filter_;
    FilterPlan plan_;
    AvFrame waiting_;  // decoded, but the filters before it are not empty yet
    bool decoder_ended_ = false;
    bool flushing_ = false;  // the filters were told of an end
    Status failure_;         // delivered once the filters are empty
    int source_width_ = 0, source_height_ = 0;
    int source_format_ = -1;
    int64_t decoded_ = 0;
    int64_t start_pts_ = INT64_MIN;  // decoded pictures before it are dropped
    int64_t last_decoded_pts_ = INT64_MIN;
    int64_t last_pts_ = INT64_MIN;
    Rational time_base_;
    Rational frame_rate_;
};

}  // namespace gvc::media
