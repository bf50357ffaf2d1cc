// One FFmpeg filter graph: deinterlacing, the user's filters, frame rate, size, format. Private.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "media/ffmpeg.h"

namespace gvc::media {

struct FilterPlan {
    bool deinterlace = false;
    std::string user;    // FFmpeg filter string; may be empty
    Rational fps{0, 1};  // 0: as it comes
    int width = 0;       // 0: as it comes, or from the height by the aspect
    int height = 0;
    AVPixelFormat format = AV_PIX_FMT_YUV420P;

    // Whether frames like this one can go round the graph.
    bool leaves_alone(const AVFrame& frame) const;
};

class FrameFilter {
  public:
    // For frames like `sample`. Code::usage when the user's filter or the size is refused.
    static Result<std::unique_ptr<FrameFilter>> create(const AVFrame& sample, Rational time_base,
                                                       Rational frame_rate, const FilterPlan& plan);

    // nullptr ends the stream: what the filters hold comes out.
    Status push(AVFrame* frame);

    // nullptr: push more, or at an end.
    Result<AvFrame> pull();

    Rational time_base() const { return to_rational(av_buffersink_get_time_base(sink_)); }
    Rational frame_rate() const { return to_rational(av_buffersink_get_frame_rate(sink_)); }

  private:
    AvGraph graph_;
    AVFilterContext* source_ = nullptr;  // owned by graph_
    AVFilterContext* sink_ = nullptr;
};

}  // namespace gvc::media
