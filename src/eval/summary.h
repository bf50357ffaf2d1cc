// What a suite's results come to: means under both protocols, ratios to the anchor, Bjontegaard
// deltas and how much more the anchor needs for the same quality.
#pragma once

#include <string>
#include <vector>

#include "eval/point_table.h"
#include "eval/suite.h"

namespace gvc::eval {

// A codec at one of the suite's rates over the clips that it reaches it on.
struct ProtocolRow {
    Contestant who;
    double rate = 0;
    size_t clips = 0;
    std::vector<std::string> missed;  // clips on which the rate is out of reach
    // The paper's protocol: mean of the frames, then of the clips. The strict one: all bits over
    // all pixels, all frames by their pixels; PSNR from the mean square error of everything.
    double paper_bpp = 0, strict_bpp = 0;
    struct Value {
        std::string metric;
        double paper = 0, strict = 0;
    };
    std::vector<Value> values;
};

// A codec against the anchor at one rate, over the clips that both reach. The anchor is
// interpolated at the rate that the codec really took.
struct RatioRow {
    Contestant who;
    double rate = 0;
    std::string metric, unit;
    size_t clips = 0;
    double value = 0, anchor = 0;  // means over clips
    // Ratio of the means; for decibels their difference.
    double ratio = 0;
    double best = 0, worst = 0;  // of a clip
    std::string best_clip, worst_clip;
};

// How many times the codec's rate the anchor needs for the same quality.
struct BandwidthRow {
    Contestant who;
    double rate = 0;
    std::string metric;
    size_t clips = 0, above = 0, below = 0;  // above: the anchor needs more than was measured
    double geometric_mean = 0;               // with those taken at the end of what was measured
    double least = 0, most = 0;
    std::string least_clip, most_clip;
};

struct BdRow {
    Contestant who;
    std::string metric;
    size_t clips = 0;         // that have one
    double rate_percent = 0;  // means over clips
    double quality = 0;
    double worst_percent = 0;
    std::string worst_clip;
};

// What a decoder's speed costs in rate: of gvc with other steps (or of another gvc codec), the rate
// that gives the quality which the first gvc contestant has at `rate`.
struct ComputationRow {
    Contestant who;
    double rate = 0;
    size_t clips = 0;       // on which both curves have that quality
    double times = 0;       // the first one's rate, geometric mean over clips
    double decode_fps = 0;  // frames a second of whole decoders, over all its points
};

// Masks carried through what a codec made of the clips that it reaches a rate on, beside the same
// through those clips themselves: means over clips.
struct VosRow {
    struct Scores {
        double jf = 0, j = 0, f = 0, f_recall = 0;
    };
    Contestant who;
    double rate = 0;
    size_t clips = 0;
    Scores value, original;
};

struct Summary {
    Contestant anchor;
    std::vector<ProtocolRow> protocols;
    std::vector<RatioRow> ratios;
    std::vector<BandwidthRow> bandwidths;
    std::vector<BdRow> deltas;
    std::vector<ComputationRow> computations;
    std::vector<PublishedFigure> published;  // as the suite has them
    std::vector<VosRow> vos;
};

Summary summarise(const Results& results, const PointTable& table);

// Tables for people, without a line end at the end.
std::string summary_text(const Summary& summary);
// Members "means", "ratios", "bandwidths", "deltas", "computations", "published", "vos".
void write_summary(JsonWriter& json, const Summary& summary);

// Mean over samples as the strict protocol has it. `decibels`: from the mean square error.
double strict_mean(const std::vector<Sample>& samples, const std::string& metric, bool decibels);
double paper_mean(const std::vector<Sample>& samples, const std::string& metric);

}  // namespace gvc::eval
