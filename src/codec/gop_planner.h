// Where GOPs begin and end: every 29 frames, at scene cuts, and at the wanted distance of keyframes.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "codec/picture.h"

namespace gvc::codec {

// What the planner keeps of a frame: small luma cells and their histogram.
struct FrameSketch {
    static constexpr int kCells = 32;  // along each side
    static constexpr int kBins = 32;
    std::array<float, kCells * kCells> luma{};
    std::array<float, kBins> histogram{};  // shares, sum 1; of samples, not of cells
};

FrameSketch sketch(std::span<const float> rgb, PictureSize size);

struct PlannerOptions {
    int keyint = 29;  // frames from keyframe to keyframe; above 29, GOPs are chained by P-keys
    bool scene_cuts = true;
    bool short_tail_chained = false;  // a last GOP of a few frames begins with a P-key
};

struct PlannedGop {
    int frames = 0;   // 1 ... 29
    bool key = true;  // false: chained to the GOP before
    bool last = false;
};

// Cuts are seen kLookahead frames late, so that a flash is told from a cut.
class GopPlanner {
  public:
    static constexpr int kLookahead = 3;
    static constexpr int kMaxChain = 8;  // GOPs with one keyframe

    explicit GopPlanner(const PlannerOptions& options) : options_(options) {}

    void push(const FrameSketch& frame);
    void flush() { flushed_ = true; }  // no frame follows
    // The next GOP, once it is certain; its frames are then forgotten here.
    std::optional<PlannedGop> next();

  private:
    bool cut_before(size_t frame);
    bool begins_with_key(int frames) const;

    PlannerOptions options_;
    std::deque<FrameSketch> frames_;  // those not planned yet, the last planned one before them
    std::vector<bool> cuts_;          // decided so far, for the frames not planned yet
    bool has_previous_ = false;
    bool next_is_cut_ = true;         // the first frame, or one behind a cut
    float usual_change_ = 0.0f;       // running mean of the change from frame to frame
    int since_key_ = 0, chained_ = 0;
    bool flushed_ = false;
};

}  // namespace gvc::codec
