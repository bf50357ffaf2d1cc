// Runs a suite: every codec on every clip, measured, one result a point. What was measured before
// with the same content and settings comes from a cache, so that a run that was interrupted goes
// on.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "eval/codec_commands.h"
#include "eval/metric_list.h"
#include "eval/results.h"
#include "eval/suite.h"

namespace gvc::eval {

struct SuiteOptions {
    std::string clips;  // folder of the clips
    std::string masks;  // folder that the clips' masks are relative to
    std::string cache;  // folder, made if need be
    Programs programs;
    std::string gvc_identity;  // changes when gvc or its weights do
    std::string hardware;
    MetricOptions metrics;
    std::function<void(const std::string& line)> on_result;  // a line of the file of results
    std::function<void(const std::string& text)> on_note;    // what was done
    std::function<void(int done, int all)> on_progress;      // of a codec on a clip
    std::function<bool()> cancelled;
};

// `results` has the header; clips, points and failures are added. A clip or codec that fails is a
// failure in them, and the rest goes on; a Status other than ok ends the run (Code::interrupted,
// or the cache cannot be written).
Status run_suite(const Suite& suite, const SuiteOptions& options, Results& results);

// Code::model if something was missing, Code::quality if something else failed.
Status outcome(const Results& results);

}  // namespace gvc::eval
