// Two videos through a filter of FFmpeg's that compares them, such as libvmaf or psnr.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "media/frame.h"

namespace gvc::media {

class FilteredPair {
  public:
    // filter: as in FFmpeg's filter strings, options included; its first input is the distorted
    // video. Frames are to be like `sample`. Code::resources where this FFmpeg lacks the filter,
    // Code::usage where it refuses its options or such frames.
    static Result<std::unique_ptr<FilteredPair>> create(const std::string& filter,
                                                        const Frame& sample);
    virtual ~FilteredPair() = default;

    virtual Status push(const Frame& reference, const Frame& distorted) = 0;
    // Ends both videos; logs that the filter writes are then complete, and it is gone.
    virtual Status finish() = 0;
};

}  // namespace gvc::media
