#include "media/stream_collector.h"

#include <algorithm>

namespace gvc::media {

StreamCollector::StreamCollector(const AVFormatContext& input, const AVStream& video) {
    queue_->metadata = to_map(input.metadata);
    for (unsigned i = 0; i < input.nb_streams; ++i) {
        const AVStream& stream = *input.streams[i];
        const AVMediaType type = stream.codecpar->codec_type;
        if (&stream == &video || (type != AVMEDIA_TYPE_AUDIO && type != AVMEDIA_TYPE_SUBTITLE)) {
            continue;
        }
        AVCodecParameters* parameters = avcodec_parameters_alloc();
        if (parameters == nullptr || avcodec_parameters_copy(parameters, stream.codecpar) < 0) {
            avcodec_parameters_free(&parameters);
            continue;
        }
        CopiedStream copied;
        copied.index = stream.index;
        copied.audio = type == AVMEDIA_TYPE_AUDIO;
        copied.codec = avcodec_get_name(parameters->codec_id);
        copied.time_base = to_rational(stream.time_base);
        copied.disposition = stream.disposition;
        copied.metadata = to_map(stream.metadata);
        copied.parameters.reset(parameters, [](AVCodecParameters* p) { AvDelete()(p); });
        queue_->streams.push_back(std::move(copied));
    }
}

const CopiedStream* StreamCollector::find(int index) const {
    for (const CopiedStream& stream : queue_->streams) {
        if (stream.index == index) return &stream;
    }
    return nullptr;
}

void StreamCollector::take(AvPacket packet) {
    if (find(packet->stream_index) == nullptr) return;
    if (has_origin_) {
        place(std::move(packet));
    } else {
        unplaced_.push_back(std::move(packet));
    }
}

void StreamCollector::set_origin(int64_t pts, Rational time_base, bool cut) {
    origin_pts_ = pts;
    origin_base_ = time_base;
    cut_ = cut;
    has_origin_ = true;
    for (AvPacket& packet : unplaced_) place(std::move(packet));
    unplaced_.clear();
}

void StreamCollector::set_end(double seconds) {
    end_ = seconds;
    release();
}

void StreamCollector::place(AvPacket packet) {
    const AVRational base = to_av(find(packet->stream_index)->time_base);
    const int64_t shift = av_rescale_q(origin_pts_, to_av(origin_base_), base);
    if (packet->pts != AV_NOPTS_VALUE) packet->pts -= shift;
    if (packet->dts != AV_NOPTS_VALUE) packet->dts -= shift;
    const int64_t begin = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
    if (begin == AV_NOPTS_VALUE) return;  // nothing can place it
    const double seconds = static_cast<double>(begin) * av_q2d(base);
    const double length = static_cast<double>(packet->duration) * av_q2d(base);
    if (cut_ && seconds < 0 && seconds + length <= 0) return;
    behind_end_.push_back({std::move(packet), seconds});
    release();
}

void StreamCollector::release() {
    std::vector<Placed> kept;
    for (Placed& each : behind_end_) {
        if (each.seconds < end_) {
            queue_->push(std::shared_ptr<AVPacket>(std::move(each.packet)), each.seconds);
        } else {
            kept.push_back(std::move(each));
        }
    }
    behind_end_ = std::move(kept);
}

bool StreamCollector::past_end() const {
    return std::all_of(queue_->streams.begin(), queue_->streams.end(),
                       [this](const CopiedStream& stream) {
                           return !stream.audio ||
                                  std::any_of(behind_end_.begin(), behind_end_.end(),
                                              [&stream](const Placed& each) {
                                                  return each.packet->stream_index == stream.index;
                                              });
                       });
}

}  // namespace gvc::media
