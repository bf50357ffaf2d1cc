// What a stream of frames is: told by a Reader, asked for by a Writer.
#pragma once

#include <cstdint>
#include <string>

#include "media/frame.h"
#include "media/orientation.h"

namespace gvc::media {

struct StreamInfo {
    int width = 0, height = 0;   // of the frames
    Rational frame_rate{25, 1};  // average; frames carry their own times
    Rational time_base{1, 25};   // of every frame
    ColourDescription colour;
    Rational sample_aspect{1, 1};
    Orientation orientation;  // how to show the frames; they are not turned

    // Told by a Reader alone.
    double duration_seconds = 0;   // of what will come out; 0 when unknown
    int64_t estimated_frames = 0;  // 0 when unknown
    bool deinterlaced = false;
    bool tone_mapped = false;
    std::string container, codec;  // FFmpeg's short names
};

}  // namespace gvc::media
