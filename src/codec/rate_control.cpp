#include "codec/rate_control.h"

#include <algorithm>
#include <cmath>

namespace gvc::codec {
namespace {

constexpr int kCoarsest = models::kQualities - 1;
constexpr int kMaxSwing = 3;         // of a chunk's qp around what belongs to its GOP's first
constexpr double kTolerance = 0.06;  // a GOP further off its budget is coded again
// In a hurry: GOPs behind the first one, and, for the last one, all of the stream.
constexpr double kHurriedTolerance = 0.15, kStreamTolerance = 0.03;
constexpr int kFirstTries = 2;  // of a keyframe beyond the first
constexpr int kGopTries = 2;    // of a GOP beyond the first, to meet the wanted rate
constexpr int kCapTries = 3;    // the same for the cap, before the coarsest qp of all
constexpr double kBelowCap = 0.95;

// Where a stream starts: bits a pixel at qp 16, and the fall from one qp to the next.
constexpr int kStartQp = 16;
constexpr double kStartBits[] = {0.14, 0.04, 0.013};  // keyframe, P-key, chunk
constexpr double kStartSlope = 0.10;

// Bytes outside of units: a GOP's headers; in files the index and the end.
constexpr double kGopHeaderBits = 8 * 35, kSequenceHeaderBits = 8 * 30;
constexpr double kEndBits = 8 * 27, kIndexEntryBits = 8 * 4;

int to_qp(double qp) {
    return static_cast<int>(std::lround(std::clamp(qp, 0.0, double{kCoarsest})));
}

}  // namespace

Status check(const RateOptions& options) {
    using Mode = RateOptions::Mode;
    const double v = options.value;
    const bool whole = v == std::floor(v);
    if (options.mode == Mode::qp && !(whole && v >= 0 && v <= kCoarsest)) {
        return {Code::usage, "qp must be a whole number from 0 to 31"};
    }
    if (options.mode == Mode::crf && !(whole && v >= 0 && v <= 2 * kCoarsest + 1)) {
        return {Code::usage, "crf must be a whole number from 0 to 63"};
    }
    if (options.mode == Mode::bpp && !(v > 0 && v <= 48)) {
        return {Code::usage, "bpp must be above 0 and at most 48"};
    }
    if (options.mode == Mode::bitrate && !(v > 0 && v <= 1e12)) {
        return {Code::usage, "the bit rate must be above 0"};
    }
    if (!(options.maxrate >= 0 && options.maxrate <= 1e12)) {
        return {Code::usage, "the maximum rate must be above 0"};
    }
    return {};
}

double hurried_tolerance(bool last, double asked, double budget) {
    return last ? kStreamTolerance * (asked + budget) / budget : kHurriedTolerance;
}

// ---- the model ----

RateModel::RateModel(double pixels) : slope_(kStartSlope) {
    for (size_t i = 0; i < points_.size(); ++i) {
        points_[i] = {kStartQp, std::log(kStartBits[i] * pixels), false};
    }
}

double RateModel::bits(Kind kind, double qp) const {
    const Point& point = points_[kind];
    return std::exp(point.log_bits - slope_ * (qp - point.qp));
}

void RateModel::learn(Kind kind, int qp, double bits) {
    const double found = std::log(std::max(bits, 1.0));
    const double off = found - std::log(this->bits(kind, qp));
    points_[kind] = {static_cast<double>(qp), found, true};
    // What was not seen yet keeps its usual proportion to what was.
    for (Point& other : points_) {
        if (!other.seen) other.log_bits += off;
    }
}

void RateModel::learn_slope(int qp1, double bits1, int qp2, double bits2) {
    if (qp1 == qp2) return;
    const double slope = std::log(std::max(bits1, 1.0) / std::max(bits2, 1.0)) / (qp2 - qp1);
    slope_ = std::clamp((slope_ + slope) / 2, 0.04, 0.3);
}

double RateModel::qp_for(double bits_at_0, double bits) const {
    return std::log(bits_at_0 / std::max(bits, 1.0)) / slope_;
}

// ---- the control ----

RateControl::RateControl(const RateOptions& options, double pixels, double frame_seconds)
    : options_(options),
      pixels_(pixels),
      frame_seconds_(frame_seconds),
      model_(pixels),
      debt_(kEndBits),
      overhead_{kGopHeaderBits, kGopHeaderBits + kSequenceHeaderBits},
      credit_(options.maxrate * models::kGopFrames * frame_seconds) {}

double RateControl::wanted_bits(double frames, double seconds) const {
    return options_.mode == RateOptions::Mode::bpp ? options_.value * pixels_ * frames
                                                   : options_.value * seconds;
}

// A GOP shorter than usual costs more than its frames' share, since its keyframe serves few: it
// gets part of that in advance, and later GOPs pay. The last one settles all, as far as it can.
double RateControl::choose_budget() const {
    if (!by_rate()) return 0;
    const double wanted = wanted_bits(gop_.frames, gop_.seconds);
    const int frames = gop_.usual_frames;
    const double full = wanted_bits(frames, frames * gop_.seconds / gop_.frames);
    const double usual = full * units_bits(first_kind(), gop_.chunks, kStartQp) /
                         units_bits(RateModel::keyframe, models::chunk_count(frames), kStartQp);
    const double share = gop_.last ? wanted : (wanted + std::max(wanted, usual)) / 2;
    const double paid = gop_.last ? debt_ : 0.7 * debt_;
    const double most = std::max(share, usual);
    return (1 + gop_.lent) * std::clamp(share - paid, 0.3 * most, 2 * most);
}

void RateControl::begin(const Gop& gop) {
    gop_ = gop;
    const double limit = options_.maxrate * models::kGopFrames * frame_seconds_;
    if (any_gop_) credit_ = std::min(limit, credit_ + options_.maxrate * gop.seconds);
    budget_ = choose_budget();
    capped_ = coarsest_ = false;
    if (by_rate() && cap() && budget_ > kBelowCap * *cap()) {
        capped_ = true;
        budget_ = kBelowCap * *cap();
    }
    tries_ = 0;
    refresh_share_ = 0;
    begin_try();
}

void RateControl::learn_from(const RateControl& other) {
    model_ = other.model_;
    overhead_ = other.overhead_;
}

void RateControl::shorten(int chunks) {
    gop_.chunks = chunks;
    coarsest_ = false;
    tries_ = 0;
    begin_try();
}

double RateControl::units_bits(RateModel::Kind first, int chunks, int first_qp) const {
    return (1 + refresh_share_) * model_.bits(first, first_qp) +
           chunks * model_.bits(RateModel::chunk, models::chunk_qp(first_qp, gop_.lead));
}

int RateControl::best_first_qp() const {
    const auto off = [&](int qp) {
        return std::abs(
            std::log(units_bits(first_kind(), gop_.chunks, qp) / std::max(for_units(), 1.0)));
    };
    int best = 0;
    for (int qp = 1; qp <= kCoarsest; ++qp)
        if (off(qp) < off(best)) best = qp;
    return best;
}

void RateControl::begin_try() {
    first_tries_ = 0;
    refreshed_ = 0;
    chunks_left_ = gop_.chunks;
    spent_ = chunk_sum_ = first_bits_ = 0;
    if (coarsest_) {
        first_qp_ = kCoarsest;
    } else if (steered()) {
        first_qp_ = best_first_qp();
    } else if (options_.mode == RateOptions::Mode::qp) {
        first_qp_ = static_cast<int>(options_.value);
    } else {
        first_qp_ = static_cast<int>(options_.value) / 2;
    }
}

bool RateControl::first_done(double bits) {
    if (first_tries_ > 0) model_.learn_slope(tried_qp_, first_bits_, first_qp_, bits);
    model_.learn(first_kind(), first_qp_, bits);
    first_bits_ = bits;
    tried_qp_ = first_qp_;
    if (steered() && first_tries_ < kFirstTries) {
        const int better = best_first_qp();
        if (std::abs(better - first_qp_) > (first_tries_ == 0 ? 1 : 2)) {
            ++first_tries_;
            first_qp_ = better;
            return true;
        }
    }
    spent_ = bits;
    return false;
}

void RateControl::first_replaced(double bits) {
    chunks_left_ = gop_.chunks;
    chunk_sum_ = refreshed_ = 0;
    spent_ = first_bits_ = bits;
}

int RateControl::chunk_qp() {
    if (steered()) {
        const double rest = chunks_left_ * model_.bits(RateModel::chunk, 0);
        const double qp =
            model_.qp_for(rest, for_units() - spent_ - refreshed_ - refresh_to_come());
        const int usual = models::chunk_qp(first_qp_, gop_.lead);
        chunk_qp_ = std::clamp(to_qp(qp), std::max(0, usual - kMaxSwing),
                               std::min(kCoarsest, usual + kMaxSwing));
    } else if (!coarsest_ && options_.mode == RateOptions::Mode::crf) {
        chunk_qp_ = models::chunk_qp((static_cast<int>(options_.value) + 1) / 2, gop_.lead);
    } else {
        chunk_qp_ = models::chunk_qp(first_qp_, gop_.lead);
    }
    return chunk_qp_;
}

void RateControl::chunk_done(double bits) {
    model_.learn(RateModel::chunk, chunk_qp_, bits);
    chunk_sum_ += model_.bits(RateModel::chunk, 0);
    spent_ += bits;
    --chunks_left_;
}

void RateControl::refreshed(double bits) { refreshed_ += bits; }

// What cells that are refreshed will take: they are coded as keyframes are. Nothing before they
// were chosen.
double RateControl::refresh_to_come() const {
    return std::max(0.0, refresh_share_ * first_bits_ - refreshed_);
}

double RateControl::tolerance() const {
    if (!options_.hurry || !any_gop_) return kTolerance;
    return hurried_tolerance(gop_.last, asked_, budget_);
}

bool RateControl::gop_done(double bits) {
    overhead_[gop_.key] = bits - spent_ - refreshed_;
    refresh_share_ = first_bits_ > 0 ? refreshed_ / first_bits_ : 0;
    if (gop_.chunks > 0) {
        // All chunks together say more of the next GOP than the last one alone.
        const double mean = chunk_sum_ / gop_.chunks / model_.bits(RateModel::chunk, 0);
        model_.learn(RateModel::chunk, chunk_qp_, mean * model_.bits(RateModel::chunk, chunk_qp_));
    }
    if (coarsest_) return false;
    const bool over_cap = cap() && bits > *cap();
    if (over_cap) {
        capped_ = true;
        budget_ = kBelowCap * *cap();
        coarsest_ = ++tries_ > kCapTries;
        begin_try();
        return true;
    }
    const double miss = bits / budget_ - 1;
    const bool stuck = miss > 0 ? first_qp_ == kCoarsest : first_qp_ == 0;
    if (!steered() || std::abs(miss) < tolerance() || stuck || tries_ >= kGopTries) return false;
    if (capped_ && miss < 0) return false;  // below the cap is good enough
    ++tries_;
    begin_try();
    return true;
}

void RateControl::commit(double bits) {
    if (by_rate()) {
        const double wanted = wanted_bits(gop_.frames, gop_.seconds);
        asked_ += wanted;
        debt_ += bits - wanted;
        if (gop_.key) debt_ += kIndexEntryBits;
    }
    credit_ -= bits;
    any_gop_ = true;
}

std::optional<double> RateControl::budget() const {
    if (!steered()) return std::nullopt;
    return budget_;
}

std::optional<double> RateControl::cap() const {
    if (options_.maxrate <= 0) return std::nullopt;
    return credit_;
}

}  // namespace gvc::codec
