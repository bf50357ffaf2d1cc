#include "eval/clip_source.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "base/file_io.h"
#include "base/sha256.h"
#include "eval/clip_masks.h"
#include "media/reader.h"

namespace gvc::eval {

namespace {

namespace fs = std::filesystem;

Result<std::string> sha256_of_file(const std::string& path) {
    GVC_ASSIGN_OR_RETURN(const auto bytes, read_file(path));
    Sha256 hash;
    hash.update(std::span<const std::byte>(bytes));
    return hex(hash.finish());
}

// The sizes that make_testset.py makes: the short side becomes `lines`, the other a multiple of 8.
std::pair<int, int> size_with_lines(int width, int height, int lines) {
    if (lines == 0 || std::min(width, height) == lines) return {width, height};
    const double other = 1.0 * lines * std::max(width, height) / std::min(width, height);
    const int rounded = 8 * static_cast<int>(other / 8 + 0.5);
    return width >= height ? std::pair(rounded, lines) : std::pair(lines, rounded);
}

}  // namespace

std::string hex(const std::array<uint8_t, 32>& digest) {
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    for (const uint8_t byte : digest) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

std::string sha256_text(std::string_view text) {
    Sha256 hash;
    hash.update(text);
    return hex(hash.finish());
}

ClipSource::ClipSource(const ClipSpec& spec, const Suite& suite, const Workshop& workshop)
    : spec_(spec), suite_(suite), workshop_(workshop) {}

Result<ClipSource> ClipSource::open(const ClipSpec& spec, const Suite& suite,
                                    const std::string& folder, const Workshop& workshop) {
    ClipSource clip(spec, suite, workshop);
    clip.info_.name = spec.name;
    clip.info_.file = (fs::path(folder) / spec.file).string();
    GVC_ASSIGN_OR_RETURN(clip.info_.sha256, sha256_of_file(clip.info_.file));
    clip.key_ = sha256_text(clip.info_.sha256 + " " + std::to_string(spec.start) + " " +
                            std::to_string(spec.frames) + " " + std::to_string(suite.lines) + " " +
                            std::to_string(suite.whole_gops));
    const std::string known = workshop.cache + "/" + clip.key_ + ".clip";
    if (const auto text = read_text(known); text.ok()) {
        if (const auto value = JsonValue::parse(*text); value.ok()) {
            clip.info_.width = static_cast<int>(value->number("width"));
            clip.info_.height = static_cast<int>(value->number("height"));
            clip.info_.frames = static_cast<int64_t>(value->number("frames"));
            clip.info_.fps = value->number("fps");
        }
    }
    if (clip.info_.frames > 0) return clip;
    GVC_RETURN_IF_ERROR(clip.measure());
    GVC_RETURN_IF_ERROR(write_text(known, clip_line(clip.info_)));
    return clip;
}

Status ClipSource::measure() {
    media::ReaderOptions options;
    options.start_frame = spec_.start;
    options.frame_count = spec_.frames;
    options.cancelled = workshop_.cancelled;
    GVC_ASSIGN_OR_RETURN(const auto reader, media::Reader::open(info_.file, options));
    std::tie(info_.width, info_.height) =
        size_with_lines(reader->info().width, reader->info().height, suite_.lines);
    info_.fps = reader->info().frame_rate.value();
    while (true) {
        GVC_ASSIGN_OR_RETURN(const auto frame, reader->next());
        if (!frame) break;
        ++info_.frames;
    }
    if (spec_.frames > 0 && info_.frames < spec_.frames) {
        return {Code::usage, info_.file + " has fewer frames than the suite asks for"};
    }
    if (suite_.whole_gops > 0) info_.frames -= info_.frames % suite_.whole_gops;
    if (info_.frames == 0) return {Code::usage, info_.file + " has no whole GOP"};
    return {};
}

std::string ClipSource::filters() const {
    std::string text;
    if (spec_.start > 0 || spec_.frames > 0 || suite_.whole_gops > 0) {
        text = "trim=start_frame=" + std::to_string(spec_.start) +
               ":end_frame=" + std::to_string(spec_.start + info_.frames) + ",setpts=PTS-STARTPTS,";
    }
    if (suite_.lines > 0) {
        text += "scale=" + std::to_string(info_.width) + ":" + std::to_string(info_.height) +
                ":flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp,";
    }
    if (!text.empty()) text.pop_back();
    return text;
}

Result<std::string> ClipSource::reference() {
    if (!reference_.empty()) return reference_;
    if (filters().empty()) return reference_ = info_.file;
    const std::string path = workshop_.folder + "/clip.mkv";
    GVC_RETURN_IF_ERROR(
        run_checked({workshop_.programs.ffmpeg, "-v", "error", "-nostdin", "-y", "-i", info_.file,
                     "-an", "-sn", "-vf", filters(), "-c:v", "ffv1", "-level", "3", path},
                    workshop_.cancelled)
            .status());
    return reference_ = path;
}

Result<media::StreamInfo> ClipSource::video() {
    GVC_ASSIGN_OR_RETURN(const std::string path, reference());
    GVC_ASSIGN_OR_RETURN(const auto reader, media::Reader::open(path, {}));
    return reader->info();
}

Status ClipSource::keep_pictures(const std::vector<int64_t>& frames) {
    if (frames.empty()) return {};
    const std::string stem = workshop_.cache + "/" + key_;
    const bool there = std::all_of(frames.begin(), frames.end(), [&](int64_t frame) {
        return fs::exists(stem + "-" + std::to_string(frame) + ".jpg");
    });
    std::string video;
    if (!there) {
        GVC_ASSIGN_OR_RETURN(video, reference());
    }
    GVC_ASSIGN_OR_RETURN(info_.pictures, eval::keep_pictures(video, stem, frames, workshop_));
    return {};
}

Status ClipSource::measure_original(ClipMasks& masks) {
    const std::string known = workshop_.cache + "/" + sha256_text(key_ + masks.key()) + ".vos";
    if (const auto text = read_text(known); text.ok()) {
        if (const auto value = JsonValue::parse(*text); value.ok()) {
            info_.metrics = read_metrics(*value);
        }
    }
    if (!info_.metrics.empty()) return {};
    GVC_ASSIGN_OR_RETURN(const std::string video, reference());
    media::ReaderOptions reading;
    reading.cancelled = workshop_.cancelled;
    GVC_ASSIGN_OR_RETURN(info_.metrics, masks.measure(video, reading));
    JsonWriter json;
    json.begin_object();
    write_metrics(json, info_.metrics);
    json.end_object();
    return write_text(known, json.text());
}

Result<std::vector<KeptPicture>> keep_pictures(const std::string& video, const std::string& stem,
                                               std::vector<int64_t> frames,
                                               const Workshop& workshop) {
    std::sort(frames.begin(), frames.end());
    frames.erase(std::unique(frames.begin(), frames.end()), frames.end());
    std::vector<KeptPicture> kept;
    std::vector<KeptPicture> missing;
    std::string chosen;
    for (const int64_t frame : frames) {
        kept.push_back({frame, stem + "-" + std::to_string(frame) + ".jpg"});
        if (fs::exists(kept.back().file)) continue;
        missing.push_back(kept.back());
        if (!chosen.empty()) chosen += '+';
        chosen += "eq(n,";
        chosen += std::to_string(frame);
        chosen += ')';
    }
    if (missing.empty()) return kept;
    // JPEG is BT.601 of full range whatever the video is.
    const std::string filter = "select='" + chosen +
                               "',scale=out_color_matrix=bt601:out_range=pc:"
                               "flags=accurate_rnd+full_chroma_int,format=yuvj420p";
    GVC_RETURN_IF_ERROR(run_checked({workshop.programs.ffmpeg, "-v", "error", "-nostdin", "-y",
                                     "-i", video, "-vf", filter, "-vsync", "passthrough", "-q:v",
                                     "3", workshop.folder + "/picture-%d.jpg"},
                                    workshop.cancelled)
                            .status());
    for (size_t i = 0; i < missing.size(); ++i) {
        const std::string made = workshop.folder + "/picture-" + std::to_string(i + 1) + ".jpg";
        std::error_code error;
        fs::rename(made, missing[i].file, error);
        if (error)
            return {Code::quality, "no picture of frame " + std::to_string(missing[i].frame)};
    }
    return kept;
}

}  // namespace gvc::eval
