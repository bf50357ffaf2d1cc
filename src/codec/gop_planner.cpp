#include "codec/gop_planner.h"

#include <algorithm>
#include <cmath>

#include "models/config.h"

namespace gvc::codec {
namespace {

constexpr int kSamplesAlongSide = 256;  // of large pictures, enough for cells and histogram
constexpr int kShortTail = 8;           // frames
constexpr int kHistory = 3;             // planned frames kept, to see that a flash is over

float change(const FrameSketch& a, const FrameSketch& b) {
    float sum = 0;
    for (size_t i = 0; i < a.luma.size(); ++i) sum += std::abs(a.luma[i] - b.luma[i]);
    return sum / static_cast<float>(a.luma.size());
}

float histogram_distance(const FrameSketch& a, const FrameSketch& b) {
    float sum = 0;
    for (size_t i = 0; i < a.histogram.size(); ++i) {
        sum += std::abs(a.histogram[i] - b.histogram[i]);
    }
    return sum / 2;
}

// Another scene has other tones as well as other places for them; a pan or a fast object only moves
// them. Scenes of equal tones are told by the change alone, if it is drastic.
bool different(const FrameSketch& a, const FrameSketch& b, float usual_change) {
    const float moved = change(a, b);
    return (moved > 1.5f * usual_change + 0.04f && histogram_distance(a, b) > 0.25f) ||
           moved > 5 * usual_change + 0.15f;
}

}  // namespace

FrameSketch sketch(std::span<const float> rgb, PictureSize size) {
    FrameSketch out;
    std::array<float, FrameSketch::kCells * FrameSketch::kCells> count{};
    const size_t plane = static_cast<size_t>(size.width) * static_cast<size_t>(size.height);
    const int step_x = std::max(1, size.width / kSamplesAlongSide);
    const int step_y = std::max(1, size.height / kSamplesAlongSide);
    float samples = 0;
    for (int y = 0; y < size.height; y += step_y) {
        const int row = y * FrameSketch::kCells / size.height;
        for (int x = 0; x < size.width; x += step_x) {
            const auto at =
                static_cast<size_t>(y) * static_cast<size_t>(size.width) + static_cast<size_t>(x);
            const float luma = std::clamp(
                0.2126f * rgb[at] + 0.7152f * rgb[at + plane] + 0.0722f * rgb[at + 2 * plane], 0.0f,
                1.0f);
            const int cell = row * FrameSketch::kCells + x * FrameSketch::kCells / size.width;
            out.luma[static_cast<size_t>(cell)] += luma;
            count[static_cast<size_t>(cell)] += 1;
            const int bin =
                std::min(static_cast<int>(luma * FrameSketch::kBins), FrameSketch::kBins - 1);
            out.histogram[static_cast<size_t>(bin)] += 1;
            samples += 1;
        }
    }
    for (size_t i = 0; i < count.size(); ++i) out.luma[i] /= std::max(1.0f, count[i]);
    for (float& share : out.histogram) share /= samples;
    return out;
}

void GopPlanner::push(const FrameSketch& frame) { frames_.push_back(frame); }

// Every frame from here on differs from every frame shortly before: a flash comes back.
bool GopPlanner::cut_before(size_t frame) {
    const size_t first = frame > kHistory ? frame - kHistory : 0;
    const size_t end = std::min(frame + kLookahead, frames_.size());
    for (size_t a = first; a < frame; ++a) {
        for (size_t b = frame; b < end; ++b) {
            if (!different(frames_[a], frames_[b], usual_change_)) return false;
        }
    }
    return true;
}

void GopPlanner::decide_cuts() {
    while (history_ + cuts_.size() < frames_.size()) {
        const size_t frame = history_ + cuts_.size();
        if (!flushed_ && frame + kLookahead > frames_.size()) return;
        if (frame == 0) {
            cuts_.push_back(true);  // the stream's first
            continue;
        }
        const bool cut = options_.scene_cuts && cut_before(frame);
        if (!cut) {
            usual_change_ += 0.15f * (change(frames_[frame - 1], frames_[frame]) - usual_change_);
        }
        cuts_.push_back(cut);
    }
}

bool GopPlanner::begins_with_key(int frames, bool last) const {
    if (cuts_.front() || chained_ >= kMaxChain) return true;
    if (last && frames <= kShortTail && options_.short_tail_chained) return false;
    return since_key_ >= options_.keyint || options_.keyint <= options_.most_frames;
}

std::optional<PlannedGop> GopPlanner::next() {
    decide_cuts();
    if (cuts_.empty()) return std::nullopt;
    const bool certain = flushed_ && history_ + cuts_.size() == frames_.size();

    // A keyframe that is due inside the GOP ends it.
    const bool new_distance = begins_with_key(0, false);
    const int to_key = new_distance ? options_.keyint : options_.keyint - since_key_;
    const auto limit = static_cast<size_t>(std::clamp(to_key, 1, options_.most_frames));
    size_t count = 1;
    while (count < cuts_.size() && count < limit && !cuts_[count]) ++count;
    if (count == cuts_.size() && count < limit && !certain) return std::nullopt;

    PlannedGop gop;
    gop.frames = static_cast<int>(count);
    gop.last = certain && count == cuts_.size();
    gop.key = begins_with_key(gop.frames, gop.last);
    gop.cut = cuts_.front();
    gop.scene_ends = gop.last || (count < cuts_.size() && cuts_[count]);
    since_key_ = (gop.key ? 0 : since_key_) + gop.frames;
    chained_ = gop.key ? 1 : chained_ + 1;
    cuts_.erase(cuts_.begin(), cuts_.begin() + gop.frames);
    history_ += count;
    for (; history_ > kHistory; --history_) frames_.pop_front();
    return gop;
}

}  // namespace gvc::codec
