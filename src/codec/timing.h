// Seconds of stages, and ticks as seconds.
#pragma once

#include <chrono>

#include "bitstream/sequence_header.h"

namespace gvc::codec {

struct StageTimes {
    double analyse = 0;   // encoder networks (encoder only)
    double entropy = 0;   // quantising, scale network, rANS
    double base = 0;      // means and decoder base
    double refine = 0;    // refiner (decoder only)
    double transfer = 0;  // pictures to and from the device
};

// Adds the time it lives to a sum.
class StageTimer {
  public:
    explicit StageTimer(double& sum) : sum_(sum) {}
    ~StageTimer() { sum_ += std::chrono::duration<double>(Clock::now() - start_).count(); }
    StageTimer(const StageTimer&) = delete;
    StageTimer& operator=(const StageTimer&) = delete;

  private:
    using Clock = std::chrono::steady_clock;
    double& sum_;
    Clock::time_point start_ = Clock::now();
};

// How long a tick of a stream lasts. frame_rate and ticks_per_frame are never zero in a header that
// was read.
inline double tick_seconds(const bitstream::SequenceHeader& sequence) {
    return static_cast<double>(sequence.frame_rate.den) /
           (static_cast<double>(sequence.frame_rate.num) * sequence.ticks_per_frame);
}

}  // namespace gvc::codec
