#include <cmath>

#include "media/base_joiner.h"
#include "media/gvc_tag.h"
#include "media/input.h"
#include "media/mux.h"
#include "media/stream_collector.h"

namespace gvc::media {
namespace {

Rational positive_or(AVRational value, Rational otherwise) {
    return value.num > 0 && value.den > 0 ? to_rational(value) : otherwise;
}

}  // namespace

class GvcDemuxer::Impl {
  public:
    Status open(const std::string& name, const DemuxOptions& options);
    Result<std::optional<GvcPacket>> next();
    Status seek(double seconds);
    void end_copies_at(double seconds) {
        if (collector_) collector_->set_end(seconds);
    }

    const GvcTrack& track() const { return track_; }
    double duration_seconds() const {
        const int64_t duration = input_->context().duration;
        return duration > 0 ? static_cast<double>(duration) / AV_TIME_BASE : 0;
    }
    std::shared_ptr<PacketQueue> packets() const {
        return collector_ ? collector_->queue() : nullptr;
    }

  private:
    void find_streams();
    Result<std::optional<GvcPacket>> read();
    void take(const AVPacket& packet);

    std::unique_ptr<Input> input_;
    AVStream* stream_ = nullptr;
    AVStream* base_stream_ = nullptr;  // nullptr: none, the packets are whole
    BaseJoiner joiner_;
    std::unique_ptr<StreamCollector> collector_;
    GvcTrack track_;
    std::optional<GvcPacket> first_;  // read by open, not handed out yet
    int64_t origin_ = 0;              // time of the first packet in the file
    bool placed_ = false;             // the collector knows the origin
};

Status GvcDemuxer::Impl::open(const std::string& name, const DemuxOptions& options) {
    GVC_ASSIGN_OR_RETURN(input_, Input::open(name, {{25, 1}, options.cancelled}));
    AVFormatContext& context = input_->context();
    find_streams();
    if (stream_ == nullptr) {
        return {Code::input, input_->name() + " has no GVC video",
                "it is an ordinary video; gvc encode makes GVC of it"};
    }
    for (unsigned i = 0; i < context.nb_streams; ++i) {
        AVStream* stream = context.streams[i];
        if (stream != stream_ && stream != base_stream_ && !options.copy_streams) {
            stream->discard = AVDISCARD_ALL;
        }
    }
    if (options.copy_streams) {
        collector_ = std::make_unique<StreamCollector>(context, *stream_);
    }
    const AVCodecParameters& parameters = *stream_->codecpar;
    track_.width = parameters.width;
    track_.height = parameters.height;
    track_.time_base = to_rational(stream_->time_base);
    track_.frame_rate = positive_or(stream_->avg_frame_rate, {25, 1});
    track_.sample_aspect = positive_or(stream_->sample_aspect_ratio, {1, 1});
    track_.header.assign(parameters.extradata, parameters.extradata + parameters.extradata_size);
    GVC_ASSIGN_OR_RETURN(first_, read());
    if (first_) origin_ = first_->pts;
    return {};
}

// The first GVC track, and the first AV1 track, which may have its base.
void GvcDemuxer::Impl::find_streams() {
    const AVFormatContext& context = input_->context();
    for (unsigned i = 0; i < context.nb_streams; ++i) {
        AVStream* stream = context.streams[i];
        if (is_gvc(*stream)) {
            if (stream_ == nullptr) stream_ = stream;
        } else if (stream->codecpar->codec_id == AV_CODEC_ID_AV1 && base_stream_ == nullptr) {
            base_stream_ = stream;
        }
    }
    if (base_stream_ == nullptr) joiner_.finish();
}

Result<std::optional<GvcPacket>> GvcDemuxer::Impl::next() {
    if (collector_ && !placed_) {
        collector_->set_origin(origin_, track_.time_base, false);
        placed_ = true;
    }
    Result<std::optional<GvcPacket>> packet = first_ ? std::exchange(first_, std::nullopt) : read();
    if (packet.ok() && *packet) (*packet)->pts -= origin_;
    return packet;
}

Result<std::optional<GvcPacket>> GvcDemuxer::Impl::read() {
    while (true) {
        if (auto joined = joiner_.next()) return joined;
        AvPacket packet(av_packet_alloc());
        if (packet == nullptr) return {Code::resources, "no memory for a packet"};
        GVC_ASSIGN_OR_RETURN(const bool more, input_->read(*packet));
        if (!more) {
            joiner_.finish();
            return joiner_.next();
        }
        const bool video = packet->stream_index == stream_->index ||
                           (base_stream_ && packet->stream_index == base_stream_->index);
        if (video) {
            take(*packet);
        } else if (collector_) {
            collector_->take(std::move(packet));
        }
    }
}

void GvcDemuxer::Impl::take(const AVPacket& packet) {
    const bool is_base = packet.stream_index != stream_->index;
    const AVRational unit = is_base ? base_stream_->time_base : stream_->time_base;
    const int64_t pts = packet.pts != AV_NOPTS_VALUE ? packet.pts : 0;
    const double seconds = static_cast<double>(pts) * av_q2d(unit);
    const bool key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
    const std::span<const uint8_t> data(packet.data, static_cast<size_t>(packet.size));
    if (is_base) return joiner_.add_unit(data, seconds, key);
    joiner_.add_gop({{data.begin(), data.end()}, pts, packet.duration, key}, seconds);
}

Status GvcDemuxer::Impl::seek(double seconds) {
    const int64_t target =
        origin_ + static_cast<int64_t>(std::floor(seconds / track_.time_base.value()));
    // A GOP's base lies before its packets.
    const AVStream& first = base_stream_ != nullptr ? *base_stream_ : *stream_;
    const int64_t at = av_rescale_q(target, stream_->time_base, first.time_base);
    if (avformat_seek_file(&input_->context(), first.index, INT64_MIN, at, at, 0) < 0) {
        return {Code::input, input_->name() + " cannot be searched"};
    }
    first_.reset();
    joiner_ = BaseJoiner();
    if (base_stream_ == nullptr) joiner_.finish();
    if (collector_) {
        collector_->forget_unplaced();
        collector_->set_origin(target, track_.time_base, true);
        placed_ = true;
    }
    return {};
}

GvcDemuxer::GvcDemuxer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
GvcDemuxer::~GvcDemuxer() = default;

Result<std::unique_ptr<GvcDemuxer>> GvcDemuxer::open(const std::string& name,
                                                     const DemuxOptions& options) {
    auto impl = std::make_unique<Impl>();
    GVC_RETURN_IF_ERROR(impl->open(name, options));
    return std::unique_ptr<GvcDemuxer>(new GvcDemuxer(std::move(impl)));
}

const GvcTrack& GvcDemuxer::track() const { return impl_->track(); }
double GvcDemuxer::duration_seconds() const { return impl_->duration_seconds(); }
Result<std::optional<GvcPacket>> GvcDemuxer::next() { return impl_->next(); }
Status GvcDemuxer::seek(double seconds) { return impl_->seek(seconds); }
void GvcDemuxer::end_copies_at(double seconds) { impl_->end_copies_at(seconds); }
std::shared_ptr<PacketQueue> GvcDemuxer::packets() const { return impl_->packets(); }

}  // namespace gvc::media
