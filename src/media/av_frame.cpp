#include "media/av_frame.h"

#include "media/colour_tags.h"

namespace gvc::media {

Frame to_frame(AvFrame frame, Rational time_base) {
    Frame out;
    out.width = frame->width;
    out.height = frame->height;
    out.colour = describe_colour(*frame);
    out.pts = frame->pts;
    out.duration = duration_of(*frame);
    out.time_base = time_base;
    for (int i = 0; i < 3; ++i) {
        out.planes[i].data = frame->data[i];
        out.planes[i].stride = frame->linesize[i];
        out.planes[i].width = i == 0 ? out.width : (out.width + 1) / 2;
        out.planes[i].height = i == 0 ? out.height : (out.height + 1) / 2;
    }
    out.storage = std::shared_ptr<AVFrame>(std::move(frame));
    return out;
}

AvFrame to_av_frame(const Frame& frame) {
    AvFrame out(av_frame_alloc());
    if (out == nullptr) return nullptr;
    const AvColour colour = to_av(frame.colour);
    out->format = colour.format;
    out->colorspace = colour.space;
    out->color_range = colour.range;
    out->color_primaries = colour.primaries;
    out->color_trc = colour.transfer;
    out->chroma_location = colour.chroma_location;
    out->width = frame.width;
    out->height = frame.height;
    out->pts = frame.pts;
    for (int i = 0; i < 3; ++i) {
        out->data[i] = frame.planes[i].data;
        out->linesize[i] = static_cast<int>(frame.planes[i].stride);
    }
    // One buffer that holds a share of the storage; its bytes are those of the first plane.
    auto* share = new std::shared_ptr<void>(frame.storage);
    out->buf[0] = av_buffer_create(
        frame.planes[0].data, 1,
        [](void* opaque, uint8_t*) { delete static_cast<std::shared_ptr<void>*>(opaque); }, share,
        AV_BUFFER_FLAG_READONLY);
    if (out->buf[0] == nullptr) {
        delete share;
        return nullptr;
    }
    return out;
}

}  // namespace gvc::media
