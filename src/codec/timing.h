// What stages take, and ticks as seconds.
#pragma once

#include <chrono>

#include "bitstream/sequence_header.h"
#include "nn/ops.h"

namespace gvc::codec {

struct StageCost {
    double seconds = 0;
    uint64_t products = 0;  // multiply-accumulates of networks, where ModelOptions::count asks

    StageCost& operator+=(const StageCost& other) {
        seconds += other.seconds;
        products += other.products;
        return *this;
    }
};

struct StageCosts {
    StageCost analyse;   // encoder networks (encoder only)
    StageCost search;    // for symbols of keyframes and motion (encoder only)
    StageCost entropy;   // quantising, scale network, rANS
    StageCost base;      // means and decoder base
    StageCost refine;    // refiner (decoder only)
    StageCost transfer;  // pictures to and from the device

    StageCosts& operator+=(const StageCosts& other) {
        analyse += other.analyse;
        search += other.search;
        entropy += other.entropy;
        base += other.base;
        refine += other.refine;
        transfer += other.transfer;
        return *this;
    }
};

// Adds what happens while it lives to a stage.
class StageTimer {
  public:
    StageTimer(StageCost& stage, const nn::Ops& ops)
        : stage_(stage), ops_(ops), products_(ops.products()) {}
    ~StageTimer() {
        stage_ += {std::chrono::duration<double>(Clock::now() - start_).count(),
                   ops_.products() - products_};
    }
    StageTimer(const StageTimer&) = delete;
    StageTimer& operator=(const StageTimer&) = delete;

  private:
    using Clock = std::chrono::steady_clock;
    StageCost& stage_;
    const nn::Ops& ops_;
    uint64_t products_;
    Clock::time_point start_ = Clock::now();
};

// How long a tick of a stream lasts. frame_rate and ticks_per_frame are never zero in a header that
// was read.
inline double tick_seconds(const bitstream::SequenceHeader& sequence) {
    return static_cast<double>(sequence.frame_rate.den) /
           (static_cast<double>(sequence.frame_rate.num) * sequence.ticks_per_frame);
}

}  // namespace gvc::codec
