#include "eval/segmenter.h"

#include <algorithm>

#include "base/file_io.h"
#include "eval/resize_square.h"

namespace gvc::eval {

namespace {

constexpr const char* kFile = "/deeplabv3_257_mv_gpu.tflite";
constexpr int kClasses = 21;

class MaskMetric final : public Metric {
  public:
    MaskMetric(std::shared_ptr<Segmenter> segmenter, const std::string& name, int only_class)
        : info_{name, "", "R'G'B' at 257x257, full range", true, true, 1},
          segmenter_(std::move(segmenter)),
          only_class_(only_class) {}

    const MetricInfo& info() const override { return info_; }

    Status push(const FramePair& pair) override {
        const int width = pair.reference.width, height = pair.reference.height;
        const auto one =
            mask_agreement(segmenter_->classes(pair.reference_rgb, width, height),
                           segmenter_->classes(pair.distorted_rgb, width, height), only_class_);
        all_.both += one.both;
        all_.either += one.either;
        values_.push_back(one.iou());
        return {};
    }

    Result<MetricSeries> finish() override { return MetricSeries{std::move(values_), all_.iou()}; }

  private:
    MetricInfo info_;
    std::shared_ptr<Segmenter> segmenter_;
    int only_class_;
    MaskAgreement all_;
    std::vector<double> values_;
};

}  // namespace

Result<Segmenter> Segmenter::open(const std::string& folder) {
    const auto file = read_file(folder + kFile);
    if (!file.ok()) {
        return {
            Code::model, "weights of the segmentation network: " + file.status().message(),
            "mask_voc and mask_person need DeepLabv3's file there; docs/evaluation.md names it"};
    }
    GVC_ASSIGN_OR_RETURN(auto network, models::TfliteNetwork::parse(*file));
    const std::vector<int> in{1, kSegmenterSide, kSegmenterSide, 3};
    const std::vector<int> out{1, kSegmenterSide, kSegmenterSide, kClasses};
    if (network.input().shape != in || network.output().shape != out) {
        return {Code::model, folder + kFile + " is another network"};
    }
    return Segmenter(std::move(network));
}

std::vector<uint8_t> Segmenter::classes(const float* rgb, int width, int height) const {
    constexpr size_t kPixels = static_cast<size_t>(kSegmenterSide) * kSegmenterSide;
    std::vector<float> plane(kPixels), input(3 * kPixels);
    for (size_t c = 0; c < 3; ++c) {
        resize_to_square(rgb + c * width * height, width, height, kSegmenterSide, plane.data());
        for (size_t i = 0; i < kPixels; ++i) input[3 * i + c] = 2 * plane[i] - 1;
    }
    const auto scores = network_.run(std::move(input));
    std::vector<uint8_t> classes(kPixels);
    for (size_t i = 0; i < kPixels; ++i) {
        const float* of_pixel = &scores[i * kClasses];
        classes[i] =
            static_cast<uint8_t>(std::max_element(of_pixel, of_pixel + kClasses) - of_pixel);
    }
    return classes;
}

double MaskAgreement::iou() const {
    return either > 0 ? static_cast<double>(both) / static_cast<double>(either) : 1;
}

MaskAgreement mask_agreement(const std::vector<uint8_t>& wanted, const std::vector<uint8_t>& found,
                             int only_class) {
    MaskAgreement result;
    const auto counts = [&](uint8_t c) { return only_class > 0 ? c == only_class : c > 0; };
    for (size_t i = 0; i < wanted.size(); ++i) {
        if (wanted[i] == found[i]) {
            result.both += counts(wanted[i]);
            result.either += counts(wanted[i]);
        } else {
            result.either += counts(wanted[i]) + counts(found[i]);
        }
    }
    return result;
}

std::unique_ptr<Metric> make_mask_agreement(std::shared_ptr<Segmenter> segmenter,
                                            const std::string& name, int only_class) {
    return std::make_unique<MaskMetric>(std::move(segmenter), name, only_class);
}

}  // namespace gvc::eval
