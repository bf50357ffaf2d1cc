#include "media/frame_filter.h"

#include "media/colour_tags.h"

namespace gvc::media {
namespace {

constexpr const char* kScaleFlags = "flags=lanczos+accurate_rnd+full_chroma_int+full_chroma_inp";

bool needs_bt709(const AVFrame& frame) {
    return is_rgb(static_cast<AVPixelFormat>(frame.format)) || frame.colorspace == AVCOL_SPC_FCC ||
           frame.colorspace == AVCOL_SPC_SMPTE240M;
}

std::string graph_text(const AVFrame& sample, const FilterPlan& plan) {
    std::string text;
    if (plan.deinterlace) text += "bwdif=mode=send_frame:deint=interlaced,";
    if (!plan.user.empty()) text += plan.user + ",";
    if (plan.fps.num > 0) {
        text +=
            "fps=fps=" + std::to_string(plan.fps.num) + "/" + std::to_string(plan.fps.den) + ",";
    }
    text += "scale=";
    if (plan.width > 0 || plan.height > 0) {
        // -2: from the aspect, to an even number.
        text += "w=" + std::to_string(plan.width > 0 ? plan.width : -2) +
                ":h=" + std::to_string(plan.height > 0 ? plan.height : -2) + ":";
    }
    text += kScaleFlags;
    if (needs_bt709(sample)) {
        text += ":out_color_matrix=bt709:out_range=tv";
    } else if (plan.user.empty()) {
        text += sample.color_range == AVCOL_RANGE_JPEG ? ":out_range=pc" : ":out_range=tv";
    }
    return text + ",format=" + av_get_pix_fmt_name(plan.format);
}

Status graph_error(const FilterPlan& plan, int error) {
    if (error == AVERROR(ENOMEM)) return {Code::resources, "no memory for the filters"};
    if (!plan.user.empty()) {
        return {Code::usage, "filter '" + plan.user + "' cannot be used: " + error_text(error),
                "the syntax is that of ffmpeg -vf"};
    }
    return {Code::input, "the pictures cannot be converted: " + error_text(error)};
}

}  // namespace

bool FilterPlan::leaves_alone(const AVFrame& frame) const {
    return !deinterlace && user.empty() && fps.num == 0 && (width == 0 || width == frame.width) &&
           (height == 0 || height == frame.height) && frame.format == format && !needs_bt709(frame);
}

Result<std::unique_ptr<FrameFilter>> FrameFilter::create(const AVFrame& sample, Rational time_base,
                                                         Rational frame_rate,
                                                         const FilterPlan& plan) {
    std::unique_ptr<FrameFilter> filter(new FrameFilter);
    filter->graph_.reset(avfilter_graph_alloc());
    if (filter->graph_ == nullptr) return {Code::resources, "no memory for the filters"};
    AVFilterGraph* graph = filter->graph_.get();
    // The pictures are small and the codec's own threads are busy.
    graph->nb_threads = 1;

    filter->source_ = avfilter_graph_alloc_filter(graph, avfilter_get_by_name("buffer"), "in");
    AVBufferSrcParameters* parameters = av_buffersrc_parameters_alloc();
    if (filter->source_ == nullptr || parameters == nullptr) {
        av_free(parameters);
        return {Code::resources, "no memory for the filters"};
    }
    parameters->format = sample.format;
    parameters->width = sample.width;
    parameters->height = sample.height;
    parameters->time_base = to_av(time_base);
    parameters->frame_rate = to_av(frame_rate);
    parameters->sample_aspect_ratio = sample.sample_aspect_ratio;
    set_source_colour(*parameters, sample);
    int error = av_buffersrc_parameters_set(filter->source_, parameters);
    av_free(parameters);
    if (error >= 0) error = avfilter_init_str(filter->source_, nullptr);
    if (error >= 0) {
        error = avfilter_graph_create_filter(&filter->sink_, avfilter_get_by_name("buffersink"),
                                             "out", nullptr, nullptr, graph);
    }
    if (error < 0) return graph_error(plan, error);

    AvFilterInOut outputs(avfilter_inout_alloc()), inputs(avfilter_inout_alloc());
    if (outputs == nullptr || inputs == nullptr) return {Code::resources, "no memory for filters"};
    outputs->name = av_strdup("in");
    outputs->filter_ctx = filter->source_;
    inputs->name = av_strdup("out");
    inputs->filter_ctx = filter->sink_;
    AVFilterInOut* open_inputs = inputs.release();
    AVFilterInOut* open_outputs = outputs.release();
    error = avfilter_graph_parse_ptr(graph, graph_text(sample, plan).c_str(), &open_inputs,
                                     &open_outputs, nullptr);
    avfilter_inout_free(&open_inputs);
    avfilter_inout_free(&open_outputs);
    if (error >= 0) error = avfilter_graph_config(graph, nullptr);
    if (error < 0) return graph_error(plan, error);
    return filter;
}

Status FrameFilter::push(AVFrame* frame) {
    const int error = av_buffersrc_add_frame_flags(source_, frame, AV_BUFFERSRC_FLAG_KEEP_REF);
    // A filter that has ended (trim, for one) takes no more frames: that is no failure.
    if (error < 0 && error != AVERROR_EOF) {
        return {Code::input, "the filters refuse a picture: " + error_text(error)};
    }
    return {};
}

Result<AvFrame> FrameFilter::pull() {
    AvFrame frame(av_frame_alloc());
    if (frame == nullptr) return {Code::resources, "no memory for a frame"};
    const int error = av_buffersink_get_frame(sink_, frame.get());
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return AvFrame();
    if (error < 0) return {Code::input, "the filters failed: " + error_text(error)};
    return frame;
}

}  // namespace gvc::media
