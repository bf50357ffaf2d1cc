#include "decode_run.h"

#include <omp.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <thread>

#include "bounded_queue.h"
#include "frame_output.h"
#include "interrupt.h"
#include "load_model.h"
#include "media/colour.h"
#include "packet_source.h"
#include "preset.h"
#include "stream_clock.h"
#include "token_check.h"

namespace gvc::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kFramesAhead = 4;

// Decodes until the end, an error, an interrupt or a consumer that stops.
class Decoding {
  public:
    Decoding(PacketSource& source, codec::Decoder& decoder) : source_(source), decoder_(decoder) {}

    Status run(BoundedQueue<codec::DecodedFrame>& out) {
        while (!stopped_) {
            const Status fed = source_.feed(decoder_);
            const bool end = fed.code() == Code::again;
            if (!fed.ok() && !end) {
                GVC_RETURN_IF_ERROR(pass_frames(out));  // those decoded before the damage
                return fed;
            }
            GVC_RETURN_IF_ERROR(check_size());
            if (end) return finish(out);
            GVC_RETURN_IF_ERROR(pass_frames(out));
        }
        return {};
    }

  private:
    Status finish(BoundedQueue<codec::DecodedFrame>& out) {
        const Status flushed = decoder_.flush();
        GVC_RETURN_IF_ERROR(pass_frames(out));
        return flushed;
    }

    Status pass_frames(BoundedQueue<codec::DecodedFrame>& out) {
        while (!stopped_) {
            auto frame = decoder_.receive();
            if (!frame.ok() && frame.status().code() == Code::again) return {};
            if (!frame.ok()) return frame.status();
            if (interrupted() && frame->key && any_) {  // the GOP before is whole
                stopped_ = true;
                break;
            }
            any_ = true;
            stopped_ = !out.push(std::move(*frame));
        }
        return {};
    }

    Status check_size() const {
        const auto& now = decoder_.sequence();
        const auto& first = source_.sequence();
        if (!now || (now->width == first.width && now->height == first.height)) return {};
        return {Code::corrupt, "the picture size changes in mid-stream",
                "the parts must be decoded one by one"};
    }

    PacketSource& source_;
    codec::Decoder& decoder_;
    bool any_ = false;
    bool stopped_ = false;
};

// Turns decoded pictures into frames and writes them, on the calling thread.
class Writing {
  public:
    Writing(const DecodeOptions& options, const PacketSource& source, FrameOutput& output,
            Console& console)
        : options_(options),
          source_(source),
          info_(stream_info_of(source.sequence())),
          output_(output),
          console_(console) {}

    Status run(BoundedQueue<codec::DecodedFrame>& in, DecodeSummary& summary) {
        while (options_.frames == 0 || summary.frames < options_.frames) {
            const auto decoded = in.pop();
            if (!decoded) break;
            if (summary.frames == 0 && options_.start) first_pts_ = decoded->pts;
            GVC_RETURN_IF_ERROR(write(*decoded));
            ++summary.frames;
            show(summary);
        }
        return {};
    }

  private:
    Status write(const codec::DecodedFrame& decoded) {
        GVC_ASSIGN_OR_RETURN(media::Frame frame,
                             media::allocate_frame(info_.width, info_.height, info_.colour));
        frame.pts = static_cast<int64_t>(decoded.pts - first_pts_);
        frame.duration = static_cast<int64_t>(decoded.duration);
        frame.time_base = info_.time_base;
        media::rgb_to_yuv(decoded.rgb.data(), frame);
        return output_.write(frame);
    }

    void show(const DecodeSummary& summary) const {
        Progress progress;
        progress.stage = "decode";
        progress.frame = summary.frames;
        progress.frames = options_.start ? options_.frames : source_.frames();
        if (options_.frames > 0 && progress.frames > 0) {
            progress.frames = std::min(progress.frames, options_.frames);
        }
        progress.media_seconds = summary.frames / info_.frame_rate.value();
        console_.progress(progress);
    }

    const DecodeOptions& options_;
    const PacketSource& source_;
    media::StreamInfo info_;
    FrameOutput& output_;
    Console& console_;
    uint64_t first_pts_ = 0;
};

// The first tick to be shown.
uint64_t start_tick(const Start& start, const bitstream::SequenceHeader& sequence) {
    const double rate = static_cast<double>(sequence.frame_rate.num) / sequence.frame_rate.den;
    const double ticks = start.seconds * rate * sequence.ticks_per_frame;
    return static_cast<uint64_t>(std::ceil(ticks - 1e-6)) +
           static_cast<uint64_t>(start.frame) * sequence.ticks_per_frame;
}

Result<std::unique_ptr<FrameOutput>> open_output(const DecodeOptions& options,
                                                 const PacketSource& source, Console& console) {
    if (options.md5) return make_md5_output();
    media::WriterOptions out;
    out.overwrite = options.files.overwrite;
    out.lossless = options.lossless;
    out.crf = options.crf;
    out.format = options.format;
    out.packets = source.copied();
    out.on_warning = [&console](const std::string& line) { console.warning(line); };
    return open_frame_output(options.files.output, stream_info_of(source.sequence()), out);
}

Status run_pipeline(const DecodeOptions& options, PacketSource& source, codec::Decoder& decoder,
                    FrameOutput& output, DecodeSummary& summary, Console& console) {
    BoundedQueue<codec::DecodedFrame> frames(kFramesAhead);
    Status decoded;
    std::thread decoding([&] {
        decoded = Decoding(source, decoder).run(frames);
        frames.close();
    });
    omp_set_num_threads(1);  // of this thread: the codec needs the others
    const Status written = Writing(options, source, output, console).run(frames, summary);
    frames.cancel();
    decoding.join();
    return written.ok() ? decoded : written;
}

// What only the whole stream tells.
Status check_whole(const DecodeOptions& options, const PacketSource& source,
                   const codec::Decoder& decoder, DecodeSummary& summary, Console& console) {
    summary.concealed = decoder.report().concealed;
    summary.lost_gops = decoder.report().lost_gops;
    summary.damaged_bytes = source.lost_bytes();
    summary.costs = decoder.costs();
    const bool cut_short = interrupted() || options.frames > 0;
    if (summary.frames == 0) {
        return {Code::input, options.start ? "the stream ends before the start asked for"
                                           : "the stream has no picture that decodes"};
    }
    if (cut_short) return {};
    if (!source.ended()) console.warning("the stream has no end: it may have been cut off");
    if (options.conceal || !summary.partial()) return {};
    return {Code::corrupt, "the stream is damaged: " + std::to_string(summary.damaged_bytes) +
                               " bytes, " + std::to_string(summary.lost_gops) + " GOPs lost"};
}

Result<DecodeSummary> verify_tokens(const DecodeOptions& options, const ModelFiles& files) {
    GVC_ASSIGN_OR_RETURN(const TokenCheck check, check_tokens(options.files.input, files));
    DecodeSummary summary;
    summary.frames = static_cast<int64_t>(check.frames);
    if (check.ok()) return summary;
    return {Code::corrupt, std::to_string(check.wrong_gops) + " of " + std::to_string(check.gops) +
                               " GOPs do not decode to the tokens that were coded"};
}

// Says what is left of the output, where the error itself has no hint.
Status explain(const DecodeOptions& options, const Status& status, const DecodeSummary& summary) {
    std::error_code ignored;
    const std::string part = options.files.output + ".part";
    std::string hint = status.hint();
    if (hint.empty() && status.code() == Code::corrupt && !options.conceal) {
        hint = "--conceal decodes what is intact";
    }
    if (!summary.output.empty() && summary.frames == 0) std::filesystem::remove(part, ignored);
    return {status.code(), options.files.input + ": " + status.message(), hint};
}

}  // namespace

Result<DecodeSummary> run_decode(const DecodeOptions& options, Console& console) {
    const bool writes = !options.md5 && !options.verify_tokens;
    if (writes) GVC_RETURN_IF_ERROR(check_output(options.files));
    GVC_ASSIGN_OR_RETURN(const auto source, open_source(options.files.input, !options.start));
    GVC_ASSIGN_OR_RETURN(const ModelFiles files,
                         find_model(options.compute.model, source->sequence().fingerprint));
    if (options.verify_tokens) return verify_tokens(options, files);
    GVC_ASSIGN_OR_RETURN(const auto model, load_model(files, options.compute, options.steps != 0));
    console.detail("model " + fingerprint_text(model->fingerprint()) + ", " + model->ops().name());

    const auto base = make_base_coder("av1", "medium", options.compute.threads);
    codec::DecoderOptions decoder_options;
    decoder_options.base_coder = base.get();
    decoder_options.steps = options.steps;
    decoder_options.conceal = options.conceal;
    GVC_ASSIGN_OR_RETURN(const auto decoder, codec::Decoder::make(*model, decoder_options));
    if (options.start) {
        GVC_RETURN_IF_ERROR(source->seek(*decoder, start_tick(*options.start, source->sequence())));
    }
    GVC_ASSIGN_OR_RETURN(auto output, open_output(options, *source, console));

    DecodeSummary summary;
    summary.output = writes ? options.files.output : "";
    summary.width = static_cast<int>(source->sequence().width);
    summary.height = static_cast<int>(source->sequence().height);
    const auto begun = Clock::now();
    Status status = run_pipeline(options, *source, *decoder, *output, summary, console);
    if (status.ok()) status = check_whole(options, *source, *decoder, summary, console);
    if (status.ok()) status = output->finish();
    summary.md5 = output->md5();
    output.reset();
    if (!status.ok()) return explain(options, status, summary);
    const double elapsed = std::chrono::duration<double>(Clock::now() - begun).count();
    if (elapsed > 0) summary.fps = static_cast<double>(summary.frames) / elapsed;
    summary.interrupted = interrupted();
    return summary;
}

}  // namespace gvc::app
