// The true masks of a suite's clip, and how well they can be carried through a video of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "eval/label_video.h"
#include "eval/mask_features.h"
#include "eval/metric_list.h"
#include "eval/results.h"
#include "media/reader.h"

namespace gvc::eval {

class ClipMasks {
  public:
    // Those of the clip's frames in a folder of PNG files, the first `start` left out. Code::input
    // if there are none, Code::quality if they do not fit the clip.
    static Result<ClipMasks> open(const std::string& folder, int64_t start, const ClipInfo& clip,
                                  const MetricOptions& options);

    // Changes with the masks and with how they are carried.
    const std::string& key() const { return key_; }

    // vos_j, vos_f, vos_jf and vos_f_recall of the first mask carried through the video: means over
    // objects, a frame's value beginning with the second frame. Code::model for missing weights.
    Result<std::vector<PointMetric>> measure(const std::string& video,
                                             const media::ReaderOptions& reading);

  private:
    ClipMasks(std::string name, LabelVideo truth, const MetricOptions& options);

    std::string name_;
    LabelVideo truth_;
    MetricOptions options_;
    std::string key_;
    std::optional<MaskFeatures> network_;
};

}  // namespace gvc::eval
