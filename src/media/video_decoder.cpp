#include "media/video_decoder.h"

namespace gvc::media {
namespace {

constexpr int kMostFailuresAtEnd = 64;  // about the frames that threads may have in work

}  // namespace

Result<std::unique_ptr<VideoDecoder>> VideoDecoder::open(Input& input, AVStream& stream,
                                                         int threads, Warnings& warnings,
                                                         OtherPacket other) {
    const AVCodecID id = stream.codecpar->codec_id;
    const auto* codec = avcodec_find_decoder(id);
    if (codec == nullptr) {
        char tag[AV_FOURCC_MAX_STRING_SIZE] = {};
        av_fourcc_make_string(tag, stream.codecpar->codec_tag);
        const std::string kind = id == AV_CODEC_ID_NONE ? tag : avcodec_get_name(id);
        return {Code::input, input.name() + ": this FFmpeg has no decoder for " + kind + " video"};
    }
    std::unique_ptr<VideoDecoder> decoder(
        new VideoDecoder(input, stream, warnings, std::move(other)));
    decoder->codec_.reset(avcodec_alloc_context3(codec));
    if (decoder->codec_ == nullptr) return {Code::resources, "no memory for a video decoder"};
    AVCodecContext& context = *decoder->codec_;
    int error = avcodec_parameters_to_context(&context, stream.codecpar);
    context.pkt_timebase = stream.time_base;
    context.thread_count = threads;
    if (error >= 0) error = avcodec_open2(&context, codec, nullptr);
    if (error < 0) {
        return {Code::input, input.name() + ": cannot decode " + std::string(avcodec_get_name(id)) +
                                 ": " + error_text(error)};
    }
    for (unsigned i = 0; i < input.context().nb_streams; ++i) {
        AVStream& each = *input.context().streams[i];
        if (&each != &stream && !decoder->other_) each.discard = AVDISCARD_ALL;
    }
    return decoder;
}

Status VideoDecoder::feed() {
    AvPacket packet(av_packet_alloc());
    if (packet == nullptr) return {Code::resources, "no memory for a packet"};
    const Result<bool> more = input_.read(*packet);
    if (!more.ok() && more.status().code() != Code::input) return more.status();
    if (!more.ok() || !*more) {
        if (!more.ok()) input_failure_ = more.status();
        draining_ = true;
        avcodec_send_packet(codec_.get(), nullptr);
        return {};
    }
    if (packet->stream_index != stream_.index) {
        if (other_) other_(std::move(packet));
        return {};
    }
    // The decoder was emptied before, so it takes the packet; what it refuses is damaged.
    const int error = avcodec_send_packet(codec_.get(), packet.get());
    if (error == AVERROR(ENOMEM)) return {Code::resources, "no memory to decode " + input_.name()};
    if (error < 0) warnings_.once(input_.name() + ": damaged video data was skipped");
    return {};
}

Result<AvFrame> VideoDecoder::next() {
    AvFrame frame(av_frame_alloc());
    if (frame == nullptr) return {Code::resources, "no memory for a frame"};
    while (true) {
        const int error = avcodec_receive_frame(codec_.get(), frame.get());
        if (error >= 0) return frame;
        if (error == AVERROR_EOF) {
            if (!input_failure_.ok()) return input_failure_;
            return AvFrame();
        }
        if (error != AVERROR(EAGAIN)) {
            if (error == AVERROR(ENOMEM)) {
                return {Code::resources, "no memory to decode " + input_.name()};
            }
            warnings_.once(input_.name() + ": damaged video data was skipped");
            // At the end nothing more can be fed, so a decoder that goes on failing is given up.
            if (draining_ && ++failures_at_end_ > kMostFailuresAtEnd) return AvFrame();
        }
        if (!draining_) GVC_RETURN_IF_ERROR(feed());
    }
}

bool VideoDecoder::seek(int64_t timestamp) {
    if (avformat_seek_file(&input_.context(), stream_.index, INT64_MIN, timestamp, timestamp, 0) <
        0) {
        return false;
    }
    avcodec_flush_buffers(codec_.get());
    draining_ = false;
    return true;
}

}  // namespace gvc::media
