#include "media/frame_source.h"

#include <algorithm>
#include <cmath>

#include "media/tone_map.h"

namespace gvc::media {
namespace {

std::string size_text(int width, int height) {
    return std::to_string(width) + "x" + std::to_string(height);
}

}  // namespace

Result<std::unique_ptr<FrameSource>> FrameSource::open(Input& input, AVStream& stream,
                                                       FrameSourceOptions options,
                                                       Warnings& warnings,
                                                       VideoDecoder::OtherPacket other) {
    std::unique_ptr<FrameSource> source(
        new FrameSource(input, stream, std::move(options), warnings));
    GVC_ASSIGN_OR_RETURN(
        source->decoder_,
        VideoDecoder::open(input, stream, source->options_.threads, warnings, std::move(other)));
    source->frame_rate_ = to_rational(av_guess_frame_rate(&input.context(), &stream, nullptr));
    if (source->frame_rate_.num <= 0 || source->frame_rate_.den <= 0) {
        source->frame_rate_ = {25, 1};
        warnings.once(input.name() + " does not say its frame rate: taken as 25");
    }
    source->time_base_ = to_rational(stream.time_base);
    if (source->options_.start_seconds > 0) GVC_RETURN_IF_ERROR(source->seek_to_start());
    return source;
}

Status FrameSource::seek_to_start() {
    const double time_base = time_base_.value();
    const int64_t first = stream_.start_time == AV_NOPTS_VALUE ? 0 : stream_.start_time;
    const int64_t target =
        first + static_cast<int64_t>(std::llround(options_.start_seconds / time_base));
    // A picture begins the output when more than half of it is after the start.
    start_pts_ = target - static_cast<int64_t>(0.5 / frame_rate_.value() / time_base);
    decoder_->seek(target);  // where it cannot seek, the pictures before the start are decoded
    return {};
}

// The next decoded picture with settled colours and an increasing pts in the stream's units.
Result<AvFrame> FrameSource::decode() {
    while (true) {
        GVC_ASSIGN_OR_RETURN(AvFrame frame, decoder_->next());
        if (frame == nullptr) return frame;
        const int64_t step = std::max<int64_t>(
            1, std::llround(1.0 / frame_rate_.value() / av_q2d(stream_.time_base)));
        int64_t pts = frame->best_effort_timestamp;
        if (pts == AV_NOPTS_VALUE) {
            pts = last_decoded_pts_ == INT64_MIN ? 0 : last_decoded_pts_ + step;
        }
        if (last_decoded_pts_ != INT64_MIN) pts = std::max(pts, last_decoded_pts_ + 1);
        last_decoded_pts_ = pts;
        frame->pts = pts;
        if (pts < start_pts_) continue;
        if (decoded_ == 0) {
            source_width_ = frame->width;
            source_height_ = frame->height;
        } else if (frame->width != source_width_ || frame->height != source_height_) {
            return {Code::input,
                    input_.name() + ": the picture size changes from " +
                        size_text(source_width_, source_height_) + " to " +
                        size_text(frame->width, frame->height) + " at frame " +
                        std::to_string(decoded_),
                    "bring it to one size first: ffmpeg -i IN -vf scale=" +
                        std::to_string(source_width_) + ":" + std::to_string(source_height_) +
                        " OUT.mp4"};
        }
        ++decoded_;
        frame->sample_aspect_ratio =
            av_guess_sample_aspect_ratio(&input_.context(), &stream_, frame.get());
        GVC_RETURN_IF_ERROR(settle_colour_tags(*frame, options_.colour, input_.name(), warnings_));
        return frame;
    }
}

// Sets plan_ and filter_ (none when frames can go round it) for frames like this one.
Status FrameSource::prepare(const AVFrame& frame) {
    const auto format = static_cast<AVPixelFormat>(frame.format);
    if (decoded_ == 1) {
        // The first picture decides what all of them become.
        const bool hdr =
            frame.color_trc == AVCOL_TRC_SMPTE2084 || frame.color_trc == AVCOL_TRC_ARIB_STD_B67;
        const int depth = options_.bit_depth != 0 ? options_.bit_depth : coded_bit_depth(format);
        plan_.format = hdr || depth == 10 ? AV_PIX_FMT_YUV420P10 : AV_PIX_FMT_YUV420P;
        plan_.user = options_.filter;
        plan_.fps = options_.fps;
        plan_.width = options_.width;
        plan_.height = options_.height;
    }
    if (is_interlaced(frame) && !plan_.deinterlace) {
        plan_.deinterlace = true;
        warnings_.once(input_.name() + " is interlaced: deinterlaced with bwdif");
    }
    source_format_ = frame.format;
    filter_.reset();
    if (plan_.leaves_alone(frame)) return {};
    GVC_ASSIGN_OR_RETURN(
        filter_, FrameFilter::create(frame, to_rational(stream_.time_base), frame_rate_, plan_));
    if (decoded_ == 1) {
        time_base_ = filter_->time_base();
        if (filter_->frame_rate().num > 0) frame_rate_ = filter_->frame_rate();
    }
    return {};
}

AvFrame FrameSource::timed(AvFrame frame, Rational time_base) {
    frame->pts = av_rescale_q(frame->pts, to_av(time_base), to_av(time_base_));
    if (last_pts_ != INT64_MIN) frame->pts = std::max(frame->pts, last_pts_ + 1);
    last_pts_ = frame->pts;
    return frame;
}

Result<AvFrame> FrameSource::from_filter() {
    GVC_ASSIGN_OR_RETURN(AvFrame frame, filter_->pull());
    if (frame == nullptr) return frame;
    set_duration(*frame, 0);  // filters keep the decoder's, which is wrong behind fps and bwdif
    return timed(std::move(frame), filter_->time_base());
}

Result<AvFrame> FrameSource::next() {
    while (true) {
        if (filter_ != nullptr) {
            GVC_ASSIGN_OR_RETURN(AvFrame frame, from_filter());
            if (frame != nullptr) return frame;
        }
        if (flushing_) {
            // The filters are empty: go on with a new graph, or end.
            flushing_ = false;
            filter_.reset();
        }
        if (waiting_ == nullptr) {
            if (decoder_ended_) {
                if (!failure_.ok()) return failure_;
                return AvFrame();
            }
            Result<AvFrame> decoded = decode();
            if (!decoded.ok() || *decoded == nullptr) {
                decoder_ended_ = true;
                failure_ = decoded.status();
                if (filter_ != nullptr) {
                    GVC_RETURN_IF_ERROR(filter_->push(nullptr));
                    flushing_ = true;
                }
                continue;
            }
            waiting_ = std::move(decoded).value();
        }
        const bool changed =
            waiting_->format != source_format_ || (is_interlaced(*waiting_) && !plan_.deinterlace);
        if (changed && filter_ != nullptr) {
            GVC_RETURN_IF_ERROR(filter_->push(nullptr));
            flushing_ = true;
            continue;
        }
        if (changed || (filter_ == nullptr && !plan_.leaves_alone(*waiting_))) {
            GVC_RETURN_IF_ERROR(prepare(*waiting_));
        }
        if (filter_ == nullptr) return timed(std::move(waiting_), to_rational(stream_.time_base));
        GVC_RETURN_IF_ERROR(filter_->push(waiting_.get()));
        waiting_.reset();
    }
}

}  // namespace gvc::media
