// How a picture is to be turned for showing: read from and written to streams, or done to samples.
#pragma once

#include "base/result.h"
#include "media/frame.h"

struct AVStream;

namespace gvc::media {

struct Orientation {
    int degrees = 0;        // clockwise: 0, 90, 180 or 270
    bool mirrored = false;  // left and right exchanged, before the turn

    bool upright() const { return degrees == 0 && !mirrored; }
    bool operator==(const Orientation&) const = default;
};

struct StreamOrientation {
    Orientation orientation;
    bool exact = true;  // false when the stream asks for another angle
};

StreamOrientation stream_orientation(const AVStream& stream);

// Code::resources when memory is short.
Status set_stream_orientation(AVStream& stream, Orientation orientation);

// The picture as it is to be shown, in memory of its own, or `frame` itself when that is upright.
// Chroma samples keep their place in the grid of 2x2 blocks, which moves them by up to half a luma
// sample.
Result<Frame> oriented(const Frame& frame, Orientation orientation);

}  // namespace gvc::media
