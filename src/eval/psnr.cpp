#include "eval/psnr.h"

#include <cmath>

#include "eval/pooling.h"

namespace gvc::eval {

namespace {

MetricInfo info_of(PsnrOf of) {
    switch (of) {
        case PsnrOf::y:
            return {"psnr_y", "dB", "Y', own bit depth and range", true, false, 1};
        case PsnrOf::yuv:
            return {"psnr_yuv", "dB", "Y'CbCr 4:2:0, own bit depth and range", true, false, 1};
        case PsnrOf::rgb:
            break;
    }
    return {"psnr_rgb", "dB", "R'G'B', unrounded, full range", true, true, 1};
}

template <typename Sample>
double squared_error(const media::Plane& a, const media::Plane& b) {
    double sum = 0;
    for (int y = 0; y < a.height; ++y) {
        const Sample* row_a = a.row<const Sample>(y);
        const Sample* row_b = b.row<const Sample>(y);
        int64_t row_sum = 0;
        for (int x = 0; x < a.width; ++x) {
            const int d = static_cast<int>(row_a[x]) - static_cast<int>(row_b[x]);
            row_sum += d * d;
        }
        sum += static_cast<double>(row_sum);
    }
    return sum;
}

double squared_error(const float* a, const float* b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) {
        const double d = static_cast<double>(a[i]) - b[i];
        sum += d * d;
    }
    return sum;
}

class Psnr final : public Metric {
  public:
    explicit Psnr(PsnrOf of) : of_(of), info_(info_of(of)) {}

    const MetricInfo& info() const override { return info_; }

    Status push(const FramePair& pair) override {
        const double error = mean_squared_error(pair);
        errors_.push_back(error);
        values_.push_back(decibels(error));
        return {};
    }

    Result<MetricSeries> finish() override {
        return MetricSeries{std::move(values_), decibels(mean(errors_))};
    }

  private:
    double mean_squared_error(const FramePair& pair) {
        const media::Frame& a = pair.reference;
        const media::Frame& b = pair.distorted;
        if (of_ == PsnrOf::rgb) {
            const auto count = static_cast<size_t>(3) * a.width * a.height;
            peak_ = 1;
            return squared_error(pair.reference_rgb, pair.distorted_rgb, count) / count;
        }
        peak_ = (1 << a.colour.bit_depth) - 1;
        double sum = 0, count = 0;
        for (int i = 0; i < (of_ == PsnrOf::y ? 1 : 3); ++i) {
            sum += a.colour.bit_depth == 8 ? squared_error<uint8_t>(a.planes[i], b.planes[i])
                                           : squared_error<uint16_t>(a.planes[i], b.planes[i]);
            count += static_cast<double>(a.planes[i].width) * a.planes[i].height;
        }
        return sum / count;
    }

    double decibels(double error) const { return 10 * std::log10(peak_ * peak_ / error); }

    PsnrOf of_;
    MetricInfo info_;
    double peak_ = 255;
    std::vector<double> errors_, values_;
};

}  // namespace

std::unique_ptr<Metric> make_psnr(PsnrOf of) { return std::make_unique<Psnr>(of); }

}  // namespace gvc::eval
