#include "train/rate_bands.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "models/config.h"

namespace gvc::train {
namespace {

constexpr double kLast = models::kQualities - 1;
// A sequence that takes twice its bits raises the weight by 1.4 %: it settles over some hundred
// batches, while a batch's content makes the rate vary by more than that factor of two.
constexpr double kGain = 0.02;
constexpr double kMost = 1.8;       // at most six times the nominal weight, or a sixth
constexpr double kLeastBpp = 1e-5;  // a still picture

// The knot below qp, and the share of the one above.
std::pair<int, double> knot(double qp, int bands) {
    const double at = std::clamp(qp / kLast, 0.0, 1.0) * (bands - 1);
    const int below = std::min(static_cast<int>(at), bands - 2);
    return {below, at - below};
}

}  // namespace

RateBands::RateBands(double fine, double coarse) : fine_(fine), coarse_(coarse) {}

double RateBands::wanted(double qp) const { return fine_ * std::pow(coarse_ / fine_, qp / kLast); }

double RateBands::weight(double qp) const {
    const auto [below, share] = knot(qp, kBands);
    const double factor = (1.0 - share) * log_factor_[static_cast<size_t>(below)] +
                          share * log_factor_[static_cast<size_t>(below) + 1];
    return models::rate_weight(static_cast<float>(qp)) * std::exp(factor);
}

void RateBands::observe(double qp, double bpp) {
    if (fine_ <= 0 || coarse_ <= 0) return;
    const double off = std::clamp(std::log(std::max(bpp, kLeastBpp) / wanted(qp)), -1.5, 1.5);
    const auto [below, share] = knot(qp, kBands);
    for (auto [band, part] : {std::pair{below, 1.0 - share}, std::pair{below + 1, share}}) {
        double& factor = log_factor_[static_cast<size_t>(band)];
        factor = std::clamp(factor + kGain * part * off, -kMost, kMost);
    }
}

std::string RateBands::state() const {
    std::ostringstream text;
    for (double factor : log_factor_) text << factor << " ";
    return text.str();
}

void RateBands::restore(const std::string& state) {
    std::istringstream text(state);
    std::array<double, kBands> read{};
    for (double& factor : read)
        if (!(text >> factor) || !(std::abs(factor) <= kMost)) return;
    log_factor_ = read;
}

}  // namespace gvc::train
