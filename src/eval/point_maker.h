// Makes the points of one codec on one clip: encodes, decodes, measures, keeps pictures; or takes
// them from the cache.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "eval/clip_masks.h"
#include "eval/clip_source.h"
#include "eval/suite_runner.h"

namespace gvc::eval {

class PointMaker {
  public:
    // All must outlive it. `masks`: the clip's, or nullptr. `encoder` is the encoder's version.
    PointMaker(const Suite& suite, const CodecSpec& codec, const SuiteOptions& options,
               const Workshop& workshop, ClipSource& clip, ClipMasks* masks, std::string encoder);

    // One point for each number of steps. Code::interrupted; other errors as the parts say.
    Result<std::vector<Point>> make(double scale, double quantiser);

  private:
    std::string key(double scale, double quantiser, const std::string& steps) const;
    Result<Point> encode(const CodecJob& job);
    Status measure(const CodecJob& job, Point& point);
    std::vector<int64_t> frames_to_keep(const Point& point) const;
    void tell(const Point& point) const;

    const Suite& suite_;
    const CodecSpec& codec_;
    const SuiteOptions& options_;
    const Workshop& workshop_;
    ClipSource& clip_;
    ClipMasks* masks_;
    std::string encoder_;
};

}  // namespace gvc::eval
