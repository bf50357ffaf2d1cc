#include "eval/codec_commands.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"

namespace gvc::eval {

namespace {

constexpr const char* kLanczos = "flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp";

std::string number(double value) { return format("%.10g", value); }

std::string rate_text(const media::Rational& rate) {
    return std::to_string(rate.num) + "/" + std::to_string(rate.den);
}

std::string scale_filter(int width, int height) {
    return "scale=" + std::to_string(width) + ":" + std::to_string(height) + ":" + kLanczos;
}

void append(Command& command, const std::vector<std::string>& words) {
    command.insert(command.end(), words.begin(), words.end());
}

Command ffmpeg(const Programs& programs) {
    return {programs.ffmpeg, "-v", "error", "-nostdin", "-y"};
}

// Reads the clip at the job's scale, without sound.
Command read_clip(const CodecJob& job, const Programs& programs) {
    Command command = ffmpeg(programs);
    append(command, {"-i", job.reference, "-an", "-sn", "-map_metadata", "-1"});
    if (job.scale != 1) {
        append(command, {"-vf", scale_filter(scaled_side(job.video.width, job.scale),
                                             scaled_side(job.video.height, job.scale))});
    }
    return command;
}

// Writes the clip as decoded, at its own size.
void write_decoded(Command& command, const CodecJob& job) {
    if (job.scale != 1) {
        append(command, {"-vf", scale_filter(job.video.width, job.video.height)});
    }
    append(command, {"-an", "-c:v", "ffv1", "-level", "3", decoded_path(job)});
}

// Note [Anchors]
// x265: wpp off (5 % smaller), no SEI with the settings.
// "keyint" alone leaves GOPs open; a closed one of fixed length has no scene cuts either.
std::string x265_params(const CodecSpec& codec, const CodecJob& job) {
    std::string params = "crf=" + number(job.quantiser) + ":wpp=0:info=0:log-level=error";
    if (codec.gop > 0) {
        const std::string gop = std::to_string(codec.gop);
        params += ":keyint=" + gop + ":min-keyint=" + gop + ":scenecut=0:open-gop=0";
    } else {
        params += ":keyint=-1";
    }
    return codec.params.empty() ? params : params + ":" + codec.params;
}

std::string svtav1_params(const CodecSpec& codec) {
    const std::string params =
        "keyint=" + std::to_string(codec.gop > 0 ? codec.gop : -1) + ":irefresh-type=2";
    return codec.params.empty() ? params : params + ":" + codec.params;
}

std::string preset_of(const CodecSpec& codec, const char* strongest) {
    return codec.preset.empty() ? strongest : codec.preset;
}

std::string y4m_path(const CodecJob& job) { return job.folder + "/coded.y4m"; }

std::vector<Command> vvenc(const CodecSpec& codec, const CodecJob& job, const Programs& programs) {
    Command prepare = read_clip(job, programs);
    append(prepare, {"-strict", "-1", "-f", "yuv4mpegpipe", y4m_path(job)});
    Command encode{programs.vvencapp,
                   "--preset",
                   preset_of(codec, "slow"),
                   "--qp",
                   number(job.quantiser),
                   "--intraperiod",
                   std::to_string(codec.gop > 0 ? codec.gop : -1),
                   "--refreshtype",
                   "idr",
                   "-i",
                   y4m_path(job),
                   "-o",
                   stream_path(codec, job)};
    return {prepare, encode};
}

}  // namespace

int scaled_side(int side, double scale) {
    if (scale == 1) return side;
    return std::max(2, 2 * static_cast<int>(std::lround(side * scale / 2)));
}

std::string stream_path(const CodecSpec& codec, const CodecJob& job) {
    const char* ending[] = {"gvc", "hevc", "obu", "vvc"};
    return job.folder + "/stream." + ending[static_cast<int>(codec.kind)];
}

std::string decoded_path(const CodecJob& job) { return job.folder + "/decoded.mkv"; }

std::vector<Command> encode_commands(const CodecSpec& codec, const CodecJob& job,
                                     const Programs& programs) {
    if (codec.kind == CodecKind::vvenc) return vvenc(codec, job, programs);
    Command command;
    if (codec.kind == CodecKind::gvc) {
        command = {programs.gvc,          "encode", job.reference, stream_path(codec, job), "--bpp",
                   number(job.quantiser), "-y",     "-q"};
        if (!codec.preset.empty()) append(command, {"--preset", codec.preset});
        append(command, programs.gvc_options);
        append(command, codec.options);
        return {command};
    }
    command = read_clip(job, programs);
    if (codec.kind == CodecKind::x265) {
        append(command, {"-c:v", "libx265", "-preset", preset_of(codec, "veryslow"), "-x265-params",
                         x265_params(codec, job), "-f", "hevc"});
    } else {
        append(command,
               {"-c:v", "libsvtav1", "-preset", preset_of(codec, "2"), "-crf",
                number(job.quantiser), "-svtav1-params", svtav1_params(codec), "-f", "obu"});
    }
    command.push_back(stream_path(codec, job));
    return {command};
}

std::vector<Command> decode_commands(const CodecSpec& codec, const CodecJob& job,
                                     const std::string& steps, const Programs& programs) {
    if (codec.kind == CodecKind::gvc) {
        Command command{
            programs.gvc, "decode", stream_path(codec, job), decoded_path(job), "--lossless",
            "-y",         "-q"};
        if (steps != "-") append(command, {"--steps", steps});
        append(command, programs.gvc_options);
        return {command};
    }
    std::vector<Command> commands;
    Command command = ffmpeg(programs);
    // Raw streams know no times.
    append(command, {"-r", rate_text(job.video.frame_rate)});
    if (codec.kind == CodecKind::vvenc) {
        commands.push_back({programs.vvdecapp, "-b", stream_path(codec, job), "-o", y4m_path(job)});
        append(command, {"-i", y4m_path(job)});
    } else {
        append(command, {"-f", codec.kind == CodecKind::x265 ? "hevc" : "obu", "-i",
                         stream_path(codec, job)});
    }
    write_decoded(command, job);
    commands.push_back(command);
    return commands;
}

Quantiser quantiser_of(CodecKind kind) {
    switch (kind) {
        case CodecKind::x265:
            return {42, 0, 51, 0.25, false, -0.125};
        case CodecKind::svtav1:
            return {57, 1, 63, 1, true, -0.08};
        case CodecKind::vvenc:
            return {40, 0, 63, 1, true, -0.125};
        case CodecKind::gvc:
            break;
    }
    return {};
}

Result<std::string> encoder_version(CodecKind kind, const Programs& programs) {
    const auto missing = [](const std::string& what) {
        return Status{Code::model, what + " is not installed"};
    };
    if (kind == CodecKind::gvc) {
        const auto told = run_process({programs.gvc, "--version"});
        if (!told.ok()) return missing(programs.gvc);
        return told->out.substr(0, told->out.find('\n'));
    }
    if (kind == CodecKind::vvenc) {
        const auto told = run_process({programs.vvencapp, "--version"});
        if (!told.ok()) return missing(programs.vvencapp);
        if (!run_process({programs.vvdecapp, "--version"}).ok()) return missing(programs.vvdecapp);
        return told->out.substr(0, told->out.find('\n'));
    }
    const auto told = run_process({programs.ffmpeg, "-hide_banner", "-version"});
    if (!told.ok()) return missing(programs.ffmpeg);
    const std::string encoder = kind == CodecKind::x265 ? "libx265" : "libsvtav1";
    const auto list = run_process({programs.ffmpeg, "-v", "error", "-encoders"});
    if (!list.ok() || list->out.find(encoder) == std::string::npos) {
        return missing(encoder + " (in " + programs.ffmpeg + ")");
    }
    return encoder + " of " + told->out.substr(0, told->out.find(" Copyright"));
}

}  // namespace gvc::eval
