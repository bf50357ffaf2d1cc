// Measured points: what a codec made of a clip at one setting. Results are files of JSON lines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_value.h"
#include "base/json_writer.h"
#include "base/result.h"
#include "eval/compare.h"

namespace gvc::eval {

struct PointMetric {
    std::string name, unit, space;
    bool higher_is_better = true;
    double overall = 0, mean = 0, median = 0, p1 = 0, worst = 0;
    int64_t worst_frame = 0;
    std::vector<double> values;  // one a measured frame
};

struct KeptPicture {
    int64_t frame = 0;
    std::string file;  // JPEG
};

struct Point {
    std::string clip, codec;
    std::string kind;         // of the codec: gvc, x265, ...; empty if it was imported
    std::string steps = "-";  // of a gvc decoder
    double scale = 1;
    double quantiser = 0;  // gvc: the rate asked for
    int width = 0, height = 0, every = 1;
    int64_t frames = 0;
    double fps = 0;
    uint64_t bytes = 0;
    double encode_s = 0, decode_s = 0;
    uint64_t encode_peak = 0, decode_peak = 0;  // bytes of memory; 0: unknown
    std::string encoder, hardware, key;
    bool imported = false;  // measured elsewhere
    std::vector<std::string> commands;
    std::vector<PointMetric> metrics;
    std::vector<KeptPicture> pictures;

    double bpp() const;  // of all its pixels
    double kbps() const;
    const PointMetric* find(std::string_view metric) const;
};

std::vector<PointMetric> point_metrics(const Comparison& comparison, int every);

// The member "metrics" of a point or a clip.
void write_metrics(JsonWriter& json, const std::vector<PointMetric>& metrics);
std::vector<PointMetric> read_metrics(const JsonValue& object);

// The member "pictures" of a point or a clip.
void write_pictures(JsonWriter& json, const std::vector<KeptPicture>& pictures);
std::vector<KeptPicture> read_pictures(const JsonValue& object);

// The members of one JSON object of type "point".
void write_point(JsonWriter& json, const Point& point);
// Code::input if it is none.
Result<Point> read_point(const JsonValue& value);

// Points in the shape of ../shared/anchors: one JSON object a line with clip, codec, bytes, frames,
// width, height and psnr_rgb, lpips_alex or lpips_squeeze. A codec called "<kind>half_<gop>" is
// "<kind>_<gop>" at half size. The clip's folders are left out of its name.
Result<std::vector<Point>> read_anchors(std::string_view text);

}  // namespace gvc::eval
