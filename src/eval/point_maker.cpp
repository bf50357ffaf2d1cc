#include "eval/point_maker.h"

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <optional>

#include "base/file_io.h"
#include "base/format.h"
#include "eval/compare.h"

namespace gvc::eval {

namespace {

// Raised when measuring changes, so that nothing older is taken from a cache.
constexpr int kMeasureVersion = 1;

struct Effort {
    double seconds = 0;
    uint64_t peak = 0;
};

Result<Effort> run_all(const std::vector<Command>& commands, const Workshop& workshop,
                       std::vector<std::string>& texts) {
    Effort effort;
    for (const Command& command : commands) {
        GVC_ASSIGN_OR_RETURN(const auto done, run_checked(command, workshop.cancelled));
        effort.seconds += done.seconds;
        effort.peak = std::max(effort.peak, done.peak_memory);
        texts.push_back(shell_text(command));
    }
    return effort;
}

std::optional<Point> cached(const std::string& path) {
    const auto text = read_text(path);
    if (!text.ok()) return std::nullopt;
    const auto value = JsonValue::parse(*text);
    if (!value.ok()) return std::nullopt;
    auto point = read_point(*value);
    if (!point.ok()) return std::nullopt;
    for (const KeptPicture& picture : point->pictures) {
        if (!std::filesystem::exists(picture.file)) return std::nullopt;
    }
    return std::move(*point);
}

}  // namespace

PointMaker::PointMaker(const Suite& suite, const CodecSpec& codec, const SuiteOptions& options,
                       const Workshop& workshop, ClipSource& clip, ClipMasks* masks,
                       std::string encoder)
    : suite_(suite),
      codec_(codec),
      options_(options),
      workshop_(workshop),
      clip_(clip),
      masks_(masks),
      encoder_(std::move(encoder)) {}

std::string PointMaker::key(double scale, double quantiser, const std::string& steps) const {
    CodecJob job;
    job.reference = "clip";
    job.video.width = clip_.info().width;
    job.video.height = clip_.info().height;
    job.scale = scale;
    job.quantiser = quantiser;
    job.folder = "work";
    // Where programs and weights lie does not matter, what they are does.
    Programs programs;
    programs.gvc = "gvc";
    std::string text =
        std::to_string(kMeasureVersion) + "\n" + clip_.key() + "\n" + encoder_ + "\n";
    if (codec_.kind == CodecKind::gvc) text += options_.gvc_identity + "\n";
    for (const Command& c : encode_commands(codec_, job, programs)) text += shell_text(c) + "\n";
    for (const Command& c : decode_commands(codec_, job, steps, programs)) {
        text += shell_text(c) + "\n";
    }
    for (const std::string& metric : suite_.metrics) text += metric + " ";
    text += std::to_string(suite_.every);
    for (const int frame : suite_.pictures) text += format(" %d", frame);
    if (masks_) text += "\nmasks " + masks_->key();
    return sha256_text(text);
}

Result<std::vector<Point>> PointMaker::make(double scale, double quantiser) {
    std::vector<Point> points;
    std::optional<Point> encoded;
    CodecJob job;
    for (const std::string& steps : codec_.steps) {
        const std::string key_text = key(scale, quantiser, steps);
        const std::string path = workshop_.cache + "/" + key_text + ".point";
        if (auto known = cached(path)) {
            known->clip = clip_.info().name;  // names are the suite's, whatever they were before
            known->codec = codec_.name;
            points.push_back(std::move(*known));
            continue;
        }
        if (!encoded) {
            GVC_ASSIGN_OR_RETURN(job.reference, clip_.reference());
            GVC_ASSIGN_OR_RETURN(job.video, clip_.video());
            job.scale = scale;
            job.quantiser = quantiser;
            job.folder = workshop_.folder;
            GVC_ASSIGN_OR_RETURN(encoded, encode(job));
        }
        Point point = *encoded;
        point.steps = steps;
        point.key = key_text;
        GVC_RETURN_IF_ERROR(measure(job, point));
        GVC_RETURN_IF_ERROR(write_text(path, point_line(point)));
        tell(point);
        points.push_back(std::move(point));
    }
    return points;
}

Result<Point> PointMaker::encode(const CodecJob& job) {
    Point p;
    p.clip = clip_.info().name;
    p.codec = codec_.name;
    p.kind = codec_kind_name(codec_.kind);
    p.scale = job.scale;
    p.quantiser = job.quantiser;
    p.width = clip_.info().width;
    p.height = clip_.info().height;
    p.frames = clip_.info().frames;
    p.fps = clip_.info().fps;
    p.every = suite_.every;
    p.encoder = encoder_;
    p.hardware = options_.hardware;
    GVC_ASSIGN_OR_RETURN(
        const Effort effort,
        run_all(encode_commands(codec_, job, options_.programs), workshop_, p.commands));
    p.encode_s = effort.seconds;
    p.encode_peak = effort.peak;
    std::error_code error;
    p.bytes = std::filesystem::file_size(stream_path(codec_, job), error);
    if (error) return {Code::quality, codec_.name + " wrote no stream"};
    return p;
}

Status PointMaker::measure(const CodecJob& job, Point& point) {
    GVC_ASSIGN_OR_RETURN(const Effort effort,
                         run_all(decode_commands(codec_, job, point.steps, options_.programs),
                                 workshop_, point.commands));
    point.decode_s = effort.seconds;
    point.decode_peak = effort.peak;
    CompareOptions compare_options;
    compare_options.metrics = suite_.metrics;
    compare_options.metric_options = options_.metrics;
    compare_options.every = suite_.every;
    compare_options.same_colour = true;  // raw streams do not all carry it
    compare_options.cancelled = options_.cancelled;
    GVC_ASSIGN_OR_RETURN(const Comparison comparison,
                         compare(job.reference, decoded_path(job), compare_options));
    if (comparison.frames != point.frames) {
        return {Code::quality, "the clip has " + std::to_string(comparison.frames) +
                                   " frames, not " + std::to_string(point.frames)};
    }
    point.metrics = point_metrics(comparison, suite_.every);
    if (masks_) {
        media::ReaderOptions reading;
        reading.matrix = job.video.colour.matrix;  // as above
        reading.range = job.video.colour.range;
        reading.cancelled = options_.cancelled;
        GVC_ASSIGN_OR_RETURN(auto carried, masks_->measure(decoded_path(job), reading));
        std::move(carried.begin(), carried.end(), std::back_inserter(point.metrics));
    }
    GVC_ASSIGN_OR_RETURN(point.pictures,
                         keep_pictures(decoded_path(job), workshop_.cache + "/" + point.key,
                                       frames_to_keep(point), workshop_));
    return {};
}

std::vector<int64_t> PointMaker::frames_to_keep(const Point& point) const {
    std::vector<int64_t> frames;
    for (const int frame : suite_.pictures) {
        if (frame >= 0 && frame < point.frames) frames.push_back(frame);
    }
    if (const PointMetric* metric = point.find(suite_.compare_by)) {
        frames.push_back(metric->worst_frame);
    }
    return frames;
}

void PointMaker::tell(const Point& p) const {
    const PointMetric* metric = p.find(suite_.compare_by);
    options_.on_note(
        format("%s %s %.4g%s%s: %.5f bpp, %s %.4f (encode %.1f s, decode %.1f s)", p.clip.c_str(),
               p.codec.c_str(), p.quantiser, p.scale == 1 ? "" : " scaled",
               p.steps == "-" ? "" : (" steps " + p.steps).c_str(), p.bpp(),
               suite_.compare_by.c_str(), metric ? metric->mean : 0, p.encode_s, p.decode_s));
}

}  // namespace gvc::eval
