#include "eval/clip_masks.h"

#include <span>

#include "base/sha256.h"
#include "eval/clip_source.h"
#include "eval/pooling.h"
#include "eval/propagate.h"
#include "eval/vos.h"

namespace gvc::eval {

namespace {

// Raised when carrying or measuring changes, so that nothing older is taken from a cache.
constexpr int kVosVersion = 1;

// Whose features carry the masks: the network that nothing of GVC was trained with.
constexpr FeatureNet kNetwork = FeatureNet::fastestdet;

// Of each frame, the mean over objects.
std::vector<double> mean_series(const std::vector<VosResult>& results,
                                std::vector<double> VosResult::*series) {
    std::vector<double> mean((results[0].*series).size());
    for (const VosResult& r : results) {
        for (size_t i = 0; i < mean.size(); ++i) {
            mean[i] += (r.*series)[i] / static_cast<double>(results.size());
        }
    }
    return mean;
}

PointMetric metric(const std::string& name, double value, std::vector<double> series) {
    PointMetric m{name, "", "masks", true, value, value, value, value, value, 0, {}};
    if (series.empty()) return m;
    const Pooled pooled = pool(series, true);
    m.median = pooled.median;
    m.p1 = pooled.percentile1;
    m.worst = pooled.worst;
    m.worst_frame = static_cast<int64_t>(pooled.worst_index) + 1;
    m.values = std::move(series);
    return m;
}

}  // namespace

ClipMasks::ClipMasks(std::string name, LabelVideo truth, const MetricOptions& options)
    : name_(std::move(name)), truth_(std::move(truth)), options_(options) {
    Sha256 hash;
    for (const Labels& frame : truth_.frames) {
        hash.update(std::as_bytes(std::span(frame.data(), frame.size())));
    }
    key_ =
        std::to_string(kVosVersion) + " " + feature_net_name(kNetwork) + " " + hex(hash.finish());
}

Result<ClipMasks> ClipMasks::open(const std::string& folder, int64_t start, const ClipInfo& clip,
                                  const MetricOptions& options) {
    const auto frames = static_cast<size_t>(clip.frames);
    GVC_ASSIGN_OR_RETURN(LabelVideo truth, read_labels(folder, static_cast<size_t>(start), frames));
    if (truth.width != clip.width || truth.height != clip.height || truth.frames.size() != frames) {
        return {Code::quality,
                "masks in " + folder + " are " + std::to_string(truth.frames.size()) + " of " +
                    std::to_string(truth.width) + "x" + std::to_string(truth.height) +
                    ", the clip is " + std::to_string(frames) + " frames of " +
                    std::to_string(clip.width) + "x" + std::to_string(clip.height)};
    }
    return ClipMasks(clip.name, std::move(truth), options);
}

Result<std::vector<PointMetric>> ClipMasks::measure(const std::string& video,
                                                    const media::ReaderOptions& reading) {
    if (!network_) {
        GVC_ASSIGN_OR_RETURN(
            network_, MaskFeatures::open(kNetwork, options_.weights_folder, options_.threads));
    }
    GVC_ASSIGN_OR_RETURN(const LabelVideo found,
                         propagate_masks(video, reading, truth_, truth_.frames.size(), *network_));
    GVC_ASSIGN_OR_RETURN(const auto results, evaluate_labels(name_, truth_, found));
    const VosMeans means = vos_means(results);
    auto j = mean_series(results, &VosResult::j_values);
    auto f = mean_series(results, &VosResult::f_values);
    std::vector<double> both(j.size());
    for (size_t i = 0; i < j.size(); ++i) both[i] = (j[i] + f[i]) / 2;
    return std::vector<PointMetric>{
        metric("vos_jf", means.j_and_f(), std::move(both)), metric("vos_j", means.j, std::move(j)),
        metric("vos_f", means.f, std::move(f)), metric("vos_f_recall", means.f_recall, {})};
}

}  // namespace gvc::eval
