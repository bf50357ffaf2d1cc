#include "stream_clock.h"

#include <algorithm>
#include <cmath>

#include "media/av1_base_coder.h"

namespace gvc::app {
namespace {

constexpr int64_t kMaxTicksPerFrame = 64;

uint32_t ticks_per_frame(const media::StreamInfo& info) {
    const double units = 1 / (info.frame_rate.value() * info.time_base.value());
    if (!std::isfinite(units)) return 1;
    return static_cast<uint32_t>(std::clamp<int64_t>(std::llround(units), 1, kMaxTicksPerFrame));
}

int to_int(uint64_t value) { return static_cast<int>(std::min<uint64_t>(value, INT32_MAX)); }

}  // namespace

bitstream::SequenceHeader sequence_of(const media::StreamInfo& info) {
    bitstream::SequenceHeader s;
    s.width = static_cast<uint32_t>(info.width);
    s.height = static_cast<uint32_t>(info.height);
    s.frame_rate = {static_cast<uint32_t>(info.frame_rate.num),
                    static_cast<uint32_t>(info.frame_rate.den)};
    s.ticks_per_frame = ticks_per_frame(info);
    s.colour = {.primaries = info.colour.primaries,
                .transfer = info.colour.transfer,
                .matrix = static_cast<uint8_t>(info.colour.matrix),
                .full_range = info.colour.range == media::Range::full,
                .bit_depth = static_cast<uint8_t>(info.colour.bit_depth)};
    if (info.sample_aspect.num != info.sample_aspect.den) {
        s.sample_aspect = {static_cast<uint32_t>(info.sample_aspect.num),
                           static_cast<uint32_t>(info.sample_aspect.den)};
    }
    s.rotation = static_cast<uint8_t>(info.orientation.degrees / 90 % 4);
    s.mirrored = info.orientation.mirrored;
    return s;
}

media::Rational tick_of(const bitstream::SequenceHeader& s) {
    return {to_int(s.frame_rate.den), to_int(uint64_t{s.frame_rate.num} * s.ticks_per_frame)};
}

media::StreamInfo stream_info_of(const bitstream::SequenceHeader& s) {
    media::StreamInfo info;
    info.width = static_cast<int>(s.width);
    info.height = static_cast<int>(s.height);
    info.frame_rate = {to_int(s.frame_rate.num), to_int(s.frame_rate.den)};
    info.time_base = tick_of(s);
    info.colour = media::colour_of(s);
    if (s.sample_aspect) {
        info.sample_aspect = {to_int(s.sample_aspect->num), to_int(s.sample_aspect->den)};
    }
    info.orientation = {s.rotation * 90, s.mirrored};
    return info;
}

StreamClock::StreamClock(const bitstream::SequenceHeader& sequence,
                         media::Rational source_time_base)
    : frame_rate_(static_cast<double>(sequence.frame_rate.num) / sequence.frame_rate.den),
      ticks_per_frame_(sequence.ticks_per_frame),
      // What rounding by the container can have moved a frame, at most a quarter of its duration.
      tolerance_(std::clamp(source_time_base.value() * frame_rate_, 0.02, 0.25)) {}

uint64_t StreamClock::ticks(const media::Frame& frame) {
    const double place = frame.seconds() * frame_rate_;
    const double grid = std::round(place);
    const bool regular = std::abs(place - grid) <= tolerance_;
    const int64_t ticks = std::llround((regular ? grid : place) * ticks_per_frame_);
    last_ = std::max(ticks, last_ + 1);
    return static_cast<uint64_t>(last_);
}

}  // namespace gvc::app
