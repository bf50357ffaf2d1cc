// Choice of qps from the bits already spent.
#pragma once

#include <array>
#include <optional>

#include "base/result.h"
#include "models/qualities.h"

namespace gvc::codec {

struct RateOptions {
    enum class Mode { qp, crf, bpp, bitrate };
    Mode mode = Mode::crf;
    double value = 40;   // qp 0 ... 31, crf 0 ... 63 (two steps a qp), bits a pixel, bits a second
    double maxrate = 0;  // bits a second that no full GOP exceeds; 0: none
    // GOPs may miss their share of the rate by more, and later ones make up for it: few are coded
    // twice. Motion is looked for only where it leads on, and what seldom changes (the better base,
    // its refinement) now and then.
    bool hurry = false;
};

// Code::usage if a value is out of range.
Status check(const RateOptions& options);

// In a hurry, behind the stream's first GOP: the share of its budget by which a GOP may miss it.
// asked: bits that the GOPs before were to take.
double hurried_tolerance(bool last, double asked, double budget);

// What units cost at any qp, predicted from those that were coded: every unit's bits fall by the
// same factor from one qp to the next.
class RateModel {
  public:
    enum Kind { keyframe, pkey, chunk };

    explicit RateModel(double pixels);  // of a displayed frame

    double bits(Kind kind, double qp) const;
    void learn(Kind kind, int qp, double bits);
    // The same picture was coded at two qps: says how fast bits fall.
    void learn_slope(int qp1, double bits1, int qp2, double bits2);
    // The qp at which units that cost `bits_at_0` at qp 0 cost `bits`; may lie between two qps or
    // outside of 0 ... 31.
    double qp_for(double bits_at_0, double bits) const;

  private:
    static constexpr int kKinds = 3;
    struct Point {
        double qp = 0, log_bits = 0;
        bool seen = false;
    };
    std::array<Point, kKinds> points_;
    double slope_;
};

// Steers one stream. For each GOP: begin; then until gop_done says it is settled: code the first
// unit at first_qp until first_done is content, and each chunk at chunk_qp, followed by chunk_done.
// At the end commit.
class RateControl {
  public:
    // pixels of a displayed frame; seconds that one is shown nominally.
    RateControl(const RateOptions& options, double pixels, double frame_seconds);

    struct Gop {
        int frames = 1;      // of the source
        int chunks = 0;      // coded
        double seconds = 0;  // shown for
        bool key = true;
        bool last = false;
        int usual_frames = 29;  // of the GOPs around it
        int lead = models::kKeyframeLead;
        double lent = 0;  // of its bits so many times more, which later GOPs need not spend
    };
    void begin(const Gop& gop);
    // What qps cost, as the other one knows from pictures like those to come.
    void learn_from(const RateControl& other);
    // The GOP in hand is to be coded with fewer frames; all its tries are forgotten.
    void shorten(int chunks);

    // Whether a number of bits is asked for, not a quality.
    bool by_rate() const { return options_.mode >= RateOptions::Mode::bpp; }
    // By rate: what is asked for so many frames that are shown so long, debts apart.
    double wanted_bits(double frames, double seconds) const;
    // Whether qps do not depend on bits.
    bool settled() const { return !by_rate() && options_.maxrate == 0; }
    int first_qp() const { return first_qp_; }
    // Bits of the first unit at first_qp(). True: code it again, at a new first_qp().
    bool first_done(double bits);
    // The first unit, at the first_qp() that rate control was content with, is another one of so
    // many bits: the chunks are to be coded again.
    void first_replaced(double bits);
    int chunk_qp();
    void chunk_done(double bits);
    // The chunk before also took so many bits for cells that it refreshes.
    void refreshed(double bits);
    // Bits of all the GOP's packets. True: code it all again.
    bool gop_done(double bits);
    // The GOP goes out with so many bits (0: it was dropped).
    void commit(double bits);

    // Bits that the GOP in hand is to take; none: whatever its qps cost.
    std::optional<double> budget() const;
    // Bits that maxrate leaves to the GOP in hand; none: no limit.
    std::optional<double> cap() const;

  private:
    bool steered() const { return (by_rate() || capped_) && !coarsest_; }
    RateModel::Kind first_kind() const { return gop_.key ? RateModel::keyframe : RateModel::pkey; }
    double choose_budget() const;
    // What the model expects of a GOP's units, with chunks as they belong to that first qp.
    double units_bits(RateModel::Kind first, int chunks, int first_qp) const;
    int best_first_qp() const;  // nearest to what the budget leaves to units
    double for_units() const { return budget_ - overhead_[gop_.key]; }
    double refresh_to_come() const;
    double tolerance() const;  // share of its budget by which the GOP in hand may miss it
    void begin_try();

    RateOptions options_;
    double pixels_, frame_seconds_;
    RateModel model_;
    // The whole stream
    double debt_ = 0;                 // bits spent beyond the wanted ones so far
    std::array<double, 2> overhead_;  // of a chained GOP, of one with a keyframe: outside its units
    double credit_ = 0;               // of maxrate
    double asked_ = 0;                // bits that the GOPs so far were to take
    bool any_gop_ = false;
    // The GOP in hand
    Gop gop_;
    double budget_ = 0;
    bool capped_ = false, coarsest_ = false;  // steered by the cap; at the coarsest qp at last
    int tries_ = 0, first_tries_ = 0;
    double refresh_share_ = 0;  // of cells that the last try refreshed, by its first unit's bits
    // This try
    double refreshed_ = 0;  // bits of those so far
    int first_qp_ = 0, chunk_qp_ = 0, chunks_left_ = 0;
    int tried_qp_ = 0;  // where the first unit cost first_bits_
    double first_bits_ = 0, spent_ = 0;
    double chunk_sum_ = 0;  // of the chunks' bits, each brought to qp 0
};

}  // namespace gvc::codec
