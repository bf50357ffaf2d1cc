#include "eval/rate_search.h"

#include <algorithm>
#include <cmath>

namespace gvc::eval {

namespace {

constexpr double kGrace = 1.02;   // as quality_at in curve.cpp
constexpr double kMargin = 1.08;  // aimed so far beyond a target, so as not to fall short of it
constexpr double kGap = 1.9;      // neighbours further apart than this get one between them

}  // namespace

RateSearch::RateSearch(std::vector<double> targets, const Quantiser& quantiser, int most_encodes)
    : targets_(std::move(targets)), quantiser_(quantiser), most_(most_encodes) {}

bool RateSearch::below(double target) const {
    return !tries_.empty() && tries_.front().rate <= target * kGrace;
}

bool RateSearch::above(double target) const {
    return !tries_.empty() && tries_.back().rate >= target / kGrace;
}

double RateSearch::guess(double rate) const {
    if (tries_.empty()) {
        constexpr double kFirstRate = 0.008;
        return quantiser_.first + std::log(rate / kFirstRate) / quantiser_.slope;
    }
    // From the two encodes nearest to the rate; their slope may not be absurd.
    size_t i = 0;
    while (i + 2 < tries_.size() && tries_[i + 1].rate < rate) ++i;
    const Try& a = tries_[i];
    double slope = quantiser_.slope;
    if (i + 1 < tries_.size() && tries_[i + 1].quantiser != a.quantiser) {
        const Try& b = tries_[i + 1];
        slope = std::log(b.rate / a.rate) / (b.quantiser - a.quantiser);
        slope = std::clamp(slope, 2.5 * quantiser_.slope, 0.4 * quantiser_.slope);
    }
    return a.quantiser + std::log(rate / a.rate) / slope;
}

std::optional<double> RateSearch::aim(double rate, int direction) const {
    double q = guess(rate);
    if (!tries_.empty() && direction != 0) {
        const double end = direction > 0 ? tries_.front().quantiser : tries_.back().quantiser;
        q = direction > 0 ? std::max(q, end + quantiser_.step) : std::min(q, end - quantiser_.step);
    }
    if (quantiser_.whole_numbers) q = std::round(q);
    q = std::clamp(q, quantiser_.finest, quantiser_.coarsest);
    const bool known = std::any_of(tries_.begin(), tries_.end(), [&](const Try& t) {
        return std::abs(t.quantiser - q) < 0.99 * quantiser_.step;
    });
    if (known) return std::nullopt;
    return q;
}

std::optional<double> RateSearch::next() const {
    if (static_cast<int>(tries_.size()) >= most_) return std::nullopt;
    if (tries_.empty()) return aim(targets_.front() / kMargin, 0);
    if (!below(targets_.front())) {
        if (const auto q = aim(targets_.front() / kMargin, 1)) return q;
    }
    if (!above(targets_.back())) {
        if (const auto q = aim(targets_.back() * kMargin, -1)) return q;
    }
    for (size_t i = 0; i + 1 < tries_.size(); ++i) {
        const double low = tries_[i].rate, high = tries_[i + 1].rate;
        const bool wanted = std::any_of(targets_.begin(), targets_.end(), [&](double t) {
            return t >= low / kGrace && t <= high * kGrace;
        });
        if (!wanted || high < low * kGap) continue;
        if (const auto q = aim(std::sqrt(low * high), 0)) return q;
    }
    return std::nullopt;
}

void RateSearch::add(double quantiser, double rate) {
    tries_.push_back({quantiser, rate});
    std::sort(tries_.begin(), tries_.end(),
              [](const Try& a, const Try& b) { return a.rate < b.rate; });
}

std::vector<double> RateSearch::missed() const {
    std::vector<double> result;
    for (const double target : targets_) {
        if (!below(target) || !above(target)) result.push_back(target);
    }
    return result;
}

}  // namespace gvc::eval
