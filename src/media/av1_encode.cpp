#include <dirent.h>
#include <sched.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "media/av1.h"
#include "media/av_frame.h"
#include "media/colour_tags.h"
#include "media/ffmpeg.h"
#include "media/log.h"

namespace gvc::media {
namespace {

constexpr uint8_t kTemporalDelimiter[] = {0x12, 0x00};
constexpr int kSvtCoarsest = 63;
constexpr size_t kFewFrames = 64;

// Run by root, SVT-AV1 gives its threads real-time priority: nothing else on the machine would get
// the processors while it works. This gives all threads of the process an ordinary one again.
void calm_threads() {
    DIR* tasks = opendir("/proc/self/task");
    if (tasks == nullptr) return;
    while (const dirent* entry = readdir(tasks)) {
        const auto id = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
        if (id <= 0 || sched_getscheduler(id) == SCHED_OTHER) continue;
        const sched_param ordinary{};
        sched_setscheduler(id, SCHED_OTHER, &ordinary);
    }
    closedir(tasks);
}

// Of the quantiser: of the keyframe and of six layers of pictures, from those that others refer to.
using Offsets = std::array<long, 7>;
enum class OffsetFrom { one_quantiser = 1, own_choice = 2 };  // SVT-AV1's numbers

void set_offsets(OffsetFrom from, const Offsets& offsets, std::string& parameters) {
    parameters += ":use-fixed-qindex-offsets=" + std::to_string(static_cast<int>(from)) +
                  ":key-frame-qindex-offset=" + std::to_string(offsets[0]) + ":qindex-offsets=[";
    for (size_t i = 1; i < offsets.size(); ++i)
        parameters += (i > 1 ? "," : "") + std::to_string(offsets[i]);
    parameters += "]";
}

// Note [Coarser than SVT-AV1's coarsest]
// With its own choice of quantisers per picture (crf), SVT-AV1 makes those that others refer to so
// much finer that its coarsest setting takes 0.006 to 0.025 bits a pixel at 480p; pictures had to
// be made small to be cheaper, and lost more. Where crf ends, fixed offsets say how much finer each
// layer is than the highest one: at first, to meet crf's end without a gap, above a quantiser that
// is not yet the coarsest, then above that one, and at last less and less of them goes on. (Within
// crf's reach its own choice is better: by a fifth on still scenes.)
void set_quantiser(double crf, AvDictionary& options, std::string& parameters) {
    const int whole = std::max(static_cast<int>(crf), 1);
    // A step is four of the quantiser itself or, of crf, which shifts what SVT-AV1 chooses, two to
    // six.
    const long quarters = std::lround(4 * (crf - whole));
    if (crf <= kSvtCoarsest) {
        options.set("crf", std::to_string(whole));
        if (quarters == 0) return;
        Offsets offsets;
        offsets.fill(quarters);
        return set_offsets(OffsetFrom::own_choice, offsets, parameters);
    }
    constexpr Offsets kOffsets = {-60, -30, -15, -8, 0, 0, 0};
    constexpr int kFullOffsets =
        7;  // settings with all of the offsets; the last of them is coarsest
    constexpr double kSteps = kAv1Coarsest - kSvtCoarsest - kFullOffsets;
    const double share = std::clamp((kAv1Coarsest - crf) / kSteps, 0.0, 1.0);
    const int quantiser = std::min(whole - kFullOffsets, kSvtCoarsest);
    options.set("qp", std::to_string(quantiser));
    Offsets offsets;
    for (size_t i = 0; i < offsets.size(); ++i) {
        offsets[i] = std::lround(share * static_cast<double>(kOffsets[i]));
        if (quantiser < kSvtCoarsest) offsets[i] += quarters;
    }
    set_offsets(OffsetFrom::one_quantiser, offsets, parameters);
}

Result<AvCodec> open_encoder(const Frame& sample, size_t frames, const Av1Settings& settings) {
    const AVCodec* codec = avcodec_find_encoder_by_name("libsvtav1");
    if (codec == nullptr) {
        return {Code::resources, "this FFmpeg has no SVT-AV1 encoder",
                "install an FFmpeg with libsvtav1, or use --base neural"};
    }
    AvCodec context(avcodec_alloc_context3(codec));
    if (context == nullptr) return {Code::resources, "no memory for an AV1 encoder"};
    context->width = sample.width;
    context->height = sample.height;
    // A base may be shown by players (docs/format.md, section 8), which go by these tags.
    const AvColour colour = to_av(sample.colour);
    context->pix_fmt = colour.format;
    context->color_range = colour.range;
    context->colorspace = colour.space;
    context->color_primaries = colour.primaries;
    context->color_trc = colour.transfer;
    // The rate only scales SVT-AV1's idea of a second; pictures are coded by their order.
    context->time_base = {1, 25};
    context->framerate = {25, 1};
    context->gop_size = static_cast<int>(frames) + 1;  // one keyframe
    // tune=0 is for the eye: LPIPS falls by 4 to 15 % at the same rate, PSNR by 0.2 dB
    // (docs/results.md).
    std::string parameters = "keyint=-1:scd=0:tune=0";
    // Five layers of pictures instead of four: over 240 frames LPIPS falls by 3 % at the same rate
    // (four clips: -8, -5, -1, +3), over 58 by nothing to speak of.
    if (frames > kFewFrames) parameters += ":hierarchical-levels=5";
    if (settings.threads > 0) parameters += ":lp=" + std::to_string(settings.threads);
    if (!settings.extra.empty()) parameters += ":" + settings.extra;
    AvDictionary options;
    options.set("preset", std::to_string(settings.preset));
    set_quantiser(settings.crf, options, parameters);
    options.set("svtav1-params", parameters);
    const int error = avcodec_open2(context.get(), codec, options.address());
    if (error < 0) return {Code::usage, "SVT-AV1 refuses its settings: " + error_text(error)};
    calm_threads();
    return context;
}

// Moves what the encoder has ready to `units`; true at its end.
Result<bool> drain(AVCodecContext& encoder, Av1Units& units) {
    AvPacket packet(av_packet_alloc());
    if (packet == nullptr) return {Code::resources, "no memory for a packet"};
    while (true) {
        const int error = avcodec_receive_packet(&encoder, packet.get());
        if (error == AVERROR(EAGAIN)) return false;
        if (error == AVERROR_EOF) return true;
        if (error < 0) return {Code::internal, "SVT-AV1 failed: " + error_text(error)};
        const auto data = without_delimiter({packet->data, static_cast<size_t>(packet->size)});
        units.emplace_back(data.begin(), data.end());
        av_packet_unref(packet.get());
    }
}

}  // namespace

std::span<const uint8_t> without_delimiter(std::span<const uint8_t> unit) {
    if (unit.size() < std::size(kTemporalDelimiter) ||
        !std::equal(std::begin(kTemporalDelimiter), std::end(kTemporalDelimiter), unit.begin())) {
        return unit;
    }
    return unit.subspan(std::size(kTemporalDelimiter));
}

Result<Av1Units> encode_av1(std::span<const Frame> frames, const Av1Settings& settings) {
    take_over_ffmpeg_log();
    if (frames.empty()) return {Code::internal, "no pictures for an AV1 base"};
    GVC_ASSIGN_OR_RETURN(AvCodec encoder, open_encoder(frames[0], frames.size(), settings));
    Av1Units units;
    for (size_t i = 0; i < frames.size(); ++i) {
        AvFrame frame = to_av_frame(frames[i]);
        if (frame == nullptr) return {Code::resources, "no memory for a frame"};
        frame->pts = static_cast<int64_t>(i);
        const int error = avcodec_send_frame(encoder.get(), frame.get());
        if (error < 0) return {Code::internal, "SVT-AV1 failed: " + error_text(error)};
        GVC_RETURN_IF_ERROR(drain(*encoder, units).status());
        if (settings.on_pictures) settings.on_pictures(static_cast<int>(i) + 1);
    }
    avcodec_send_frame(encoder.get(), nullptr);
    GVC_ASSIGN_OR_RETURN(const bool ended, drain(*encoder, units));
    if (!ended || units.size() != frames.size()) {
        return {Code::internal, "SVT-AV1 gave " + std::to_string(units.size()) +
                                    " temporal units for " + std::to_string(frames.size()) +
                                    " pictures"};
    }
    return units;
}

}  // namespace gvc::media
