#include "eval/suite.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>

#include "base/file_io.h"
#include "base/json_value.h"
#include "eval/metric_list.h"

namespace gvc::eval {

namespace {

constexpr CodecKind kKinds[] = {CodecKind::gvc, CodecKind::x265, CodecKind::svtav1,
                                CodecKind::vvenc};
using Kind = JsonValue::Kind;

Status wrong(const std::string& what) { return {Code::usage, "suite: " + what}; }

// A member that nobody reads is a mistake in the file, so it is no good to pass over it.
Status check_members(const JsonValue& object, const std::string& where,
                     const std::set<std::string>& known) {
    if (!object.is(Kind::object)) return wrong(where + " must be an object");
    for (const auto& [name, value] : object.members()) {
        if (!known.contains(name)) return wrong(where + " has no member '" + name + "'");
    }
    return {};
}

// A whole number of a member, `otherwise` if there is none.
Result<int> whole(const JsonValue& object, const char* key, int otherwise, int least, int most) {
    const double value = object.number(key, otherwise);
    const JsonValue* member = object.find(key);
    if ((member && !member->is(Kind::number)) || value != std::floor(value) || value < least ||
        value > most) {
        return wrong(std::string(key) + " must be a whole number from " + std::to_string(least) +
                     " to " + std::to_string(most));
    }
    return static_cast<int>(value);
}

// Positive numbers, ascending.
Result<std::vector<double>> positive(const JsonValue& object, const char* key,
                                     std::vector<double> otherwise) {
    const JsonValue* member = object.find(key);
    if (!member) return otherwise;
    std::vector<double> values = object.numbers(key);
    std::sort(values.begin(), values.end());
    if (values.empty() || values.size() != member->items().size() || values.front() <= 0) {
        return wrong(std::string(key) + " must be a list of numbers above 0");
    }
    return values;
}

Result<ClipSpec> read_clip_spec(const JsonValue& value) {
    ClipSpec clip;
    if (value.is(Kind::string)) {
        clip.file = value.text();
    } else {
        GVC_RETURN_IF_ERROR(
            check_members(value, "a clip", {"file", "name", "start", "frames", "masks"}));
        clip.file = value.text("file");
        clip.name = value.text("name");
        clip.masks = value.text("masks");
        GVC_ASSIGN_OR_RETURN(clip.start, whole(value, "start", 0, 0, 1 << 30));
        GVC_ASSIGN_OR_RETURN(clip.frames, whole(value, "frames", 0, 0, 1 << 30));
    }
    if (clip.file.empty()) return wrong("a clip has no file");
    if (clip.name.empty()) clip.name = std::filesystem::path(clip.file).stem().string();
    return clip;
}

Result<CodecSpec> read_codec(const JsonValue& value, const Suite& suite) {
    GVC_RETURN_IF_ERROR(check_members(value, "a codec",
                                      {"name", "kind", "preset", "gop", "scales", "rates",
                                       "options", "steps", "params", "encodes"}));
    CodecSpec codec;
    const std::string kind = value.text("kind");
    const auto found = std::find_if(std::begin(kKinds), std::end(kKinds),
                                    [&](CodecKind k) { return kind == codec_kind_name(k); });
    if (found == std::end(kKinds)) {
        return wrong("unknown kind of codec '" + kind + "'; known are gvc x265 svtav1 vvenc");
    }
    codec.kind = *found;
    codec.name = value.text("name", kind);
    codec.preset = value.text("preset");
    codec.params = value.text("params");
    codec.options = value.texts("options");
    if (value.find("steps")) codec.steps = value.texts("steps");
    if (codec.steps.empty()) return wrong("steps must be a list of strings");
    GVC_ASSIGN_OR_RETURN(codec.gop, whole(value, "gop", 29, 0, 100000));
    GVC_ASSIGN_OR_RETURN(codec.encodes, whole(value, "encodes", 5, 1, 100));
    GVC_ASSIGN_OR_RETURN(codec.scales, positive(value, "scales", {1}));
    GVC_ASSIGN_OR_RETURN(codec.rates, positive(value, "rates", suite.rates));
    if (codec.scales.back() > 1) return wrong("scales must be at most 1");
    return codec;
}

Result<std::vector<PublishedFigure>> read_published(const JsonValue& object) {
    std::vector<PublishedFigure> figures;
    const JsonValue* list = object.find("published");
    if (!list) return figures;
    for (const JsonValue& value : list->items()) {
        GVC_RETURN_IF_ERROR(check_members(value, "a published figure",
                                          {"name", "metric", "bpp", "value", "source"}));
        PublishedFigure figure{value.text("name"), value.text("metric"), value.number("bpp"),
                               value.number("value"), value.text("source")};
        if (figure.name.empty() || figure.metric.empty() || !value.find("value") ||
            figure.source.empty()) {
            return wrong("a published figure needs name, metric, value and source");
        }
        figures.push_back(std::move(figure));
    }
    return figures;
}

template <typename Item, typename Read>
Status read_list(const JsonValue& object, const char* key, std::vector<Item>& items,
                 const Read& read) {
    const JsonValue* list = object.find(key);
    if (!list || list->items().empty())
        return wrong(std::string("a list of ") + key + " is needed");
    std::set<std::string> names;
    for (const JsonValue& value : list->items()) {
        GVC_ASSIGN_OR_RETURN(Item item, read(value));
        if (!names.insert(item.name).second) {
            return wrong("two " + std::string(key) + " are called '" + item.name + "'");
        }
        items.push_back(std::move(item));
    }
    return {};
}

Status check_names(const Suite& suite) {
    const auto& known = metric_names();
    for (const std::string& metric : suite.metrics) {
        if (std::find(known.begin(), known.end(), metric) == known.end()) {
            return wrong("unknown metric '" + metric + "'");
        }
    }
    if (std::find(suite.metrics.begin(), suite.metrics.end(), suite.compare_by) ==
        suite.metrics.end()) {
        return wrong("compare_by must be one of the metrics");
    }
    const bool there = std::any_of(suite.codecs.begin(), suite.codecs.end(),
                                   [&](const CodecSpec& c) { return c.name == suite.anchor; });
    if (!suite.anchor.empty() && !there) return wrong("no codec is called '" + suite.anchor + "'");
    return {};
}

}  // namespace

const char* codec_kind_name(CodecKind kind) {
    switch (kind) {
        case CodecKind::gvc:
            return "gvc";
        case CodecKind::x265:
            return "x265";
        case CodecKind::svtav1:
            return "svtav1";
        case CodecKind::vvenc:
            break;
    }
    return "vvenc";
}

Result<Suite> parse_suite(std::string_view text) {
    const auto parsed = JsonValue::parse(text);
    if (!parsed.ok()) return wrong(parsed.status().message());
    const JsonValue& root = *parsed;
    GVC_RETURN_IF_ERROR(check_members(
        root, "the file",
        {"name", "description", "folder", "clips", "codecs", "rates", "metrics", "compare_by",
         "anchor", "every", "lines", "whole_gops", "pictures", "published"}));
    Suite suite;
    suite.name = root.text("name");
    if (suite.name.empty()) return wrong("a name is needed");
    suite.description = root.text("description");
    suite.folder = root.text("folder");
    suite.anchor = root.text("anchor");
    suite.metrics = root.find("metrics") ? root.texts("metrics") : default_metrics();
    suite.compare_by = root.text("compare_by", "lpips_alex");
    GVC_ASSIGN_OR_RETURN(suite.rates, positive(root, "rates", {}));
    if (suite.rates.empty()) return wrong("a list of rates is needed");
    GVC_ASSIGN_OR_RETURN(suite.every, whole(root, "every", 1, 1, 1000000));
    GVC_ASSIGN_OR_RETURN(suite.lines, whole(root, "lines", 0, 0, 16384));
    GVC_ASSIGN_OR_RETURN(suite.whole_gops, whole(root, "whole_gops", 0, 0, 100000));
    for (const double frame : root.numbers("pictures")) {
        suite.pictures.push_back(static_cast<int>(frame));
    }
    GVC_ASSIGN_OR_RETURN(suite.published, read_published(root));
    GVC_RETURN_IF_ERROR(read_list(root, "clips", suite.clips, read_clip_spec));
    GVC_RETURN_IF_ERROR(read_list(root, "codecs", suite.codecs, [&](const JsonValue& value) {
        return read_codec(value, suite);
    }));
    GVC_RETURN_IF_ERROR(check_names(suite));
    return suite;
}

Result<Suite> load_suite(const std::string& path) {
    GVC_ASSIGN_OR_RETURN(const std::string text, read_text(path));
    auto suite = parse_suite(text);
    if (suite.ok()) return suite;
    return {suite.status().code(), suite.status().message() + " (" + path + ")"};
}

}  // namespace gvc::eval
