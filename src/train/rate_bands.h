// The weight of a bit for each quality, steered so that bands of qp land on wanted rates.
#pragma once

#include <array>
#include <string>
#include <vector>

namespace gvc::train {

class RateBands {
  public:
    // fine, coarse: bits a pixel (mean over a GOP) wanted at qp 0 and at qp 31, log-linear between
    // them. Without them (both 0) weights stay as models::rate_weight has them.
    RateBands(double fine = 0, double coarse = 0);

    // Of one bit a pixel against the distortion.
    double weight(double qp) const;
    // What a sequence of that quality took.
    void observe(double qp, double bpp);

    // For a checkpoint: the steering so far. Text that cannot be read is passed over.
    std::string state() const;
    void restore(const std::string& state);

  private:
    static constexpr int kBands = 5;  // a piecewise linear curve over qp, knots at 0, 7.75 ... 31
    double wanted(double qp) const;

    double fine_, coarse_;
    std::array<double, kBands> log_factor_{};
};

}  // namespace gvc::train
