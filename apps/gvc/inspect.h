// `gvc inspect`: prints what a stream consists of. Needs no network library; for --tokens only the
// tables and the scale network in the weights file.
#pragma once

#include <cstdio>
#include <string>

#include "base/result.h"

namespace gvc::app {

struct InspectOptions {
    std::string path;        // "-" is standard input
    std::string model_path;  // needed for tokens only
    bool packets = false;    // list every packet
    bool tokens = false;     // decode, and print a hash of each GOP's tokens
    bool json = false;       // one JSON object instead of text
};

// Prints to out. Code::corrupt, after printing, if parts of the stream are damaged or a GOP's
// tokens are not those that its CRC states; Code::usage for tokens without a model.
Status inspect(const InspectOptions& options, std::FILE* out);

}  // namespace gvc::app
