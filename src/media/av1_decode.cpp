#include <cstring>

#include "media/av1.h"
#include "media/av_frame.h"
#include "media/ffmpeg.h"
#include "media/log.h"

namespace gvc::media {
namespace {

Status damaged(const std::string& what) { return {Code::corrupt, "the AV1 base " + what}; }

Result<AvCodec> open_decoder(const Av1Picture& expected, int threads) {
    const AVCodec* codec = avcodec_find_decoder_by_name("libdav1d");
    if (codec == nullptr) {
        return {Code::resources, "this FFmpeg has no dav1d decoder",
                "install an FFmpeg with libdav1d"};
    }
    AvCodec context(avcodec_alloc_context3(codec));
    if (context == nullptr) return {Code::resources, "no memory for an AV1 decoder"};
    context->thread_count = threads;
    // Damaged data must not ask for the memory of larger pictures.
    context->max_pixels = static_cast<int64_t>(expected.width) * expected.height;
    AvDictionary options;
    options.set("filmgrain", "0");  // grain would hide from the refiner what is there
    const int error = avcodec_open2(context.get(), codec, options.address());
    if (error < 0) return {Code::resources, "dav1d does not start: " + error_text(error)};
    return context;
}

Result<AvPacket> packet_of(std::span<const uint8_t> data) {
    AvPacket packet(av_packet_alloc());
    if (packet == nullptr || av_new_packet(packet.get(), static_cast<int>(data.size())) < 0) {
        return {Code::resources, "no memory for a packet"};
    }
    std::memcpy(packet->data, data.data(), data.size());
    return packet;
}

}  // namespace

Result<std::vector<Frame>> decode_av1(std::span<const uint8_t> data, int frames,
                                      const Av1Picture& expected, int threads) {
    take_over_ffmpeg_log();
    if (data.empty()) return damaged("is empty");
    GVC_ASSIGN_OR_RETURN(AvCodec decoder, open_decoder(expected, threads));
    GVC_ASSIGN_OR_RETURN(const AvPacket packet, packet_of(data));
    if (avcodec_send_packet(decoder.get(), packet.get()) < 0) return damaged("is damaged");
    avcodec_send_packet(decoder.get(), nullptr);
    const AVPixelFormat format =
        expected.colour.bit_depth == 8 ? AV_PIX_FMT_YUV420P : AV_PIX_FMT_YUV420P10;
    std::vector<Frame> out;
    while (static_cast<int>(out.size()) < frames) {
        AvFrame frame(av_frame_alloc());
        if (frame == nullptr) return {Code::resources, "no memory for a frame"};
        const int error = avcodec_receive_frame(decoder.get(), frame.get());
        if (error == AVERROR(ENOMEM)) return {Code::resources, "no memory for an AV1 picture"};
        if (error == AVERROR_EOF || error == AVERROR(EAGAIN)) {
            return damaged("has " + std::to_string(out.size()) + " of " + std::to_string(frames) +
                           " pictures");
        }
        if (error < 0) return damaged("is damaged");
        if (frame->width != expected.width || frame->height != expected.height ||
            frame->format != format) {
            return damaged("has pictures of another size or depth");
        }
        Frame picture = to_frame(std::move(frame), {1, 25});
        picture.colour = expected.colour;
        out.push_back(std::move(picture));
    }
    return out;
}

}  // namespace gvc::media
