#include "codec/base_rate.h"

#include <algorithm>
#include <cmath>

#include "models/config.h"

namespace gvc::codec {
namespace {

constexpr int kMaxTries = 5;
// A step of crf changes the bits by 4 to 11 %.
constexpr double kGoodEnough = 0.02, kAboutEnough = 0.15;
constexpr double kStartCrf = 62;
constexpr double kStartSlope = 0.075, kLeastSlope = 0.015, kMostSlope = 0.2;
constexpr double kBelowCap = 0.97;
constexpr double kMostOverBudget = 1.04;
constexpr double kEndBits = 8 * 27, kIndexEntryBits = 8 * 4;  // of a file

}  // namespace

BaseRateControl::BaseRateControl(const RateOptions& options, double pixels, double frame_seconds)
    : options_(options),
      pixels_(pixels),
      frame_seconds_(frame_seconds),
      debt_(kEndBits),
      credit_(options.maxrate * models::kGopFrames * frame_seconds),
      slope_(kStartSlope),
      last_crf_(kStartCrf) {}

void BaseRateControl::begin(int frames, double seconds, bool last, bool alone) {
    const double limit = options_.maxrate * models::kGopFrames * frame_seconds_;
    if (any_gop_) credit_ = std::min(limit, credit_ + options_.maxrate * seconds);
    frames_ = frames;
    seconds_ = seconds;
    last_ = last;
    alone_ = alone || last;
    tries_.clear();
    if (by_rate()) {
        const double wanted = wanted_bits();
        budget_ = std::clamp(wanted - (last ? debt_ : 0.7 * debt_), 0.4 * wanted, 1.6 * wanted);
        crf_ = settled(last_crf_);
    } else {
        const double crf =
            options_.mode == RateOptions::Mode::qp ? 2 * options_.value + 1 : options_.value;
        crf_ = std::clamp(std::floor(crf), kFinest, kCoarsest);
    }
}

void BaseRateControl::shorten() {
    tries_.clear();
    crf_ = kCoarsest;
}

void BaseRateControl::start_from(double crf, double factor) {
    if (by_rate()) crf_ = settled(crf + std::log(factor) / slope_);
}

// To a quantiser that there is.
double BaseRateControl::settled(double guess) const {
    const double steps = alone_ ? 4 : 1;
    return std::clamp(std::round(steps * guess) / steps, kFinest, kCoarsest);
}

double BaseRateControl::wanted_bits() const {
    return options_.mode == RateOptions::Mode::bpp ? options_.value * pixels_ * frames_
                                                   : options_.value * seconds_;
}

double BaseRateControl::target() const {
    double bits = by_rate() ? budget_ : 0;
    if (options_.maxrate > 0) bits = by_rate() ? std::min(bits, kBelowCap * credit_) : credit_;
    return bits;
}

// How fast ln(bits) falls beside a try: what it and its neighbour say, else the usual.
double BaseRateControl::slope_near(std::map<double, double>::const_iterator at) const {
    if (tries_.size() < 2) return slope_;
    const auto other = at == tries_.begin() ? std::next(at) : std::prev(at);
    const double fall = std::log(std::max(at->second, 1.0) / std::max(other->second, 1.0)) /
                        (other->first - at->first);
    return std::clamp(fall, kLeastSlope, kMostSlope);
}

// Between the nearest tries on both sides of the target, or from the nearest one on.
double BaseRateControl::next_guess(double target) const {
    const double wanted = std::log(std::max(target, 1.0));
    auto above = tries_.end(), below = tries_.end();  // in bits; bits fall with crf
    for (auto it = tries_.begin(); it != tries_.end(); ++it) {
        if (it->second >= target) above = it;
        if (it->second < target && below == tries_.end()) below = it;
    }
    double guess;
    if (above != tries_.end() && below != tries_.end() && above->first < below->first) {
        const double high = std::log(above->second), low = std::log(std::max(below->second, 1.0));
        guess = above->first + (below->first - above->first) * (high - wanted) / (high - low);
    } else {
        const auto near = above != tries_.end() ? above : below;
        guess = near->first + (std::log(std::max(near->second, 1.0)) - wanted) / slope_near(near);
    }
    return settled(guess);
}

double BaseRateControl::good_enough(double goal, bool rough) const {
    if (rough) return kAboutEnough;
    if (!options_.hurry || !any_gop_) return kGoodEnough;
    return hurried_tolerance(last_, asked_, std::max(goal, 1.0));
}

bool BaseRateControl::tried(double bits, bool rough) {
    tries_[crf_] = bits;
    const bool over_cap = options_.maxrate > 0 && bits > credit_;
    if (!by_rate() && !over_cap) return true;
    const double goal = target();
    if (!over_cap &&
        std::abs(std::log(std::max(bits, 1.0) / std::max(goal, 1.0))) < good_enough(goal, rough)) {
        return true;
    }
    if (tries_.size() >= kMaxTries && !over_cap) return true;
    double guess = next_guess(goal);
    if (over_cap && (tries_.count(guess) || tries_.size() >= kMaxTries)) guess = kCoarsest;
    if (tries_.count(guess)) return true;
    crf_ = guess;
    return false;
}

double BaseRateControl::best() const {
    const double goal = std::log(std::max(target(), 1.0));
    double best = tries_.rbegin()->first;
    double least = INFINITY;
    for (const auto& [crf, bits] : tries_) {
        if (options_.maxrate > 0 && bits > credit_) continue;
        const double off = by_rate() ? std::abs(std::log(std::max(bits, 1.0)) - goal) : crf;
        if (off < least) {
            least = off;
            best = crf;
        }
    }
    return best;
}

bool BaseRateControl::within_cap() const {
    return options_.maxrate <= 0 || tries_.at(best()) <= credit_;
}

double BaseRateControl::excess() const {
    // Bits do not fall strictly with the quantiser: at its end 78 may take less than 79.
    if (!by_rate() || !tries_.count(kCoarsest)) return 1;
    const double excess = tries_.at(best()) / target();
    return excess <= kMostOverBudget ? 1 : excess;
}

void BaseRateControl::commit(double bits) {
    if (bits > 0 && !tries_.empty()) {
        if (tries_.size() > 1) slope_ = slope_near(tries_.find(best()));
        last_crf_ = best();
    }
    if (by_rate()) {
        asked_ += wanted_bits();
        debt_ += bits - wanted_bits() + kIndexEntryBits;
    }
    credit_ -= bits;
    any_gop_ = true;
    tries_.clear();
}

std::optional<double> BaseRateControl::budget() const {
    if (!by_rate()) return std::nullopt;
    return target();
}

}  // namespace gvc::codec
