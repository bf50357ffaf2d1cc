// FFmpeg's colour tags ↔ ColourDescription, with the rules for sources that say nothing. Private.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "media/ffmpeg.h"
#include "media/log.h"

namespace gvc::media {

// What the user says about a source; overrides its tags.
struct ColourOverrides {
    std::optional<Matrix> matrix;
    std::optional<Range> range;
};

bool is_rgb(AVPixelFormat format);

// 8 or 10: what a frame of this format is coded at.
int coded_bit_depth(AVPixelFormat format);

// Completes the tags of a decoded frame: "J" formats become plain ones with full range; a silent
// YUV source gets limited range, and BT.601 below 720 lines or BT.709 from there, with one warning.
// Code::input for a matrix that cannot be converted. RGB frames stay as they are.
Status settle_colour_tags(AVFrame& frame, const ColourOverrides& overrides, const std::string& name,
                          Warnings& warnings);

// Of a yuv420p or yuv420p10 frame with settled tags. A matrix that is none of the three is BT.709:
// the filters have converted it.
ColourDescription describe_colour(const AVFrame& frame);

// Tags of a frame or codec that is to be written.
struct AvColour {
    AVColorSpace space;
    AVColorRange range;
    AVColorPrimaries primaries;
    AVColorTransferCharacteristic transfer;
    AVChromaLocation chroma_location;
    AVPixelFormat format;
};
AvColour to_av(const ColourDescription& colour);

}  // namespace gvc::media
