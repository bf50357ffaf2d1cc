#include "media/filtered_pair.h"

#include <array>

#include "media/av_frame.h"
#include "media/ffmpeg.h"

namespace gvc::media {
namespace {

class Graph final : public FilteredPair {
  public:
    Status open(const std::string& filter, const Frame& sample) {
        graph_.reset(avfilter_graph_alloc());
        const AvFrame frame = to_av_frame(sample);
        if (!graph_ || !frame) return {Code::resources, "no memory for the filters"};
        const std::string name = filter.substr(0, filter.find('='));
        const AVFilter* kind = avfilter_get_by_name(name.c_str());
        if (!kind) {
            return {Code::resources, "this FFmpeg has no filter " + name,
                    "leave out what needs it, or build against an FFmpeg that has it"};
        }
        const char* options = filter.size() > name.size() ? &filter[name.size() + 1] : nullptr;
        AVFilterContext* compare = nullptr;
        int error =
            avfilter_graph_create_filter(&compare, kind, "compare", options, nullptr, graph_.get());
        for (unsigned i = 0; i < sources_.size() && error >= 0; ++i) {
            error = add_source(i, *frame);
            if (error >= 0) error = avfilter_link(sources_[i], 0, compare, i);
        }
        if (error >= 0) {
            error = avfilter_graph_create_filter(&sink_, avfilter_get_by_name("buffersink"), "out",
                                                 nullptr, nullptr, graph_.get());
        }
        if (error >= 0) error = avfilter_link(compare, 0, sink_, 0);
        if (error >= 0) error = avfilter_graph_config(graph_.get(), nullptr);
        if (error < 0) {
            return {Code::usage, "filter '" + filter + "' cannot be used: " + error_text(error)};
        }
        return {};
    }

    Status push(const Frame& reference, const Frame& distorted) override {
        const std::array<const Frame*, 2> frames = {&distorted, &reference};
        for (size_t i = 0; i < sources_.size(); ++i) {
            const AvFrame frame = to_av_frame(*frames[i]);
            if (!frame) return {Code::resources, "no memory for a frame"};
            frame->pts = count_;
            GVC_RETURN_IF_ERROR(check(av_buffersrc_add_frame_flags(sources_[i], frame.get(), 0)));
        }
        ++count_;
        return drain();
    }

    Status finish() override {
        for (AVFilterContext* source : sources_) {
            GVC_RETURN_IF_ERROR(check(av_buffersrc_add_frame_flags(source, nullptr, 0)));
        }
        GVC_RETURN_IF_ERROR(drain());
        graph_.reset();
        return {};
    }

  private:
    int add_source(unsigned i, const AVFrame& frame) {
        const std::string options = "width=" + std::to_string(frame.width) +
                                    ":height=" + std::to_string(frame.height) +
                                    ":pix_fmt=" + std::to_string(frame.format) + ":time_base=1/1";
        return avfilter_graph_create_filter(&sources_[i], avfilter_get_by_name("buffer"),
                                            i == 0 ? "distorted" : "reference", options.c_str(),
                                            nullptr, graph_.get());
    }

    static Status check(int error) {
        if (error >= 0 || error == AVERROR_EOF) return {};
        return {Code::input, "the filter refuses a picture: " + error_text(error)};
    }

    // What comes out is the distorted video again.
    Status drain() {
        while (true) {
            const AvFrame frame(av_frame_alloc());
            if (!frame) return {Code::resources, "no memory for a frame"};
            const int error = av_buffersink_get_frame(sink_, frame.get());
            if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return {};
            GVC_RETURN_IF_ERROR(check(error));
        }
    }

    AvGraph graph_;
    std::array<AVFilterContext*, 2> sources_{};  // owned by graph_, as is sink_
    AVFilterContext* sink_ = nullptr;
    int64_t count_ = 0;
};

}  // namespace

Result<std::unique_ptr<FilteredPair>> FilteredPair::create(const std::string& filter,
                                                           const Frame& sample) {
    auto graph = std::make_unique<Graph>();
    GVC_RETURN_IF_ERROR(graph->open(filter, sample));
    return std::unique_ptr<FilteredPair>(std::move(graph));
}

}  // namespace gvc::media
