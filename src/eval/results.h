// A file of results: JSON lines. The first says what was run, the others hold clips, points and
// what failed. docs/evaluation.md states the members.
#pragma once

#include <string>
#include <vector>

#include "eval/point.h"
#include "eval/suite.h"

namespace gvc::eval {

struct ClipInfo {
    std::string name, file, sha256;
    int width = 0, height = 0;
    int64_t frames = 0;
    double fps = 0;
    std::vector<KeptPicture> pictures;
    std::vector<PointMetric> metrics;  // of the clip itself, where its masks are known
};

struct Failure {
    std::string clip, codec, message;
    int code = 0;  // as an exit code
};

struct Results {
    std::string name, description, anchor, compare_by;
    std::string program, hardware, date, command;
    std::vector<double> rates;
    std::vector<std::string> codecs;  // in the suite's order
    std::vector<ClipInfo> clips;
    std::vector<Point> points;
    std::vector<Failure> failures;
};

// One line each, without a line end.
std::string header_line(const Results& results);
std::string clip_line(const ClipInfo& clip);
std::string point_line(const Point& point);
std::string failure_line(const Failure& failure);

// Code::input, with the line, if it is no file of results.
Result<Results> read_results(std::string_view text);
Result<Results> load_results(const std::string& path);

}  // namespace gvc::eval
