#include <algorithm>
#include <cmath>
#include <cstring>

#include "media/av_frame.h"
#include "media/colour_tags.h"
#include "media/container_output.h"
#include "media/orientation.h"
#include "media/writers.h"

namespace gvc::media {
namespace {

// H.264 and HEVC in 4:2:0 have even sizes only. Chroma of an odd size has room already, so only
// luma grows: by its last column and row again.
template <typename Sample>
void pad_luma(const Plane& from, const Plane& to) {
    for (int y = 0; y < to.height; ++y) {
        const Sample* in = from.row<Sample>(std::min(y, from.height - 1));
        Sample* out = to.row<Sample>(y);
        std::memcpy(out, in, sizeof(Sample) * from.width);
        if (to.width > from.width) out[to.width - 1] = in[from.width - 1];
    }
}

Result<Frame> padded_to_even(const Frame& frame) {
    GVC_ASSIGN_OR_RETURN(Frame out, allocate_frame(frame.width + frame.width % 2,
                                                   frame.height + frame.height % 2, frame.colour));
    Frame target = frame;
    target.width = out.width;
    target.height = out.height;
    target.planes[0] = out.planes[0];
    // The new luma and the old chroma live together.
    target.storage = std::make_shared<std::pair<std::shared_ptr<void>, std::shared_ptr<void>>>(
        out.storage, frame.storage);
    if (frame.colour.bit_depth == 8) {
        pad_luma<uint8_t>(frame.planes[0], out.planes[0]);
    } else {
        pad_luma<uint16_t>(frame.planes[0], out.planes[0]);
    }
    return target;
}

const auto* choose_encoder(const WriterOptions& options, const AVOutputFormat& format) {
    if (options.lossless) return avcodec_find_encoder(AV_CODEC_ID_FFV1);
    if (!options.codec.empty()) return avcodec_find_encoder_by_name(options.codec.c_str());
    const auto* x264 = avcodec_find_encoder_by_name("libx264");
    const bool holds_h264 =
        avformat_query_codec(&format, AV_CODEC_ID_H264, FF_COMPLIANCE_NORMAL) == 1;
    if (x264 != nullptr && holds_h264) return x264;
    return avcodec_find_encoder(format.video_codec);
}

class ContainerWriter : public Writer {
  public:
    ContainerWriter(const StreamInfo& info, const WriterOptions& options)
        : Writer(info), options_(options), warnings_(options.on_warning) {}

    Status open(const std::string& name);
    Status finish() override;

  private:
    Status open_encoder(const std::string& name);
    Status write_checked(const Frame& frame) override;
    Status encode(AVFrame* frame);

    WriterOptions options_;
    Warnings warnings_;
    std::unique_ptr<ContainerOutput> output_;
    AvCodec codec_;
    AVStream* stream_ = nullptr;  // owned by output_
    bool turn_samples_ = false;
    bool pad_ = false;
    int64_t last_pts_ = INT64_MIN;
};

Status ContainerWriter::open(const std::string& name) {
    GVC_ASSIGN_OR_RETURN(output_,
                         ContainerOutput::create(name, options_.format, options_.overwrite));
    GVC_RETURN_IF_ERROR(open_encoder(name));
    stream_ = output_->new_stream();
    if (stream_ == nullptr ||
        avcodec_parameters_from_context(stream_->codecpar, codec_.get()) < 0) {
        return {Code::resources, "no memory to write " + name};
    }
    stream_->time_base = codec_->time_base;
    stream_->avg_frame_rate = codec_->framerate;
    stream_->sample_aspect_ratio = codec_->sample_aspect_ratio;
    if (!turn_samples_) GVC_RETURN_IF_ERROR(set_stream_orientation(*stream_, info().orientation));
    GVC_RETURN_IF_ERROR(output_->copy_from(options_.packets, warnings_));
    return output_->write_header(options_.metadata);
}

Status ContainerWriter::open_encoder(const std::string& name) {
    const AVOutputFormat& format = *output_->context().oformat;
    const auto* codec = choose_encoder(options_, format);
    if (codec == nullptr || codec->type != AVMEDIA_TYPE_VIDEO) {
        return {Code::usage,
                options_.codec.empty() ? "no video encoder for " + name
                                       : "this FFmpeg has no video encoder " + options_.codec,
                "see: ffmpeg -encoders"};
    }
    if (avformat_query_codec(&format, codec->id, FF_COMPLIANCE_NORMAL) == 0) {
        return {Code::usage, std::string(format.name) + " cannot hold " + codec->name + " video",
                "use .mkv"};
    }
    const std::string format_name = format.name;
    turn_samples_ = format_name != "mp4" && format_name != "mov";
    const bool swap = turn_samples_ && info().orientation.degrees % 180 != 0;
    const bool needs_even = codec->id == AV_CODEC_ID_H264 || codec->id == AV_CODEC_ID_HEVC;
    pad_ = needs_even && (info().width % 2 != 0 || info().height % 2 != 0);
    if (pad_) {
        warnings_.once(
            name + ": " + codec->name + " has even sizes only: the last column or row of " +
            std::to_string(info().width) + "x" + std::to_string(info().height) + " is repeated");
    }
    codec_.reset(avcodec_alloc_context3(codec));
    if (codec_ == nullptr) return {Code::resources, "no memory for a video encoder"};
    const AvColour colour = to_av(info().colour);
    const int width = info().width + (pad_ ? info().width % 2 : 0);
    const int height = info().height + (pad_ ? info().height % 2 : 0);
    const Rational aspect = info().sample_aspect;
    codec_->width = swap ? height : width;
    codec_->height = swap ? width : height;
    codec_->sample_aspect_ratio = swap ? AVRational{aspect.den, aspect.num} : to_av(aspect);
    codec_->time_base = to_av(info().time_base);
    codec_->framerate = to_av(info().frame_rate);
    codec_->pix_fmt = colour.format;
    codec_->colorspace = colour.space;
    codec_->color_range = colour.range;
    codec_->color_primaries = colour.primaries;
    codec_->color_trc = colour.transfer;
    codec_->chroma_sample_location = colour.chroma_location;
    codec_->thread_count = options_.threads;
    if ((format.flags & AVFMT_GLOBALHEADER) != 0) codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AvDictionary settings;
    const std::string codec_name = codec->name;
    if (codec_name == "libx264" || codec_name == "libx265") {
        settings.set("crf", std::to_string(options_.crf));
        settings.set("preset", options_.preset);
    } else if (codec_name == "ffv1") {
        settings.set("level", "3");
        settings.set("slicecrc", "1");
    } else {
        codec_->flags |= AV_CODEC_FLAG_QSCALE;
        codec_->global_quality = FF_QP2LAMBDA * 2;
    }
    const int error = avcodec_open2(codec_.get(), codec, settings.address());
    if (error < 0) {
        return {Code::usage, "encoder " + codec_name + " refuses " + std::to_string(codec_->width) +
                                 "x" + std::to_string(codec_->height) + " at " +
                                 std::to_string(info().colour.bit_depth) +
                                 " bit: " + error_text(error)};
    }
    return {};
}

Status ContainerWriter::encode(AVFrame* frame) {
    int error = avcodec_send_frame(codec_.get(), frame);
    while (error >= 0) {
        AvPacket packet(av_packet_alloc());
        if (packet == nullptr) return {Code::resources, "no memory for a packet"};
        error = avcodec_receive_packet(codec_.get(), packet.get());
        if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return {};
        if (error < 0) break;
        if (packet->duration == 0) {
            packet->duration =
                av_rescale_q(1, av_inv_q(to_av(info().frame_rate)), codec_->time_base);
        }
        GVC_RETURN_IF_ERROR(output_->write(*packet, *stream_, info().time_base));
    }
    return {Code::internal, "the video encoder failed: " + error_text(error)};
}

Status ContainerWriter::write_checked(const Frame& frame) {
    Frame picture = frame;
    if (pad_) {
        GVC_ASSIGN_OR_RETURN(picture, padded_to_even(picture));
    }
    if (turn_samples_) {
        GVC_ASSIGN_OR_RETURN(picture, oriented(picture, info().orientation));
    }
    AvFrame av_frame = to_av_frame(picture);
    if (av_frame == nullptr) return {Code::resources, "no memory for a frame"};
    av_frame->pts = av_rescale_q(frame.pts, to_av(frame.time_base), codec_->time_base);
    // A coarser time base than the frames' must not give two of them one time.
    if (last_pts_ != INT64_MIN) av_frame->pts = std::max(av_frame->pts, last_pts_ + 1);
    last_pts_ = av_frame->pts;
    av_frame->sample_aspect_ratio = codec_->sample_aspect_ratio;
    GVC_RETURN_IF_ERROR(output_->copy_until(frame.seconds()));
    return encode(av_frame.get());
}

Status ContainerWriter::finish() {
    GVC_RETURN_IF_ERROR(encode(nullptr));
    return output_->finish();
}

}  // namespace

Result<std::unique_ptr<Writer>> create_container_writer(const std::string& name,
                                                        const StreamInfo& info,
                                                        const WriterOptions& options) {
    auto writer = std::make_unique<ContainerWriter>(info, options);
    GVC_RETURN_IF_ERROR(writer->open(name));
    return std::unique_ptr<Writer>(std::move(writer));
}

}  // namespace gvc::media
