#include "media/mux.h"

#include <climits>
#include <cstring>

#include "media/container_output.h"
#include "media/gvc_tag.h"

namespace gvc::media {
namespace {

Status set_header(AVCodecParameters& parameters, const std::vector<uint8_t>& header) {
    parameters.extradata =
        static_cast<uint8_t*>(av_mallocz(header.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (parameters.extradata == nullptr) return {Code::resources, "no memory for a header"};
    if (!header.empty()) std::memcpy(parameters.extradata, header.data(), header.size());
    parameters.extradata_size = static_cast<int>(header.size());
    return {};
}

}  // namespace

class GvcMuxer::Impl {
  public:
    Status open(const std::string& name, const GvcTrack& track, const MuxOptions& options);
    Status write(std::span<const uint8_t> payload, int64_t pts, int64_t duration, bool keyframe);
    Status finish() { return output_->finish(); }
    int64_t bytes_written() const { return output_->size(); }

  private:
    Rational time_base_;
    std::unique_ptr<ContainerOutput> output_;
    AVStream* stream_ = nullptr;  // owned by output_
};

Status GvcMuxer::Impl::open(const std::string& name, const GvcTrack& track,
                            const MuxOptions& options) {
    time_base_ = track.time_base;
    const bool pipe = name == "-" || name.rfind("pipe:", 0) == 0;
    const std::string format = options.format.empty() && pipe ? "matroska" : options.format;
    GVC_ASSIGN_OR_RETURN(output_, ContainerOutput::create(name, format, options.overwrite));
    stream_ = output_->new_stream();
    if (stream_ == nullptr) return {Code::resources, "no memory to write " + name};
    AVCodecParameters& parameters = *stream_->codecpar;
    parameters.codec_type = AVMEDIA_TYPE_VIDEO;
    parameters.codec_id = AV_CODEC_ID_NONE;
    parameters.codec_tag = kGvcTag;
    parameters.width = track.width;
    parameters.height = track.height;
    parameters.sample_aspect_ratio = to_av(track.sample_aspect);
    GVC_RETURN_IF_ERROR(set_header(parameters, track.header));
    stream_->time_base = to_av(track.time_base);
    stream_->avg_frame_rate = to_av(track.frame_rate);
    stream_->sample_aspect_ratio = to_av(track.sample_aspect);
    Warnings warnings(options.on_warning);
    GVC_RETURN_IF_ERROR(output_->copy_from(options.packets, warnings));
    const Status status = output_->write_header(options.metadata);
    if (status.code() != Code::usage) return status;
    return {Code::usage, name + ": this container cannot carry GVC video", "use .mkv"};
}

Status GvcMuxer::Impl::write(std::span<const uint8_t> payload, int64_t pts, int64_t duration,
                             bool keyframe) {
    if (payload.size() > INT_MAX / 2) return {Code::resources, "a packet is too large to carry"};
    GVC_RETURN_IF_ERROR(output_->copy_until(static_cast<double>(pts) * time_base_.value()));
    AvPacket packet(av_packet_alloc());
    if (packet == nullptr || av_new_packet(packet.get(), static_cast<int>(payload.size())) < 0) {
        return {Code::resources, "no memory for a packet"};
    }
    if (!payload.empty()) std::memcpy(packet->data, payload.data(), payload.size());
    packet->pts = packet->dts = pts;
    packet->duration = duration;
    if (keyframe) packet->flags |= AV_PKT_FLAG_KEY;
    return output_->write(*packet, *stream_, time_base_);
}

GvcMuxer::GvcMuxer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GvcMuxer::~GvcMuxer() = default;

Result<std::unique_ptr<GvcMuxer>> GvcMuxer::create(const std::string& name, const GvcTrack& track,
                                                   const MuxOptions& options) {
    auto impl = std::make_unique<Impl>();
    GVC_RETURN_IF_ERROR(impl->open(name, track, options));
    return std::unique_ptr<GvcMuxer>(new GvcMuxer(std::move(impl)));
}

Status GvcMuxer::write(std::span<const uint8_t> payload, int64_t pts, int64_t duration,
                       bool keyframe) {
    return impl_->write(payload, pts, duration, keyframe);
}
Status GvcMuxer::finish() { return impl_->finish(); }
int64_t GvcMuxer::bytes_written() const { return impl_->bytes_written(); }

}  // namespace gvc::media
