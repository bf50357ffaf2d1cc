// AVFrame ↔ Frame without copying samples. Private to media.
#pragma once

#include "media/ffmpeg.h"
#include "media/frame.h"

namespace gvc::media {

// A yuv420p or yuv420p10 frame with settled colour tags; the result keeps it alive.
Frame to_frame(AvFrame frame, Rational time_base);

// A view of `frame` for an encoder; the samples stay where they are and are kept alive by it.
// nullptr when memory is short. pts and duration are in frame.time_base.
AvFrame to_av_frame(const Frame& frame);

}  // namespace gvc::media
