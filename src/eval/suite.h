// A suite: which clips are coded by which codecs at which rates, and what is measured. Written by
// people as a small JSON file; docs/evaluation.md describes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace gvc::eval {

struct ClipSpec {
    std::string name;    // as results call it; the file's without its ending
    std::string file;    // relative to the folder of clips
    int64_t start = 0;   // frames left out
    int64_t frames = 0;  // 0: all
    std::string masks;   // folder of its objects' masks, relative to the folder of masks
};

enum class CodecKind { gvc, x265, svtav1, vvenc };

struct CodecSpec {
    std::string name;  // as results call it
    CodecKind kind = CodecKind::gvc;
    std::string preset;                   // empty: the codec's strongest (gvc: its own choice)
    int gop = 29;                         // frames of a closed GOP; 0: unlimited
    std::vector<double> scales{1};        // sizes to code at; lanczos down and up again
    std::vector<double> rates;            // bits a pixel
    std::vector<std::string> options;     // gvc: more arguments for `gvc encode`
    std::vector<std::string> steps{"-"};  // gvc: `--steps` of the decoder; "-": its own choice
    std::string params;                   // x265, svtav1: more parameters, "a=1:b=2"
    int encodes = 5;                      // at most so many for each clip and scale
};

// What somebody else has published, printed beside what is measured.
struct PublishedFigure {
    std::string name;    // of the codec
    std::string metric;  // in the words of the source: it need not be one that gvc computes
    double bpp = 0;      // 0: not at one rate
    double value = 0;
    std::string source;
};

struct Suite {
    std::string name, description;
    std::string folder;  // of the clips, unless the command line names one
    std::vector<ClipSpec> clips;
    std::vector<CodecSpec> codecs;
    std::vector<double> rates;  // bits a pixel, ascending
    std::vector<std::string> metrics;
    std::string compare_by;     // the metric by which the better of several scales is chosen
    std::string anchor;         // the codec that others are compared with; may be empty
    int every = 1;              // measure every N-th frame
    int lines = 0;              // bring the short side to this; 0: leave it
    int whole_gops = 0;         // leave out the frames behind the last whole GOP of this many
    std::vector<int> pictures;  // frames kept as pictures for the report
    std::vector<PublishedFigure> published;
};

// `text` is the file's content. Code::usage names what is wrong, unknown members included.
Result<Suite> parse_suite(std::string_view text);

// The file as above. Code::input if it cannot be read.
Result<Suite> load_suite(const std::string& path);

const char* codec_kind_name(CodecKind kind);

}  // namespace gvc::eval
