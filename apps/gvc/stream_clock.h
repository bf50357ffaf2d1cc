// Between what files say of a video and what a GVC stream says of it: format and times.
#pragma once

#include <cstdint>

#include "bitstream/sequence_header.h"
#include "media/stream_info.h"

namespace gvc::app {

// Fingerprint, slices and context mode are left as they are by default.
bitstream::SequenceHeader sequence_of(const media::StreamInfo& info);
// Frames have ticks as their time base.
media::StreamInfo stream_info_of(const bitstream::SequenceHeader& sequence);

media::Rational tick_of(const bitstream::SequenceHeader& sequence);  // seconds

// Note [Ticks]
// A frame of a constant rate must last exactly ticks_per_frame, or its GOP spends a byte on each
// duration. Containers round times (Matroska to milliseconds), so a time close to the nominal grid
// is put on it; others keep their place to 1/64 of a frame or better.
class StreamClock {
  public:
    StreamClock(const bitstream::SequenceHeader& sequence, media::Rational source_time_base);

    // Ticks of a frame; ascending as the frames are.
    uint64_t ticks(const media::Frame& frame);

  private:
    double frame_rate_;
    int64_t ticks_per_frame_;
    double tolerance_;  // in frames
    int64_t last_ = -1;
};

}  // namespace gvc::app
