// The work of `gvc decode` and `gvc play`: decode and write, each on a thread of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "codec/decoder.h"
#include "command.h"
#include "parse_values.h"

namespace gvc::app {

struct DecodeOptions {
    FileOptions files;
    ComputeOptions compute;
    int steps = -1;  // -1: as the refiner's weights say
    std::optional<Start> start;
    int64_t frames = 0;  // 0: all
    bool conceal = false;
    std::string format;  // empty: by the output's name
    double crf = 12;     // of the H.264 output
    bool lossless = false;
    bool verify_tokens = false;  // nothing is written, no network runs
    bool md5 = false;            // nothing is written
};

struct DecodeSummary {
    std::string output;
    int64_t frames = 0;  // handed out
    uint64_t concealed = 0, lost_gops = 0, damaged_bytes = 0;
    int width = 0, height = 0;
    double fps = 0;
    std::string md5;  // of the samples, as `ffmpeg -f md5` gives it for raw video
    codec::StageCosts costs;
    bool interrupted = false;

    bool partial() const { return concealed > 0 || lost_gops > 0 || damaged_bytes > 0; }
};

// The options that `play` shares: steps, start, frames, conceal, model, precision, threads.
void add_decoding_options(CLI::App& app, DecodeOptions& options);

// Without `conceal` a damaged stream is Code::corrupt, and what was decoded before stays as .part;
// with it the summary says what was lost.
Result<DecodeSummary> run_decode(const DecodeOptions& options, Console& console);

}  // namespace gvc::app
