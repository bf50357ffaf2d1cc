// Imports points that were measured elsewhere.
#include <string>

#include "base/lines.h"
#include "eval/point.h"

namespace gvc::eval {

namespace {

// Those that surely mean the same there. Temporal LPIPS and SSIM have other definitions elsewhere.
constexpr const char* kSameMetrics[] = {"psnr_rgb", "lpips_alex", "lpips_squeeze"};

PointMetric imported_metric(const std::string& name, double value) {
    const bool decibels = name == "psnr_rgb";
    PointMetric m;
    m.name = name;
    m.unit = decibels ? "dB" : "";
    m.space = "as imported";
    m.higher_is_better = decibels;
    m.overall = m.mean = m.median = m.p1 = m.worst = value;
    return m;
}

Result<Point> imported_point(const JsonValue& value) {
    Point p;
    p.imported = true;
    p.clip = value.text("clip");
    p.clip.erase(0, p.clip.rfind('/') + 1);
    p.codec = value.text("codec");
    if (const size_t half = p.codec.find("half_"); half != std::string::npos) {
        p.codec.erase(half, 4);
        p.scale = 0.5;
    }
    p.quantiser = value.number("q");
    p.width = static_cast<int>(value.number("width"));
    p.height = static_cast<int>(value.number("height"));
    p.frames = static_cast<int64_t>(value.number("frames"));
    p.every = static_cast<int>(value.number("every", 1));
    p.bytes = static_cast<uint64_t>(value.number("bytes"));
    p.encode_s = value.number("enc_s");
    for (const std::string name : kSameMetrics) {
        const JsonValue* member = value.find(name);
        if (!member || !member->is(JsonValue::Kind::number)) continue;
        p.metrics.push_back(imported_metric(name, member->number()));
        // PSNR comes as the mean of the frames and from the error of the whole video.
        p.metrics.back().overall = value.number(name + "_global", member->number());
    }
    if (p.clip.empty() || p.codec.empty() || p.bpp() <= 0) {
        return {Code::input, "lacks its clip, codec, size or bytes"};
    }
    return p;
}

}  // namespace

Result<std::vector<Point>> read_anchors(std::string_view text) {
    std::vector<Point> points;
    const Status status = for_each_line(text, [&](std::string_view row) -> Status {
        GVC_ASSIGN_OR_RETURN(const JsonValue value, JsonValue::parse(row));
        GVC_ASSIGN_OR_RETURN(Point point, imported_point(value));
        points.push_back(std::move(point));
        return {};
    });
    if (!status.ok()) return {status.code(), "anchors, " + status.message()};
    return points;
}

}  // namespace gvc::eval
