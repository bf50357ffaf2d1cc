#include "media/rescale.h"

#include "media/av_frame.h"
#include "media/ffmpeg.h"

extern "C" {
#include <libswscale/swscale.h>
}

namespace gvc::media {

struct Rescaler::Context {
    SwsContext* sws = nullptr;
    ~Context() { sws_freeContext(sws); }
};

Rescaler::Rescaler(int width, int height, ScaleFilter filter)
    : width_(width), height_(height), filter_(filter), context_(new Context) {}
Rescaler::~Rescaler() = default;
Rescaler::Rescaler(Rescaler&&) noexcept = default;
Rescaler& Rescaler::operator=(Rescaler&&) noexcept = default;

Result<Frame> Rescaler::operator()(const Frame& frame) {
    if (frame.width == width_ && frame.height == height_) return frame;
    const AVPixelFormat format =
        frame.colour.bit_depth == 8 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV420P10;
    const int flags = (filter_ == ScaleFilter::lanczos ? SWS_LANCZOS : SWS_BICUBIC) |
                      SWS_ACCURATE_RND | SWS_BITEXACT;
    context_->sws =
        sws_getCachedContext(context_->sws, frame.width, frame.height, format, width_, height_,
                             format, flags, nullptr, nullptr, nullptr);
    if (context_->sws == nullptr) return {Code::resources, "a picture cannot be scaled"};
    GVC_ASSIGN_OR_RETURN(Frame out, allocate_frame(width_, height_, frame.colour));
    out.pts = frame.pts;
    out.duration = frame.duration;
    out.time_base = frame.time_base;
    const uint8_t* from[4] = {};
    uint8_t* to[4] = {};
    int from_stride[4] = {}, to_stride[4] = {};
    for (int i = 0; i < 3; ++i) {
        from[i] = frame.planes[i].data;
        from_stride[i] = static_cast<int>(frame.planes[i].stride);
        to[i] = out.planes[i].data;
        to_stride[i] = static_cast<int>(out.planes[i].stride);
    }
    sws_scale(context_->sws, from, from_stride, 0, frame.height, to, to_stride);
    return out;
}

}  // namespace gvc::media
