// Carries the masks of a video's first frame through the video, by which cells of earlier frames a
// cell looks like. The protocol of space-time correspondence (Jabri et al., NeurIPS 2020) with the
// settings of DINO (Caron et al., ICCV 2021, eval_video_segmentation.py): they were published for
// DAVIS at 480 lines and cells of 8 pixels, and nothing here is chosen by results on any clip.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/label_video.h"
#include "eval/mask_features.h"
#include "media/reader.h"

namespace gvc::eval {

constexpr int kContextFrames = 7;     // before this one, beside the first
constexpr int kSearchRadius = 12;     // cells, in a square
constexpr int kMatches = 5;           // cells of all those frames that decide
constexpr float kTemperature = 0.1f;  // of the softmax over them

class Propagator {
  public:
    // The first frame: its features and the colours of its pixels.
    Propagator(FeatureGrid features, const Labels& labels, int width, int height, int threads);

    // The next one's colours, of the first frame's objects.
    Labels next(FeatureGrid features);

  private:
    // Of each cell, the share of each label (background, then the objects).
    struct Context {
        FeatureGrid features;
        std::vector<float> shares;  // [cells, labels]
    };

    std::vector<float> shares_of(const FeatureGrid& features, const Labels& labels) const;
    std::vector<uint8_t> near_objects() const;
    std::vector<float> match(const FeatureGrid& features) const;
    Labels show(const FeatureGrid& features, const std::vector<float>& shares) const;

    int width_, height_, threads_;
    Labels colours_;  // of the labels
    Context first_;
    std::deque<Context> last_;
};

// The masks of a video's frames from those of its first; `first` is one frame of the video's size.
// At most `frames` of them (0: all). Code::quality if sizes differ; Code::input, Code::interrupted.
Result<LabelVideo> propagate_masks(const std::string& video, const media::ReaderOptions& reading,
                                   const LabelVideo& first, size_t frames, MaskFeatures& network);

}  // namespace gvc::eval
