// Which quantisers to encode with, so that a few encodes bracket the rates that are asked for.
#pragma once

#include <optional>
#include <vector>

namespace gvc::eval {

// What is known of a codec's quantiser before anything is encoded. Larger is coarser.
struct Quantiser {
    double first = 0;  // about 0.008 bits a pixel
    double finest = 0, coarsest = 0;
    double step = 0;  // least difference between two that is worth an encode
    bool whole_numbers = false;
    double slope = 0;  // of log rate, per unit; negative
};

class RateSearch {
  public:
    // `targets` are rates in bits a pixel, at least one, ascending.
    RateSearch(std::vector<double> targets, const Quantiser& quantiser, int most_encodes);

    // The next quantiser to try; nothing when the targets are bracketed, their gaps are small, or
    // no more can be done.
    std::optional<double> next() const;
    void add(double quantiser, double rate);

    // Targets that no two encodes enclose (2 % are overlooked).
    std::vector<double> missed() const;

  private:
    struct Try {
        double quantiser, rate;
    };

    bool below(double target) const;  // an encode has at most this rate
    bool above(double target) const;
    // A quantiser not tried yet that should give `rate`; `direction` +1 if only a coarser one than
    // all will do, -1 for a finer one, 0 for one between.
    std::optional<double> aim(double rate, int direction) const;
    double guess(double rate) const;

    std::vector<double> targets_;
    Quantiser quantiser_;
    int most_;
    std::vector<Try> tries_;  // by ascending rate
};

}  // namespace gvc::eval
