// Rotation for display: read from and written to streams, or done to the samples.
#pragma once

#include "base/result.h"
#include "media/frame.h"

struct AVStream;

namespace gvc::media {

struct StreamRotation {
    int degrees = 0;    // clockwise: 0, 90, 180 or 270
    bool exact = true;  // false when the stream also mirrors, or turns by another angle
};

StreamRotation stream_rotation(const AVStream& stream);

// Code::resources when memory is short.
Status set_stream_rotation(AVStream& stream, int degrees);

// The picture turned clockwise by 90, 180 or 270 degrees, in memory of its own; any other angle
// gives `frame` itself. Chroma samples keep their place in the 2x2 blocks' grid, which moves them
// by up to half a luma sample.
Result<Frame> rotated(const Frame& frame, int degrees);

}  // namespace gvc::media
