// Where GOPs begin and end: every 29 frames (or more, of an AV1 base), at scene cuts, and at the
// wanted distance of keyframes.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <span>

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
    // Frames from keyframe to keyframe; above most_frames, GOPs are chained by P-keys.
    int keyint = models::kGopFrames;
    int most_frames = models::kGopFrames;  // of a GOP
    bool scene_cuts = true;
    bool short_tail_chained = false;  // a last GOP of a few frames begins with a P-key
};

struct PlannedGop {
    int frames = 0;   // 1 ... most_frames
    bool key = true;  // false: chained to the GOP before
    bool cut = true;  // begins a scene
    bool last = false;
    bool scene_ends = false;  // with it, for certain
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
    void decide_cuts();
    bool cut_before(size_t frame);
    bool begins_with_key(int frames, bool last) const;

    PlannerOptions options_;
    std::deque<FrameSketch> frames_;  // history_ planned ones, then those not planned yet
    size_t history_ = 0;
    std::deque<bool> cuts_;      // of the frames not planned yet, as far as decided
    float usual_change_ = 0.0f;  // running mean of the change from frame to frame
    int since_key_ = 0, chained_ = 0;
    bool flushed_ = false;
};

}  // namespace gvc::codec
