// The work of `gvc encode`: read, code and write, each on a thread of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "codec/rate_control.h"
#include "codec/timing.h"
#include "command.h"
#include "media/frame.h"
#include "parse_values.h"

namespace gvc::app {

struct EncodeOptions {
    FileOptions files;
    ComputeOptions compute;
    codec::RateOptions rate;
    media::Rational fps{0, 1};  // 0: the source's
    Size size;
    Start start;
    int64_t frames = 0;                   // 0: all
    std::optional<KeyInterval> keyint;    // none: 29 frames
    std::optional<bool> adaptive_keyint;  // none: as the preset has it
    bool scene_cuts = true;
    bool low_delay = false;
    std::string filter;
    std::optional<media::Range> range;
    std::optional<media::Matrix> matrix;
    int seed = 0;
    bool copy_audio = true;  // into containers
    bool self_context = false;
    bool verify = false;
    std::string base = "auto";       // neural, av1, auto
    std::string preset = "medium";   // as preset.h has them
    bool detail = true;              // of the AV1 base: code its detail
    bool faces = true;               // look at them above all
    std::optional<bool> keep_cells;  // none: unless keyint is given
    bool refresh = true;             // code parts of pictures anew where motion fails
    double base_scale = 0;           // 0: chosen
};

struct EncodeSummary {
    std::string output;
    int64_t source_frames = 0;
    int64_t frames = 0;                         // coded; fewer if maxrate dropped some
    uint64_t bytes = 0;                         // of the file
    uint64_t video_bytes = 0, coded_bytes = 0;  // GVC packets; of these, coded tokens
    uint64_t gops = 0;
    double bpp = 0, kbps = 0, fps = 0, seconds = 0;
    int qp_min = 0, qp_max = 0;
    codec::StageCosts costs;
    bool interrupted = false;
    bool verified = false;

    double overhead_share() const;  // over the coded bytes, as `gvc inspect` has it
};

// Writes the output, under its name only when it is whole. Code::usage, input, model, resources,
// quality and temporary as docs/cli.md says.
Result<EncodeSummary> run_encode(const EncodeOptions& options, Console& console);

}  // namespace gvc::app
