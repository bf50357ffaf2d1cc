// The hybrid's base codec: AV1 through FFmpeg.
#pragma once

#include <memory>

#include "codec/base_coder.h"
#include "media/frame.h"

namespace gvc::media {

struct Av1BaseOptions {
    int preset = 5;     // of SVT-AV1, 0 (slow) ... 13 (fast)
    int threads = 0;    // 0: all of the machine
    std::string extra;  // more of SVT-AV1's parameters
};

std::unique_ptr<codec::BaseCoder> make_av1_base_coder(const Av1BaseOptions& options);

// What a sequence header says of its pictures' samples.
ColourDescription colour_of(const bitstream::SequenceHeader& sequence);

}  // namespace gvc::media
