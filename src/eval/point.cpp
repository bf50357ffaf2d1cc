#include "eval/point.h"

#include <limits>

namespace gvc::eval {

namespace {

void write_metric(JsonWriter& json, const PointMetric& m) {
    json.begin_object(m.name);
    json.value("unit", m.unit);
    json.value("space", m.space);
    json.value("higher_is_better", m.higher_is_better);
    json.value("overall", m.overall);
    json.value("mean", m.mean);
    json.value("median", m.median);
    json.value("p1", m.p1);
    json.value("worst", m.worst);
    json.value("worst_frame", m.worst_frame);
    json.values("values", m.values);
    json.end_object();
}

// JSON has no infinity, and equal pictures have an infinite PSNR: it is written as null.
double number(const JsonValue& object, const char* key) {
    return object.number(key, std::numeric_limits<double>::infinity());
}

PointMetric read_metric(const std::string& name, const JsonValue& value) {
    PointMetric m{name,
                  value.text("unit"),
                  value.text("space"),
                  value.flag("higher_is_better", true),
                  number(value, "overall"),
                  number(value, "mean"),
                  number(value, "median"),
                  number(value, "p1"),
                  number(value, "worst"),
                  static_cast<int64_t>(value.number("worst_frame")),
                  {}};
    if (const JsonValue* values = value.find("values")) {
        for (const JsonValue& item : values->items()) {
            m.values.push_back(item.is(JsonValue::Kind::number)
                                   ? item.number()
                                   : std::numeric_limits<double>::infinity());
        }
    }
    return m;
}

}  // namespace

double Point::bpp() const {
    const double pixels = static_cast<double>(width) * height * static_cast<double>(frames);
    return pixels > 0 ? 8 * static_cast<double>(bytes) / pixels : 0;
}

double Point::kbps() const {
    return frames > 0 ? 8e-3 * static_cast<double>(bytes) * fps / static_cast<double>(frames) : 0;
}

const PointMetric* Point::find(std::string_view metric) const {
    for (const PointMetric& m : metrics) {
        if (m.name == metric) return &m;
    }
    return nullptr;
}

std::vector<PointMetric> point_metrics(const Comparison& comparison, int every) {
    std::vector<PointMetric> metrics;
    for (const MetricResult& r : comparison.results) {
        metrics.push_back({r.info.name, r.info.unit, r.info.space, r.info.higher_is_better,
                           r.series.overall, r.pooled.mean, r.pooled.median, r.pooled.percentile1,
                           r.pooled.worst, static_cast<int64_t>(r.pooled.worst_index) * every,
                           r.series.values});
    }
    return metrics;
}

void write_metrics(JsonWriter& json, const std::vector<PointMetric>& metrics) {
    json.begin_object("metrics");
    for (const PointMetric& m : metrics) write_metric(json, m);
    json.end_object();
}

std::vector<PointMetric> read_metrics(const JsonValue& object) {
    std::vector<PointMetric> metrics;
    if (const JsonValue* members = object.find("metrics")) {
        for (const auto& [name, member] : members->members()) {
            metrics.push_back(read_metric(name, member));
        }
    }
    return metrics;
}

void write_pictures(JsonWriter& json, const std::vector<KeptPicture>& pictures) {
    json.begin_array("pictures");
    for (const KeptPicture& picture : pictures) {
        json.begin_object();
        json.value("frame", picture.frame);
        json.value("file", picture.file);
        json.end_object();
    }
    json.end_array();
}

std::vector<KeptPicture> read_pictures(const JsonValue& object) {
    std::vector<KeptPicture> result;
    if (const JsonValue* pictures = object.find("pictures")) {
        for (const JsonValue& picture : pictures->items()) {
            result.push_back({static_cast<int64_t>(picture.number("frame")), picture.text("file")});
        }
    }
    return result;
}

void write_point(JsonWriter& json, const Point& p) {
    json.value("v", 1);
    json.value("type", "point");
    json.value("clip", p.clip);
    json.value("codec", p.codec);
    json.value("kind", p.kind);
    json.value("steps", p.steps);
    json.value("scale", p.scale);
    json.value("quantiser", p.quantiser);
    json.value("width", p.width);
    json.value("height", p.height);
    json.value("frames", p.frames);
    json.value("fps", p.fps);
    json.value("every", p.every);
    json.value("bytes", p.bytes);
    json.value("bpp", p.bpp());
    json.value("kbps", p.kbps());
    json.value("encode_s", p.encode_s);
    json.value("decode_s", p.decode_s);
    json.value("encode_peak", p.encode_peak);
    json.value("decode_peak", p.decode_peak);
    json.value("encoder", p.encoder);
    json.value("hardware", p.hardware);
    json.value("key", p.key);
    json.value("imported", p.imported);
    json.values("commands", p.commands);
    write_metrics(json, p.metrics);
    write_pictures(json, p.pictures);
}

Result<Point> read_point(const JsonValue& value) {
    if (value.text("type") != "point" || value.number("v") != 1) {
        return {Code::input, "no point of results"};
    }
    Point p;
    p.clip = value.text("clip");
    p.codec = value.text("codec");
    p.kind = value.text("kind");
    p.steps = value.text("steps", "-");
    p.scale = value.number("scale", 1);
    p.quantiser = value.number("quantiser");
    p.width = static_cast<int>(value.number("width"));
    p.height = static_cast<int>(value.number("height"));
    p.frames = static_cast<int64_t>(value.number("frames"));
    p.fps = value.number("fps");
    p.every = static_cast<int>(value.number("every", 1));
    p.bytes = static_cast<uint64_t>(value.number("bytes"));
    p.encode_s = value.number("encode_s");
    p.decode_s = value.number("decode_s");
    p.encode_peak = static_cast<uint64_t>(value.number("encode_peak"));
    p.decode_peak = static_cast<uint64_t>(value.number("decode_peak"));
    p.encoder = value.text("encoder");
    p.hardware = value.text("hardware");
    p.key = value.text("key");
    p.imported = value.flag("imported");
    p.commands = value.texts("commands");
    p.metrics = read_metrics(value);
    p.pictures = read_pictures(value);
    if (p.clip.empty() || p.codec.empty() || p.bpp() <= 0) {
        return {Code::input, "a point of results lacks its clip, codec, size or bytes"};
    }
    return p;
}

}  // namespace gvc::eval
