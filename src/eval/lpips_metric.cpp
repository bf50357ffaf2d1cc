#include <cmath>
#include <optional>

#include "eval/lpips.h"
#include "eval/pooling.h"

namespace gvc::eval {

namespace {

MetricInfo lpips_info(const std::string& name) {
    return {name, "", "R'G'B', unrounded, full range", false, true, kLpipsMinSide};
}

class LpipsMetric final : public FrameMetric {
  public:
    LpipsMetric(std::shared_ptr<Lpips> lpips, const std::string& name)
        : FrameMetric(lpips_info(name)), lpips_(std::move(lpips)) {}

  private:
    Result<double> measure(const FramePair& pair) override {
        GVC_ASSIGN_OR_RETURN(const auto maps,
                             lpips_->features({pair.reference_rgb, pair.distorted_rgb},
                                              pair.reference.width, pair.reference.height));
        return lpips_->distance(maps[0], maps[1]);
    }

    std::shared_ptr<Lpips> lpips_;
};

class TemporalLpips final : public Metric {
  public:
    TemporalLpips(std::shared_ptr<Lpips> lpips, const std::string& name)
        : info_(lpips_info(name)), lpips_(std::move(lpips)) {}

    const MetricInfo& info() const override { return info_; }

    Status push(const FramePair& pair) override {
        GVC_ASSIGN_OR_RETURN(auto maps,
                             lpips_->features({pair.reference_rgb, pair.distorted_rgb},
                                              pair.reference.width, pair.reference.height));
        if (!before_.empty()) {
            values_.push_back(std::abs(lpips_->distance(before_[0], maps[0]) -
                                       lpips_->distance(before_[1], maps[1])));
        }
        before_ = std::move(maps);
        return {};
    }

    Result<MetricSeries> finish() override {
        const double overall = mean(values_);
        return MetricSeries{std::move(values_), overall};
    }

  private:
    MetricInfo info_;
    std::shared_ptr<Lpips> lpips_;
    std::vector<LpipsMaps> before_;  // of the pair before: reference, distorted
    std::vector<double> values_;
};

}  // namespace

std::unique_ptr<Metric> make_lpips(std::shared_ptr<Lpips> lpips, const std::string& name) {
    return std::make_unique<LpipsMetric>(std::move(lpips), name);
}

std::unique_ptr<Metric> make_temporal_lpips(std::shared_ptr<Lpips> lpips, const std::string& name) {
    return std::make_unique<TemporalLpips>(std::move(lpips), name);
}

}  // namespace gvc::eval
