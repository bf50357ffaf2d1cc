extern "C" {
#include <libavcodec/bsf.h>
}

#include <cstring>

#include "media/av1.h"
#include "media/ffmpeg.h"
#include "media/log.h"

namespace gvc::media {
namespace {

struct FilterDelete {
    void operator()(AVBSFContext* p) const { av_bsf_free(&p); }
};
using Filter = std::unique_ptr<AVBSFContext, FilterDelete>;

Result<Filter> open_splitter() {
    const AVBitStreamFilter* kind = av_bsf_get_by_name("av1_frame_split");
    if (kind == nullptr) return {Code::resources, "this FFmpeg cannot split AV1 data"};
    AVBSFContext* context = nullptr;
    if (av_bsf_alloc(kind, &context) < 0) return {Code::resources, "no memory to split AV1 data"};
    Filter filter(context);
    filter->par_in->codec_id = AV_CODEC_ID_AV1;
    filter->par_in->codec_type = AVMEDIA_TYPE_VIDEO;
    if (av_bsf_init(filter.get()) < 0) return {Code::resources, "no memory to split AV1 data"};
    return filter;
}

}  // namespace

Result<Av1Units> split_av1(std::span<const uint8_t> data) {
    const Status damaged(Code::corrupt, "the AV1 base cannot be split into pictures");
    take_over_ffmpeg_log();
    GVC_ASSIGN_OR_RETURN(const Filter filter, open_splitter());
    AvPacket packet(av_packet_alloc());
    if (packet == nullptr || av_new_packet(packet.get(), static_cast<int>(data.size())) < 0) {
        return {Code::resources, "no memory for a packet"};
    }
    std::memcpy(packet->data, data.data(), data.size());
    packet->pts = 0;
    if (av_bsf_send_packet(filter.get(), packet.get()) < 0) return damaged;
    Av1Units units;
    bool shown = true;  // the unit in hand has its picture
    while (av_bsf_receive_packet(filter.get(), packet.get()) >= 0) {
        if (shown) units.emplace_back();
        units.back().insert(units.back().end(), packet->data, packet->data + packet->size);
        shown = packet->pts != AV_NOPTS_VALUE;  // the filter takes it from pictures not shown
        av_packet_unref(packet.get());
    }
    if (!shown || units.empty()) return damaged;
    return units;
}

}  // namespace gvc::media
