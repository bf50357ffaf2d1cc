// Rate control of the hybrid base: the quantiser of each GOP from the bytes that it really took.
#pragma once

#include <map>
#include <optional>

#include "codec/rate_control.h"

namespace gvc::codec {

// For each GOP: begin; code it at crf() until tried() is content; best() is what goes out; commit.
// Where something else goes out in its place, commit that, tried or not.
class BaseRateControl {
  public:
    // Quantisers are whole numbers or, where GOPs are to meet their budget by themselves, quarters.
    static constexpr double kFinest = 1, kCoarsest = 85;

    // pixels of a shown frame; seconds that one is shown nominally.
    BaseRateControl(const RateOptions& options, double pixels, double frame_seconds);

    // alone: no GOPs follow that make up for what this one takes too many or too few, or it is a
    // large part of the stream.
    void begin(int frames, double seconds, bool last, bool alone = false);
    // The GOP in hand is to be coded with fewer frames; all its tries are forgotten.
    void shorten();
    // Where to begin: at `crf` something took the budget, and this GOP takes so many times more.
    void start_from(double crf, double factor);
    double crf() const { return crf_; }
    // Bits of all the GOP's packets at crf(). True: the search is over; a rough one ends where they
    // are about those wanted.
    bool tried(double bits, bool rough = false);
    // Of what was tried: closest to the budget, and below the cap where there is one.
    double best() const;
    // False if even the coarsest quantiser broke the cap: the GOP needs fewer frames.
    bool within_cap() const;
    // How much more than the budget even the coarsest quantiser takes; 1 where it can be met.
    double excess() const;
    bool meets_budget() const { return excess() <= 1; }
    // The GOP goes out with so many bits (0: it was dropped).
    void commit(double bits);

    std::optional<double> budget() const;  // bits of the GOP in hand; none: no rate is asked for

  private:
    bool by_rate() const { return options_.mode >= RateOptions::Mode::bpp; }
    double wanted_bits() const;  // of the GOP in hand, by its share of the stream
    double target() const;
    double good_enough(double goal, bool rough) const;  // ln of bits over what they should be
    double settled(double guess) const;
    double next_guess(double target) const;
    double slope_near(std::map<double, double>::const_iterator at) const;

    RateOptions options_;
    double pixels_, frame_seconds_;
    double debt_;  // bits spent beyond the wanted ones so far
    double credit_;
    double asked_ = 0;  // bits that the GOPs so far were to take
    double slope_;      // fall of ln(bits) from one crf to the next
    double last_crf_;
    bool any_gop_ = false;
    // The GOP in hand
    int frames_ = 1;
    bool last_ = false, alone_ = false;
    double seconds_ = 0, budget_ = 0;
    double crf_ = 0;
    std::map<double, double> tries_;  // crf -> bits
};

}  // namespace gvc::codec
