#include "media/reader.h"

#include <algorithm>
#include <cmath>

#include "media/av_frame.h"
#include "media/frame_source.h"
#include "media/orientation.h"
#include "media/stream_collector.h"
#include "media/tone_map.h"

namespace gvc::media {
namespace {

FrameSourceOptions source_options(const ReaderOptions& options) {
    FrameSourceOptions out;
    out.start_seconds = options.start_seconds;
    out.filter = options.filter;
    out.fps = options.fps;
    out.width = options.width;
    out.height = options.height;
    out.bit_depth = options.bit_depth;
    out.colour = {options.matrix, options.range};
    out.threads = options.threads;
    return out;
}

Status check(const ReaderOptions& options) {
    if (options.bit_depth != 0 && options.bit_depth != 8 && options.bit_depth != 10) {
        return {Code::usage, "bit depth " + std::to_string(options.bit_depth) + " is not 8 or 10"};
    }
    if (options.width < 0 || options.height < 0 || options.width > kMaxFrameSide ||
        options.height > kMaxFrameSide) {
        return {Code::usage, "size " + std::to_string(options.width) + "x" +
                                 std::to_string(options.height) + " is out of range"};
    }
    if (options.fps.num < 0 || options.fps.den <= 0 || options.image_rate.num <= 0 ||
        options.image_rate.den <= 0) {
        return {Code::usage, "the frame rate must be more than 0"};
    }
    if (!(options.start_seconds >= 0) || options.start_frame < 0 || options.frame_count < 0) {
        return {Code::usage, "start and frame count must not be negative"};
    }
    return {};
}

}  // namespace

class Reader::Impl {
  public:
    explicit Impl(const ReaderOptions& options)
        : options_(options), warnings_(options.on_warning) {}

    Status open(const std::string& name);
    Result<std::optional<Frame>> next();

    const StreamInfo& info() const { return info_; }
    std::shared_ptr<PacketQueue> packets() const {
        return collector_ ? collector_->queue() : nullptr;
    }

  private:
    Result<std::optional<Frame>> convert_next();
    void describe(const Frame& first, Rational sample_aspect);
    void collect_until_end();

    ReaderOptions options_;
    Warnings warnings_;
    std::unique_ptr<Input> input_;
    AVStream* stream_ = nullptr;
    std::unique_ptr<StreamCollector> collector_;
    std::unique_ptr<FrameSource> source_;
    StreamInfo info_;
    Rational sample_aspect_{1, 1};
    std::optional<Frame> first_;  // decoded by open, not handed out yet
    int64_t origin_ = 0;          // pts of the first frame in the source
    int64_t given_ = 0;
    bool ended_ = false;
};

Status Reader::Impl::open(const std::string& name) {
    GVC_RETURN_IF_ERROR(check(options_));
    GVC_ASSIGN_OR_RETURN(input_, Input::open(name, {options_.image_rate, options_.cancelled}));
    GVC_ASSIGN_OR_RETURN(stream_, input_->video_stream());
    VideoDecoder::OtherPacket other;
    if (options_.copy_streams) {
        collector_ = std::make_unique<StreamCollector>(input_->context(), *stream_);
        other = [this](AvPacket packet) { collector_->take(std::move(packet)); };
    }
    GVC_ASSIGN_OR_RETURN(source_, FrameSource::open(*input_, *stream_, source_options(options_),
                                                    warnings_, std::move(other)));
    const bool from_start = options_.start_seconds == 0 && options_.start_frame == 0;
    for (int64_t i = 0; i <= options_.start_frame; ++i) {
        GVC_ASSIGN_OR_RETURN(first_, convert_next());
        if (first_) continue;
        if (i == 0 && options_.start_seconds == 0) {
            return {Code::input, input_->name() + ": not one picture could be decoded",
                    "the file is damaged or has no video data"};
        }
        return {Code::input, input_->name() + " ends before the start asked for"};
    }
    origin_ = first_->pts;
    if (collector_) {
        if (options_.frame_count > 0) collector_->set_end(0);
        collector_->set_origin(origin_, source_->time_base(), !from_start);
    }
    describe(*first_, sample_aspect_);
    return {};
}

void Reader::Impl::describe(const Frame& first, Rational sample_aspect) {
    info_.width = first.width;
    info_.height = first.height;
    info_.colour = first.colour;
    info_.frame_rate = source_->frame_rate();
    info_.time_base = source_->time_base();
    info_.sample_aspect =
        sample_aspect.num > 0 && sample_aspect.den > 0 ? sample_aspect : Rational{1, 1};
    info_.deinterlaced = source_->deinterlaced();
    info_.container = input_->context().iformat->name;
    info_.codec = avcodec_get_name(stream_->codecpar->codec_id);
    const StreamOrientation shown = stream_orientation(*stream_);
    info_.orientation = shown.orientation;
    if (!shown.exact) {
        warnings_.once(input_->name() + ": only turns by 90 degrees are kept of its display angle");
    }

    const AVFormatContext& context = input_->context();
    double seconds = 0;
    if (stream_->duration != AV_NOPTS_VALUE && stream_->duration > 0) {
        seconds = static_cast<double>(stream_->duration) * av_q2d(stream_->time_base);
    } else if (context.duration != AV_NOPTS_VALUE && context.duration > 0) {
        seconds = static_cast<double>(context.duration) / AV_TIME_BASE;
    }
    const double rate = info_.frame_rate.value();
    int64_t frames = std::llround(seconds * rate);
    if (stream_->nb_frames > 0 && options_.fps.num == 0) frames = stream_->nb_frames;
    if (frames == 0) return;
    frames -= options_.start_frame + std::llround(options_.start_seconds * rate);
    frames = std::max<int64_t>(frames, 1);
    if (options_.frame_count > 0) frames = std::min(frames, options_.frame_count);
    info_.estimated_frames = frames;
    info_.duration_seconds = static_cast<double>(frames) / rate;
}

Result<std::optional<Frame>> Reader::Impl::convert_next() {
    GVC_ASSIGN_OR_RETURN(AvFrame picture, source_->next());
    if (picture == nullptr) return std::optional<Frame>();
    sample_aspect_ = to_rational(picture->sample_aspect_ratio);
    Frame frame = to_frame(std::move(picture), source_->time_base());
    if (frame.width > kMaxFrameSide || frame.height > kMaxFrameSide) {
        return {Code::resources, input_->name() + ": pictures larger than " +
                                     std::to_string(kMaxFrameSide) + " a side"};
    }
    if (is_high_dynamic_range(frame.colour)) {
        warnings_.once(input_->name() + " is high dynamic range (" +
                       (frame.colour.transfer == kTransferPq ? "PQ" : "HLG") +
                       "): tone-mapped to BT.709");
        info_.tone_mapped = true;
        GVC_ASSIGN_OR_RETURN(frame,
                             tone_map(frame, options_.bit_depth == 0 ? 8 : options_.bit_depth));
    }
    return std::optional<Frame>(std::move(frame));
}

Result<std::optional<Frame>> Reader::Impl::next() {
    if (ended_) return std::optional<Frame>();
    if (options_.frame_count > 0 && given_ == options_.frame_count) {
        ended_ = true;
        return std::optional<Frame>();
    }
    std::optional<Frame> frame = std::exchange(first_, std::nullopt);
    if (!frame) {
        Result<std::optional<Frame>> converted = convert_next();
        if (!converted.ok() || !*converted) {
            ended_ = true;
            return converted;
        }
        frame = std::move(converted).value();
    }
    frame->pts -= origin_;
    ++given_;
    if (collector_ && options_.frame_count > 0) {
        collector_->set_end(frame->seconds() + 1.0 / info_.frame_rate.value());
        if (given_ == options_.frame_count) collect_until_end();
    }
    return frame;
}

// The last frame was given, but audio of its time may still lie ahead in the file.
void Reader::Impl::collect_until_end() {
    constexpr int kMostPackets = 5000;  // an audio stream may end earlier than the video
    for (int i = 0; i < kMostPackets && !collector_->past_end(); ++i) {
        AvPacket packet(av_packet_alloc());
        if (packet == nullptr) return;
        const Result<bool> more = input_->read(*packet);
        if (!more.ok() || !*more) return;
        if (packet->stream_index != stream_->index) collector_->take(std::move(packet));
    }
}

Reader::Reader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Reader::~Reader() = default;

Result<std::unique_ptr<Reader>> Reader::open(const std::string& name,
                                             const ReaderOptions& options) {
    auto impl = std::make_unique<Impl>(options);
    GVC_RETURN_IF_ERROR(impl->open(name));
    return std::unique_ptr<Reader>(new Reader(std::move(impl)));
}

const StreamInfo& Reader::info() const { return impl_->info(); }
Result<std::optional<Frame>> Reader::next() { return impl_->next(); }
std::shared_ptr<PacketQueue> Reader::packets() const { return impl_->packets(); }

}  // namespace gvc::media
