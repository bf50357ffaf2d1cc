#include "encode_run.h"

#include <omp.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>

#include "base/format.h"
#include "bounded_queue.h"
#include "eval/detector.h"
#include "eval/faces.h"
#include "eval/lpips.h"
#include "interrupt.h"
#include "load_model.h"
#include "media/colour.h"
#include "media/output_file.h"
#include "media/reader.h"
#include "packet_sink.h"
#include "preset.h"
#include "stream_clock.h"
#include "token_check.h"

namespace gvc::app {
namespace {

using Clock = std::chrono::steady_clock;

struct Picture {
    std::vector<float> rgb;
    uint64_t pts = 0;  // ticks
};

constexpr size_t kPicturesAhead = 3;
constexpr size_t kGopsAhead = 2;

media::ReaderOptions reader_options(const EncodeOptions& options, bool copy_streams,
                                    Console& console) {
    media::ReaderOptions out;
    out.start_seconds = options.start.seconds;
    out.start_frame = options.start.frame;
    out.frame_count = options.frames;
    out.fps = options.fps;
    out.width = options.size.width;
    out.height = options.size.height;
    out.filter = options.filter;
    out.matrix = options.matrix;
    out.range = options.range;
    out.copy_streams = copy_streams;
    out.on_warning = [&console](const std::string& line) { console.warning(line); };
    out.cancelled = interrupted;
    return out;
}

// Whether nobody watches while it is encoded: pictures from a file, for one. Long GOPs are then
// coded in one.
bool may_wait(const EncodeOptions& options, const media::StreamInfo& info) {
    return info.estimated_frames > 0 && !options.low_delay && options.preset != "realtime";
}

codec::EncoderOptions encoder_options(const EncodeOptions& options, const media::StreamInfo& info) {
    codec::EncoderOptions out;
    out.sequence = sequence_of(info);
    out.sequence.context =
        options.self_context ? bitstream::ContextMode::self : bitstream::ContextMode::chain;
    out.rate = options.rate;
    if (const auto& keyint = options.keyint) {
        const double in_frames = keyint->seconds * info.frame_rate.value();
        out.keyint = keyint->frames > 0 ? keyint->frames
                                        : std::max(static_cast<int>(std::lround(in_frames)), 1);
        out.base_keyint = out.keyint;
    } else if (may_wait(options, info)) {
        out.base_keyint = bitstream::kMaxBaseFrames;
    }
    out.adaptive_keyint = options.adaptive_keyint.value_or(adapts_keyint(options.preset));
    out.scene_cuts = options.scene_cuts;
    out.low_delay = options.low_delay;
    out.seed = static_cast<uint16_t>(options.seed);
    out.search_steps = search_steps(options.base, options.preset);
    out.rate.hurry = hurries(options.preset);
    out.refresh = options.refresh;
    out.expected_pictures = info.estimated_frames;
    out.keep_cells = options.keep_cells.value_or(!options.keyint);
    return out;
}

// The hybrid base, if the options and the weights are for it.
Result<std::unique_ptr<codec::BaseCoder>> base_coder(const EncodeOptions& options,
                                                     const codec::Model& model) {
    if (options.base == "neural") return std::unique_ptr<codec::BaseCoder>();
    if (options.base == "auto" && !model.hybrid()) return std::unique_ptr<codec::BaseCoder>();
    return make_base_coder(options.base, options.preset, options.compute.threads);
}

// Where the weights are that the search for keyframes' symbols takes; empty where there is no such
// search.
std::string search_weights(const EncodeOptions& options, Console& console) {
    if (search_steps(options.base, options.preset).key == 0) return {};
    const std::string folder = metrics_folder(options.compute.model);
    if (std::filesystem::exists(folder)) return folder;
    console.warning("no weights of LPIPS in " + folder +
                    ": keyframes are coded as with --preset fast");
    return {};
}

// The search for a keyframe's symbols goes down on LPIPS as its networks' strides see the picture,
// and looks best just so. What is compared with pictures that nobody searched for is judged half a
// stride beside it; where that decides on a base, by the mean of both, as it is what everybody
// measures.
constexpr int kBesideTheGrid = 2;

// Planar, without its first `count` rows and columns.
std::vector<float> without_first(int count, std::span<const float> rgb, codec::PictureSize size) {
    std::vector<float> part;
    const auto w = static_cast<size_t>(size.width);
    for (size_t row = 0; row < 3 * static_cast<size_t>(size.height); ++row) {
        if (static_cast<int>(row % static_cast<size_t>(size.height)) < count) continue;
        const auto line = rgb.subspan(row * w, w).subspan(static_cast<size_t>(count));
        part.insert(part.end(), line.begin(), line.end());
    }
    return part;
}

// LPIPS as the measure by which the encoder compares its choices: the mean of what it is without so
// many first rows and columns. None where its weights are missing or the pictures too small for it.
codec::PictureDistance perceptual_distance(const std::shared_ptr<eval::Lpips>& lpips,
                                           std::vector<int> without) {
    if (!lpips) return {};
    return [lpips, without](std::span<const float> a, std::span<const float> b,
                            codec::PictureSize size) -> Result<double> {
        double sum = 0;
        for (const int count : without) {
            const auto one = without_first(count, a, size), other = without_first(count, b, size);
            GVC_ASSIGN_OR_RETURN(const auto maps,
                                 lpips->features({one.data(), other.data()}, size.width - count,
                                                 size.height - count));
            sum += lpips->distance(maps[0], maps[1]);
        }
        return sum / static_cast<double>(without.size());
    };
}

std::shared_ptr<eval::Lpips> lpips_for_choices(const EncodeOptions& options,
                                               const media::StreamInfo& info) {
    if (std::min(info.width, info.height) < eval::kLpipsMinSide + kBesideTheGrid) return {};
    auto lpips = eval::Lpips::open(metrics_folder(options.compute.model), models::LpipsNet::alex,
                                   options.compute.threads);
    if (!lpips.ok()) return {};
    return std::make_shared<eval::Lpips>(std::move(*lpips));
}

// What the search looks at in particular; none where the detector's weights are missing.
codec::ErrorWeights faces(const EncodeOptions& options, Console& console) {
    if (!options.faces) return {};
    auto detector =
        eval::Detector::open(metrics_folder(options.compute.model), options.compute.threads);
    if (!detector.ok()) {
        console.warning(detector.status().message() + ": faces are coded as all else");
        return {};
    }
    const auto shared = std::make_shared<eval::Detector>(std::move(*detector));
    return [shared](std::span<const float> rgb, codec::PictureSize size) {
        const auto objects = shared->boxes(rgb.data(), size.width, size.height);
        return objects.ok() ? eval::face_weights(*objects, rgb, size.width, size.height)
                            : std::vector<float>();
    };
}

// Reads and converts until the end, an error, an interrupt or a consumer that stops.
Status read_pictures(media::Reader& reader, const bitstream::SequenceHeader& sequence,
                     BoundedQueue<Picture>& out) {
    omp_set_num_threads(1);  // of this thread: the codec needs the others
    StreamClock clock(sequence, reader.info().time_base);
    const size_t samples = codec::PictureSize{reader.info().width, reader.info().height}.samples();
    while (!interrupted()) {
        GVC_ASSIGN_OR_RETURN(const auto frame, reader.next());
        if (!frame) break;
        Picture picture{std::vector<float>(samples), clock.ticks(*frame)};
        media::yuv_to_rgb(*frame, picture.rgb.data());
        if (!out.push(std::move(picture))) break;
    }
    return {};
}

// How far the coding thread is. A GOP that is searched takes its time: what of it is done shows.
class CodingProgress {
  public:
    CodingProgress(const media::StreamInfo& info, Console& console)
        : info_(info), console_(console) {}

    void coded(const codec::EncodedGop& gop) {
        frames_ += gop.source_frames;
        bytes_ += gop.bytes;
        qp_ = gop.descriptor.qp;
        show(0);
    }
    // Of the GOP in hand so many pictures are done.
    void show(int pictures) {
        Progress progress;
        progress.frame = frames_ + pictures;
        progress.frames = info_.estimated_frames;
        progress.media_seconds = static_cast<double>(progress.frame) / info_.frame_rate.value();
        if (frames_ > 0)
            progress.bytes =
                bytes_ * static_cast<uint64_t>(progress.frame) / static_cast<uint64_t>(frames_);
        progress.qp = qp_;
        console_.progress(progress);
    }

  private:
    const media::StreamInfo& info_;
    Console& console_;
    int64_t frames_ = 0;
    uint64_t bytes_ = 0;
    int qp_ = -1;
};

Status pass_gops(codec::Encoder& encoder, CodingProgress& progress,
                 BoundedQueue<codec::EncodedGop>& out, bool& stopped) {
    while (!stopped) {
        auto gop = encoder.receive();
        if (!gop.ok() && gop.status().code() == Code::again) return {};
        if (!gop.ok()) return gop.status();
        progress.coded(*gop);
        stopped = !out.push(std::move(*gop));
    }
    return {};
}

Status code_pictures(codec::Encoder& encoder, CodingProgress& progress, BoundedQueue<Picture>& in,
                     BoundedQueue<codec::EncodedGop>& out) {
    bool stopped = false;
    while (const auto picture = in.pop()) {
        GVC_RETURN_IF_ERROR(encoder.send(picture->rgb, picture->pts));
        GVC_RETURN_IF_ERROR(pass_gops(encoder, progress, out, stopped));
        if (stopped) return {};
    }
    encoder.flush();
    return pass_gops(encoder, progress, out, stopped);
}

// Adds what each GOP cost to the summary.
class Tally {
  public:
    explicit Tally(EncodeSummary& summary) : s_(summary) {}

    void add(const codec::EncodedGop& gop) {
        s_.source_frames += gop.source_frames;
        if (gop.packets.empty()) return;
        const bool first = s_.gops++ == 0;
        s_.frames += gop.descriptor.frames;
        s_.coded_bytes +=
            gop.first_bytes + gop.chunk_bytes + bitstream::motion_bytes(gop.descriptor);
        for (int unit = 0; unit <= bitstream::chunk_count(gop.descriptor); ++unit) {
            const int qp = bitstream::unit_qp(gop.descriptor, unit);
            s_.qp_min = first && unit == 0 ? qp : std::min(s_.qp_min, qp);
            s_.qp_max = first && unit == 0 ? qp : std::max(s_.qp_max, qp);
        }
        s_.costs += gop.costs;
    }

    void finish(const media::StreamInfo& info, double elapsed) {
        s_.seconds = s_.source_frames / info.frame_rate.value();
        const double pixels = static_cast<double>(info.width) * info.height * s_.frames;
        if (s_.frames > 0) s_.bpp = s_.video_bytes * 8.0 / pixels;
        if (s_.seconds > 0) s_.kbps = s_.video_bytes * 8e-3 / s_.seconds;
        if (elapsed > 0) s_.fps = s_.source_frames / elapsed;
    }

  private:
    EncodeSummary& s_;
};

// The writing end of the pipeline, on the calling thread.
Status write_gops(BoundedQueue<codec::EncodedGop>& in, PacketSink& sink, EncodeSummary& summary) {
    Tally tally(summary);
    while (const auto gop = in.pop()) {
        if (!gop->packets.empty()) GVC_RETURN_IF_ERROR(sink.write(*gop));
        tally.add(*gop);
    }
    return {};
}

void remove_empty_part(const std::string& output, const EncodeSummary& summary) {
    std::error_code ignored;
    if (summary.gops == 0 && output != "-") std::filesystem::remove(output + ".part", ignored);
}

// Runs the three threads. An error of the reader comes last: what was read before is written.
Status run_pipeline(media::Reader& reader, codec::Encoder& encoder, CodingProgress& progress,
                    PacketSink& sink, EncodeSummary& summary) {
    BoundedQueue<Picture> pictures(kPicturesAhead);
    BoundedQueue<codec::EncodedGop> gops(kGopsAhead);
    Status read, coded;
    std::thread reading([&] {
        read = read_pictures(reader, encoder.sequence(), pictures);
        pictures.close();
    });
    std::thread coding([&] {
        coded = code_pictures(encoder, progress, pictures, gops);
        pictures.cancel();
        gops.close();
    });
    const Status written = write_gops(gops, sink, summary);
    gops.cancel();
    coding.join();
    reading.join();
    GVC_RETURN_IF_ERROR(written);
    GVC_RETURN_IF_ERROR(coded);
    return interrupted() ? Status() : read;  // an interrupt ends a wait for input with an error
}

Status check_files(const EncodeOptions& options) {
    GVC_RETURN_IF_ERROR(check_input_given(options.files, "encode"));
    GVC_RETURN_IF_ERROR(check_output(options.files));
    if (options.verify && options.files.output == "-") {
        return {Code::usage, "--verify cannot read back what went to standard output",
                "write a file"};
    }
    return {};
}

// Two short GOPs may miss the rate by a tenth; what is beyond that has a reason.
void warn_of_missed_rate(const codec::RateOptions& rate, const EncodeSummary& summary,
                         Console& console) {
    constexpr double kNoticed = 1.15;
    using Mode = codec::RateOptions::Mode;
    if (rate.mode != Mode::bpp && rate.mode != Mode::bitrate) return;
    const bool per_pixel = rate.mode == Mode::bpp;
    const double reached = per_pixel ? summary.bpp : 1000 * summary.kbps;
    if (reached <= kNoticed * rate.value) return;
    console.warning(format(per_pixel ? "the coarsest quantiser takes %.4f bpp, not %.4f: a smaller "
                                       "--size or --fps takes less"
                                     : "the coarsest quantiser takes %.0f bit/s, not %.0f: a "
                                       "smaller --size or --fps takes less",
                           reached, rate.value));
}

Status verify(const EncodeOptions& options, const ModelFiles& files, EncodeSummary& summary) {
    GVC_ASSIGN_OR_RETURN(const TokenCheck check, check_tokens(options.files.output, files));
    if (!check.ok() || check.frames != static_cast<uint64_t>(summary.frames)) {
        return {Code::quality, options.files.output + " does not decode to the tokens coded",
                "the disk may be faulty; encode again"};
    }
    summary.verified = true;
    return {};
}

}  // namespace

double EncodeSummary::overhead_share() const {
    if (coded_bytes == 0) return 0;
    return static_cast<double>(video_bytes - coded_bytes) / static_cast<double>(coded_bytes);
}

Result<EncodeSummary> run_encode(const EncodeOptions& options, Console& console) {
    GVC_RETURN_IF_ERROR(check_files(options));
    const std::string& output = options.files.output;
    const bool copy = options.copy_audio && is_container_name(output);
    GVC_ASSIGN_OR_RETURN(
        const auto reader,
        media::Reader::open(options.files.input, reader_options(options, copy, console)));
    GVC_ASSIGN_OR_RETURN(const ModelFiles files, find_model(options.compute.model, std::nullopt));
    // In a container the AV1 track is to play on its own, so that it has every GOP.
    const bool choose_base = options.base == "auto" && !is_container_name(output);
    GVC_ASSIGN_OR_RETURN(const auto model, load_model(files, options.compute, choose_base,
                                                      search_weights(options, console)));
    console.detail("model " + fingerprint_text(model->fingerprint()) + ", " + model->ops().name());
    GVC_ASSIGN_OR_RETURN(const auto base, base_coder(options, *model));
    codec::EncoderOptions settings = encoder_options(options, reader->info());
    settings.base_coder = base.get();
    settings.choose_base = choose_base;
    settings.base_scale = options.base_scale;
    settings.detail = options.detail;
    if (base || settings.adaptive_keyint) {
        const auto lpips = lpips_for_choices(options, reader->info());
        settings.distance = perceptual_distance(lpips, {kBesideTheGrid});
        if (choose_base && settings.search_steps.key > 0)
            settings.distance_of_neural = perceptual_distance(lpips, {kBesideTheGrid, 0});
    }
    if (settings.search_steps.key > 0) settings.attention = faces(options, console);
    CodingProgress progress(reader->info(), console);
    settings.on_progress = [&progress](int pictures) { progress.show(pictures); };
    GVC_ASSIGN_OR_RETURN(const auto encoder, codec::Encoder::make(*model, std::move(settings)));

    media::MuxOptions mux;
    mux.overwrite = options.files.overwrite;
    mux.packets = reader->packets();
    mux.on_warning = [&console](const std::string& line) { console.warning(line); };
    GVC_ASSIGN_OR_RETURN(auto sink, open_sink(output, encoder->sequence(), base != nullptr, mux));

    EncodeSummary summary;
    summary.output = output;
    const auto begun = Clock::now();
    Status status = run_pipeline(*reader, *encoder, progress, *sink, summary);
    if (status.ok() && summary.gops == 0) {
        status = interrupted() ? Status(Code::interrupted, "interrupted before the first GOP")
                               : Status(Code::input, options.files.input + " has no pictures");
    }
    if (status.ok()) status = sink->finish(static_cast<uint64_t>(summary.frames));
    const double elapsed = std::chrono::duration<double>(Clock::now() - begun).count();
    summary.bytes = sink->bytes();
    summary.video_bytes = sink->video_bytes();
    sink.reset();
    if (!status.ok()) {
        remove_empty_part(output, summary);
        const bool kept = summary.gops > 0 && output != "-" && status.hint().empty();
        if (!kept) return status;
        return {status.code(), status.message(),
                output + ".part holds " + std::to_string(summary.frames) + " frames and decodes"};
    }
    Tally(summary).finish(reader->info(), elapsed);
    summary.interrupted = interrupted();
    if (!summary.interrupted) warn_of_missed_rate(options.rate, summary, console);
    if (options.verify) GVC_RETURN_IF_ERROR(verify(options, files, summary));
    return summary;
}

}  // namespace gvc::app
