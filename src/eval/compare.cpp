#include "eval/compare.h"

#include <algorithm>
#include <optional>

#include "media/colour.h"

namespace gvc::eval {

namespace {

using media::Reader;

std::string size_text(const media::StreamInfo& info) {
    return std::to_string(info.width) + "x" + std::to_string(info.height);
}

const char* matrix_name(media::Matrix matrix) {
    switch (matrix) {
        case media::Matrix::bt601:
            return "BT.601";
        case media::Matrix::bt2020:
            return "BT.2020";
        case media::Matrix::bt709:
            break;
    }
    return "BT.709";
}

std::string colour_text(const media::ColourDescription& colour) {
    return std::string(matrix_name(colour.matrix)) +
           (colour.range == media::Range::full ? " full range" : " limited range");
}

struct Videos {
    std::unique_ptr<Reader> reference, distorted;
};

Result<Videos> open(const std::string& reference, const std::string& distorted,
                    const CompareOptions& options) {
    media::ReaderOptions reader;
    reader.on_warning = options.on_warning;
    reader.cancelled = options.cancelled;
    Videos videos;
    GVC_ASSIGN_OR_RETURN(videos.reference, Reader::open(reference, reader));
    const media::StreamInfo& a = videos.reference->info();
    reader.bit_depth = a.colour.bit_depth;
    if (options.same_colour) {
        reader.matrix = a.colour.matrix;
        reader.range = a.colour.range;
    }
    GVC_ASSIGN_OR_RETURN(videos.distorted, Reader::open(distorted, reader));
    const media::StreamInfo& b = videos.distorted->info();
    if (a.width != b.width || a.height != b.height) {
        return {Code::quality, "sizes differ: " + reference + " is " + size_text(a) + ", " +
                                   distorted + " is " + size_text(b)};
    }
    if (a.colour.matrix != b.colour.matrix || a.colour.range != b.colour.range) {
        return {Code::quality,
                "colours differ: " + reference + " is " + colour_text(a.colour) + ", " + distorted +
                    " is " + colour_text(b.colour),
                "if the second only lost its tags (as y4m does), add --same-colour"};
    }
    return videos;
}

Result<std::vector<std::unique_ptr<Metric>>> choose_metrics(const media::StreamInfo& info,
                                                            const CompareOptions& options) {
    const int side = std::min(info.width, info.height);
    const bool chosen = !options.metrics.empty();
    GVC_ASSIGN_OR_RETURN(auto metrics, make_metrics(chosen ? options.metrics : default_metrics(),
                                                    options.metric_options));
    if (!chosen) {
        std::erase_if(metrics, [side](const auto& m) { return m->info().min_side > side; });
    }
    for (const auto& metric : metrics) {
        if (metric->info().min_side <= side) continue;
        return {Code::usage, metric->info().name + " needs pictures of at least " +
                                 std::to_string(metric->info().min_side) +
                                 " pixels a side; these are " + size_text(info)};
    }
    return metrics;
}

Status check_lengths(const std::string& reference, const std::string& distorted, bool first_ended,
                     bool second_ended, int64_t frames) {
    if (first_ended == second_ended) return {};
    const std::string& shorter = first_ended ? reference : distorted;
    const std::string& longer = first_ended ? distorted : reference;
    return {Code::quality, "lengths differ: " + shorter + " has " + std::to_string(frames) +
                               " frames, " + longer + " has more"};
}

// Converts to RGB when a metric asks for it, into memory that is kept.
class RgbBuffers {
  public:
    explicit RgbBuffers(const std::vector<std::unique_ptr<Metric>>& metrics)
        : needed_(std::any_of(metrics.begin(), metrics.end(),
                              [](const auto& m) { return m->info().needs_rgb; })) {}

    void fill(FramePair& pair) {
        if (!needed_) return;
        pair.reference_rgb = convert(pair.reference, reference_);
        pair.distorted_rgb = convert(pair.distorted, distorted_);
    }

  private:
    static const float* convert(const media::Frame& frame, std::vector<float>& rgb) {
        rgb.resize(static_cast<size_t>(3) * frame.width * frame.height);
        media::yuv_to_rgb(frame, rgb.data());
        return rgb.data();
    }

    bool needed_;
    std::vector<float> reference_, distorted_;
};

}  // namespace

Result<Comparison> compare(const std::string& reference, const std::string& distorted,
                           const CompareOptions& options) {
    if (options.every < 1) return {Code::usage, "--every must be at least 1"};
    GVC_ASSIGN_OR_RETURN(const Videos videos, open(reference, distorted, options));
    const media::StreamInfo& info = videos.reference->info();
    GVC_ASSIGN_OR_RETURN(const auto metrics, choose_metrics(info, options));

    RgbBuffers rgb(metrics);
    Comparison comparison{info.width, info.height, 0, 0, info.colour, 0, {}};
    while (true) {
        GVC_ASSIGN_OR_RETURN(const auto a, videos.reference->next());
        GVC_ASSIGN_OR_RETURN(const auto b, videos.distorted->next());
        GVC_RETURN_IF_ERROR(check_lengths(reference, distorted, !a, !b, comparison.frames));
        if (!a) break;
        if (options.cancelled && options.cancelled()) return {Code::interrupted, "interrupted"};
        if (comparison.frames++ % options.every == 0) {
            FramePair pair{*a, *b};
            rgb.fill(pair);
            for (const auto& metric : metrics) GVC_RETURN_IF_ERROR(metric->push(pair));
            ++comparison.measured;
        }
        comparison.seconds = a->seconds() + static_cast<double>(a->duration) * a->time_base.value();
        if (options.on_progress) options.on_progress(comparison.frames, info.estimated_frames);
    }
    for (const auto& metric : metrics) {
        GVC_ASSIGN_OR_RETURN(MetricSeries series, metric->finish());
        MetricResult result{metric->info(), std::move(series), {}};
        if (result.series.values.empty()) continue;  // between frames, and there is one frame
        result.pooled = pool(result.series.values, result.info.higher_is_better);
        comparison.results.push_back(std::move(result));
    }
    return comparison;
}

}  // namespace gvc::eval
