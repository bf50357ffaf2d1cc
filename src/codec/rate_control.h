// Choice of qps from the bits already spent.
#pragma once

#include <array>
#include <optional>

#include "base/result.h"

namespace gvc::codec {

struct RateOptions {
    enum class Mode { qp, crf, bpp, bitrate };
    Mode mode = Mode::crf;
    double value = 40;   // qp 0 ... 31, crf 0 ... 63 (two steps a qp), bits a pixel, bits a second
    double maxrate = 0;  // bits a second that no GOP exceeds; 0: none
};

// Code::usage if a value is out of range.
Status check(const RateOptions& options);

// What a GOP costs, predicted: bits of its first unit and of each chunk at any qp. Learned from
// every unit that was coded.
class RateModel {
  public:
    explicit RateModel(double pixels);

    double unit_bits(bool first, bool key, int qp) const;
    void learn(bool first, bool key, int qp, double bits);
    // The qp, between two whole ones perhaps, at which `first` first units and `chunks` chunks cost
    // so many bits.
    double qp_for(int first, bool key, int chunks, double bits) const;

  private:
    enum Kind { keyframe, pkey, chunk };
    static Kind kind(bool first, bool key) { return !first ? chunk : key ? keyframe : pkey; }

    static constexpr int kKinds = 3;
    std::array<double, kKinds> log_bits_;  // at qp 0, by the slope
    std::array<bool, kKinds> seen_{};
    std::array<double, kKinds> last_bits_{};
    std::array<int, kKinds> last_qp_{};
    double slope_;  // of the logarithm, a qp
};

// Steers one stream. For each GOP: begin; until a qp fits: first_qp, code, first_done; for each
// chunk: chunk_qp, code, chunk_done; then gop_done, which may ask to do the GOP over.
class RateControl {
  public:
    // pixels: of a displayed frame.
    RateControl(const RateOptions& options, double pixels);

    struct Gop {
        int frames = 1;
        int chunks = 0;
        double seconds = 0;  // shown for
        bool key = true;
        bool last = false;
    };
    void begin(const Gop& gop);

    int first_qp() const { return first_qp_; }
    // Bits of the first unit at first_qp(). True: code it again at the (new) first_qp().
    bool first_done(double bits);
    int chunk_qp();
    void chunk_done(double bits);
    // Bits of all the GOP's packets. True: do the whole GOP again.
    bool gop_done(double bits);
    // How many bits maxrate leaves to the GOP in hand; none: no limit.
    std::optional<double> cap() const;
    // The GOP goes out with so many bits (0: it was dropped).
    void commit(double bits);

    static constexpr double kSequenceHeaderBits = 8.0 * 40;

  private:
    bool steered() const { return options_.mode >= RateOptions::Mode::bpp || capped_; }
    void choose_budget();
    void begin_try();

    RateOptions options_;
    double pixels_;
    RateModel model_;
    Gop gop_;
    double target_ = 0;    // bits of the GOP by the wanted rate alone
    double budget_ = 0;    // with what earlier GOPs left or overdrew
    double overhead_ = 0;  // bits of a GOP outside its units, as last seen
    double debt_ = 0;      // bits spent beyond the target so far
    double spent_ = 0;     // bits of the units of this try
    double credit_ = 0, credit_limit_ = 0;  // of maxrate
    bool capped_ = false;                   // this GOP is steered by the cap
    int first_qp_ = 0, chunk_qp_ = 0, base_qp_ = 0;
    int chunks_left_ = 0, first_tries_ = 0, gop_tries_ = 0;
};

}  // namespace gvc::codec
