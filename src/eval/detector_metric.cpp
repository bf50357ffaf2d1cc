#include "eval/detector.h"

namespace gvc::eval {

namespace {

class FeatureDistance final : public FrameMetric {
  public:
    explicit FeatureDistance(std::shared_ptr<Detector> detector)
        : FrameMetric({"fdet_features", "", "R'G'B', unrounded, full range", false, true,
                       kDetectorMinSide}),
          detector_(std::move(detector)) {}

  private:
    Result<double> measure(const FramePair& pair) override {
        return detector_->feature_distance(pair.reference_rgb, pair.distorted_rgb,
                                           pair.reference.width, pair.reference.height);
    }

    std::shared_ptr<Detector> detector_;
};

class DetectionF1 final : public Metric {
  public:
    explicit DetectionF1(std::shared_ptr<Detector> detector)
        : info_{"detect_f1", "", "R'G'B' at 352x352, full range", true, true, kDetectorMinSide},
          detector_(std::move(detector)) {}

    const MetricInfo& info() const override { return info_; }

    Status push(const FramePair& pair) override {
        const int width = pair.reference.width, height = pair.reference.height;
        GVC_ASSIGN_OR_RETURN(auto wanted, detector_->boxes(pair.reference_rgb, width, height));
        GVC_ASSIGN_OR_RETURN(auto found, detector_->boxes(pair.distorted_rgb, width, height));
        const Agreement one = agreement(std::move(wanted), std::move(found));
        all_.matched += one.matched;
        all_.found += one.found;
        all_.wanted += one.wanted;
        values_.push_back(one.f1());
        return {};
    }

    Result<MetricSeries> finish() override { return MetricSeries{std::move(values_), all_.f1()}; }

  private:
    MetricInfo info_;
    std::shared_ptr<Detector> detector_;
    Agreement all_;
    std::vector<double> values_;
};

}  // namespace

std::unique_ptr<Metric> make_feature_distance(std::shared_ptr<Detector> detector) {
    return std::make_unique<FeatureDistance>(std::move(detector));
}

std::unique_ptr<Metric> make_detection_f1(std::shared_ptr<Detector> detector) {
    return std::make_unique<DetectionF1>(std::move(detector));
}

}  // namespace gvc::eval
