// Peak signal-to-noise ratio on luma, on all YUV samples, and on RGB.
#pragma once

#include <memory>

#include "eval/metric.h"

namespace gvc::eval {

enum class PsnrOf {
    y,
    yuv,  // one mean square error over all samples of the three planes
    rgb   // one over R'G'B', unrounded
};

// The peak is 255 at 8 bit and 1023 at 10, whatever the range; equal frames give infinity. The
// overall value comes from the mean square error of the whole video, as FFmpeg's filter has it;
// the mean of the frames' values is in the pooled numbers.
std::unique_ptr<Metric> make_psnr(PsnrOf of);

}  // namespace gvc::eval
