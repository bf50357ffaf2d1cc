// The command lines of the codecs that a suite compares.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "eval/process.h"
#include "eval/rate_search.h"
#include "eval/suite.h"
#include "media/stream_info.h"

namespace gvc::eval {

// One encode of one clip.
struct CodecJob {
    std::string reference;    // the clip, lossless
    media::StreamInfo video;  // what it is
    double scale = 1;
    double quantiser = 0;  // gvc: bits a pixel
    std::string folder;    // for all that is written
};

// Programs that suites use, as they are called.
struct Programs {
    std::string gvc, ffmpeg = "ffmpeg", vvencapp = "vvencapp", vvdecapp = "vvdecapp";
    std::vector<std::string> gvc_options;  // for encode and decode: --model, --threads ...
};

std::string stream_path(const CodecSpec& codec, const CodecJob& job);
std::string decoded_path(const CodecJob& job);

// To run one after the other. They write stream_path (the bare elementary stream) and
// decoded_path (FFV1 of the clip's size). `steps` is what a gvc decoder is asked for, or "-".
std::vector<Command> encode_commands(const CodecSpec& codec, const CodecJob& job,
                                     const Programs& programs);
std::vector<Command> decode_commands(const CodecSpec& codec, const CodecJob& job,
                                     const std::string& steps, const Programs& programs);

Quantiser quantiser_of(CodecKind kind);

// What identifies the encoder that these commands run, such as "x265 3.5+1". Code::model if it is
// not installed.
Result<std::string> encoder_version(CodecKind kind, const Programs& programs);

// A side at a scale: even, as 4:2:0 wants it.
int scaled_side(int side, double scale);

}  // namespace gvc::eval
