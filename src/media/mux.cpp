#include "media/mux.h"

#include <algorithm>
#include <climits>
#include <cstring>

#include "media/colour_tags.h"
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
    bool wants_base() const { return !begun_ || base_stream_ != nullptr; }
    Status write(std::span<const uint8_t> payload, int64_t pts, int64_t duration, bool keyframe,
                 const BaseUnits* base);
    Status finish() { return output_->finish(); }
    int64_t bytes_written() const { return output_->size(); }

  private:
    Status begin(const BaseUnits* base);
    Status add_base_stream(const BaseUnits& base);
    Status add_gvc_stream(const BaseUnits* base);
    Status write_base(const BaseUnits& base, int64_t end);
    Status write_packet(const AVStream& stream, std::span<const uint8_t> payload, int64_t pts,
                        int64_t duration, bool keyframe);

    std::string name_;
    GvcTrack track_;
    MuxOptions options_;
    std::unique_ptr<ContainerOutput> output_;
    bool begun_ = false;          // the header is written
    AVStream* stream_ = nullptr;  // owned by output_
    AVStream* base_stream_ = nullptr;
};

Status GvcMuxer::Impl::open(const std::string& name, const GvcTrack& track,
                            const MuxOptions& options) {
    name_ = name;
    track_ = track;
    options_ = options;
    const bool pipe = name == "-" || name.rfind("pipe:", 0) == 0;
    const std::string format = options.format.empty() && pipe ? "matroska" : options.format;
    GVC_ASSIGN_OR_RETURN(output_, ContainerOutput::create(name, format, options.overwrite));
    // What a base's track says of itself is known with the first GOP.
    const bool matroska = output_->context().oformat->name == std::string("matroska");
    return track.av1_base && matroska ? Status() : begin(nullptr);
}

Status GvcMuxer::Impl::begin(const BaseUnits* base) {
    begun_ = true;
    // The base comes first: players show the first video track.
    if (base != nullptr) GVC_RETURN_IF_ERROR(add_base_stream(*base));
    GVC_RETURN_IF_ERROR(add_gvc_stream(base));
    Warnings warnings(options_.on_warning);
    if (base != nullptr && !track_.orientation.upright()) {
        warnings.once(name_ + ": players may show the AV1 track unturned; gvc decode turns it");
    }
    GVC_RETURN_IF_ERROR(output_->copy_from(options_.packets, warnings));
    const Status status = output_->write_header(options_.metadata);
    if (status.code() != Code::usage) return status;
    return {Code::usage, name_ + ": this container cannot carry GVC video", "use .mkv"};
}

Status GvcMuxer::Impl::add_base_stream(const BaseUnits& base) {
    base_stream_ = output_->new_stream();
    if (base_stream_ == nullptr) return {Code::resources, "no memory to write " + name_};
    const AvColour colour = to_av(track_.colour);
    AVCodecParameters& parameters = *base_stream_->codecpar;
    parameters.codec_type = AVMEDIA_TYPE_VIDEO;
    parameters.codec_id = AV_CODEC_ID_AV1;
    parameters.width = base.width;
    parameters.height = base.height;
    parameters.format = colour.format;
    parameters.color_space = colour.space;
    parameters.color_range = colour.range;
    parameters.color_primaries = colour.primaries;
    parameters.color_trc = colour.transfer;
    parameters.chroma_location = colour.chroma_location;
    // Whatever the coded size, the shape shown is the picture's.
    AVRational& aspect = parameters.sample_aspect_ratio;
    av_reduce(&aspect.num, &aspect.den,
              int64_t{track_.width} * track_.sample_aspect.num * base.height,
              int64_t{track_.height} * track_.sample_aspect.den * base.width, INT_MAX);
    // The muxer takes the sequence header out of it.
    GVC_RETURN_IF_ERROR(set_header(parameters, base.units[0]));
    base_stream_->time_base = to_av(track_.time_base);
    base_stream_->avg_frame_rate = to_av(track_.frame_rate);
    base_stream_->sample_aspect_ratio = aspect;
    base_stream_->disposition = AV_DISPOSITION_DEFAULT;
    return set_stream_orientation(*base_stream_, track_.orientation);
}

Status GvcMuxer::Impl::add_gvc_stream(const BaseUnits* base) {
    stream_ = output_->new_stream();
    if (stream_ == nullptr) return {Code::resources, "no memory to write " + name_};
    AVCodecParameters& parameters = *stream_->codecpar;
    parameters.codec_type = AVMEDIA_TYPE_VIDEO;
    parameters.codec_id = AV_CODEC_ID_NONE;
    parameters.codec_tag = kGvcTag;
    // FFmpeg chooses the larger of two tracks, which must not be this one where it has a base.
    parameters.width = base != nullptr ? base->width : track_.width;
    parameters.height = base != nullptr ? base->height : track_.height;
    const AVRational aspect =
        base != nullptr ? base_stream_->sample_aspect_ratio : to_av(track_.sample_aspect);
    parameters.sample_aspect_ratio = aspect;
    GVC_RETURN_IF_ERROR(set_header(parameters, track_.header));
    stream_->time_base = to_av(track_.time_base);
    stream_->avg_frame_rate = to_av(track_.frame_rate);
    stream_->sample_aspect_ratio = aspect;
    return {};
}

Status GvcMuxer::Impl::write(std::span<const uint8_t> payload, int64_t pts, int64_t duration,
                             bool keyframe, const BaseUnits* base) {
    if (base != nullptr && (base->units.empty() || base->units.size() != base->times.size())) {
        return {Code::internal, "a GOP's base lacks units"};
    }
    if (!begun_) GVC_RETURN_IF_ERROR(begin(base));
    const int64_t end = pts + duration;
    GVC_RETURN_IF_ERROR(output_->copy_until(static_cast<double>(end) * track_.time_base.value()));
    if (base != nullptr && base_stream_ != nullptr) GVC_RETURN_IF_ERROR(write_base(*base, end));
    GVC_RETURN_IF_ERROR(write_packet(*stream_, payload, pts, duration, keyframe));
    return output_->flush();  // a program that is killed leaves whole GOPs
}

Status GvcMuxer::Impl::write_base(const BaseUnits& base, int64_t end) {
    for (size_t i = 0; i < base.units.size(); ++i) {
        const int64_t next = i + 1 < base.times.size() ? base.times[i + 1] : end;
        const int64_t duration = std::max<int64_t>(next - base.times[i], 0);
        GVC_RETURN_IF_ERROR(
            write_packet(*base_stream_, base.units[i], base.times[i], duration, i == 0));
    }
    return {};
}

Status GvcMuxer::Impl::write_packet(const AVStream& stream, std::span<const uint8_t> payload,
                                    int64_t pts, int64_t duration, bool keyframe) {
    if (payload.size() > INT_MAX / 2) return {Code::resources, "a packet is too large to carry"};
    AvPacket packet(av_packet_alloc());
    if (packet == nullptr || av_new_packet(packet.get(), static_cast<int>(payload.size())) < 0) {
        return {Code::resources, "no memory for a packet"};
    }
    if (!payload.empty()) std::memcpy(packet->data, payload.data(), payload.size());
    packet->pts = packet->dts = pts;
    packet->duration = duration;
    if (keyframe) packet->flags |= AV_PKT_FLAG_KEY;
    return output_->write(*packet, stream, track_.time_base);
}

GvcMuxer::GvcMuxer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GvcMuxer::~GvcMuxer() = default;

Result<std::unique_ptr<GvcMuxer>> GvcMuxer::create(const std::string& name, const GvcTrack& track,
                                                   const MuxOptions& options) {
    auto impl = std::make_unique<Impl>();
    GVC_RETURN_IF_ERROR(impl->open(name, track, options));
    return std::unique_ptr<GvcMuxer>(new GvcMuxer(std::move(impl)));
}

bool GvcMuxer::wants_base() const { return impl_->wants_base(); }
Status GvcMuxer::write(std::span<const uint8_t> payload, int64_t pts, int64_t duration,
                       bool keyframe, const BaseUnits* base) {
    return impl_->write(payload, pts, duration, keyframe, base);
}
Status GvcMuxer::finish() { return impl_->finish(); }
int64_t GvcMuxer::bytes_written() const { return impl_->bytes_written(); }

}  // namespace gvc::media
