// `gvc eval --suite`: runs codecs on clips; src/eval does the work.
#pragma once

#include <string>
#include <vector>

#include "command.h"

namespace gvc::app {

struct SuiteRequest {
    std::string file;    // empty: no suite is asked for
    std::string clips;   // folder; empty: the one that the suite names
    std::string masks;   // folder; empty: that of the clips
    std::string output;  // file of results; empty: NAME.jsonl
    std::string cache;   // folder; empty: the user's cache
    std::vector<std::string> anchors, only_clips, only_codecs;
    std::string csv;         // also of a comparison of two videos
    std::string compressai;  // folder
    std::vector<std::string> fail_if;
    bool overwrite = false;
};

struct SuiteCompute {
    std::string models;  // --model
    int threads = 0;
};

void add_suite_options(CLI::App& app, SuiteRequest& request);

Status run_suite_request(const SuiteRequest& request, const SuiteCompute& compute,
                         Console& console);

}  // namespace gvc::app
