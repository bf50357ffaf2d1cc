#include "eval/results.h"

#include "base/file_io.h"
#include "base/lines.h"

namespace gvc::eval {

namespace {

template <typename Members>
std::string line(const char* type, const Members& members) {
    JsonWriter json;
    json.begin_object();
    json.value("v", 1);
    json.value("type", type);
    members(json);
    json.end_object();
    return json.text();
}

ClipInfo read_clip(const JsonValue& value) {
    return {value.text("name"),
            value.text("file"),
            value.text("sha256"),
            static_cast<int>(value.number("width")),
            static_cast<int>(value.number("height")),
            static_cast<int64_t>(value.number("frames")),
            value.number("fps"),
            read_pictures(value),
            read_metrics(value)};
}

void read_header(const JsonValue& value, Results& results) {
    results.name = value.text("name");
    results.description = value.text("description");
    results.anchor = value.text("anchor");
    results.compare_by = value.text("compare_by");
    results.program = value.text("program");
    results.hardware = value.text("hardware");
    results.date = value.text("date");
    results.command = value.text("command");
    results.rates = value.numbers("rates");
    results.codecs = value.texts("codecs");
}

Status read_line(const JsonValue& value, Results& results) {
    const std::string type = value.text("type");
    if (value.number("v") != 1) return {Code::input, "of an unknown version"};
    if (results.name.empty() && type != "suite") return {Code::input, "not the beginning"};
    if (type == "suite") {
        read_header(value, results);
    } else if (type == "clip") {
        results.clips.push_back(read_clip(value));
    } else if (type == "failure") {
        results.failures.push_back({value.text("clip"), value.text("codec"), value.text("message"),
                                    static_cast<int>(value.number("code"))});
    } else if (type == "point") {
        GVC_ASSIGN_OR_RETURN(auto point, read_point(value));
        results.points.push_back(std::move(point));
    }
    return {};
}

}  // namespace

std::string header_line(const Results& r) {
    return line("suite", [&](JsonWriter& json) {
        json.value("name", r.name);
        json.value("description", r.description);
        json.value("anchor", r.anchor);
        json.value("compare_by", r.compare_by);
        json.value("program", r.program);
        json.value("hardware", r.hardware);
        json.value("date", r.date);
        json.value("command", r.command);
        json.values("rates", r.rates);
        json.values("codecs", r.codecs);
    });
}

std::string clip_line(const ClipInfo& clip) {
    return line("clip", [&](JsonWriter& json) {
        json.value("name", clip.name);
        json.value("file", clip.file);
        json.value("sha256", clip.sha256);
        json.value("width", clip.width);
        json.value("height", clip.height);
        json.value("frames", clip.frames);
        json.value("fps", clip.fps);
        write_pictures(json, clip.pictures);
        if (!clip.metrics.empty()) write_metrics(json, clip.metrics);
    });
}

std::string point_line(const Point& point) {
    JsonWriter json;
    json.begin_object();
    write_point(json, point);
    json.end_object();
    return json.text();
}

std::string failure_line(const Failure& failure) {
    return line("failure", [&](JsonWriter& json) {
        json.value("clip", failure.clip);
        json.value("codec", failure.codec);
        json.value("code", failure.code);
        json.value("message", failure.message);
    });
}

Result<Results> read_results(std::string_view text) {
    Results results;
    const Status status = for_each_line(text, [&](std::string_view row) -> Status {
        GVC_ASSIGN_OR_RETURN(const JsonValue value, JsonValue::parse(row));
        return read_line(value, results);
    });
    if (!status.ok()) return {Code::input, "no results of gvc eval --suite: " + status.message()};
    if (results.name.empty()) return {Code::input, "no results of gvc eval --suite: empty"};
    return results;
}

Result<Results> load_results(const std::string& path) {
    GVC_ASSIGN_OR_RETURN(const std::string text, read_text(path));
    auto results = read_results(text);
    if (results.ok()) return results;
    return {results.status().code(), results.status().message() + " (" + path + ")"};
}

}  // namespace gvc::eval
