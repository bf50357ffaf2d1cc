#include "eval/detector.h"

#include <algorithm>
#include <cmath>

#include "eval/resize_square.h"
#include "nn/onednn/onednn_ops.h"
#include "nn/weight_source.h"
#include "weights/safetensors.h"

namespace gvc::eval {

namespace {

constexpr double kLeastScore = 0.25;
constexpr double kSuppression = 0.45;
constexpr int kCells = models::kDetectorGrid * models::kDetectorGrid;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// The best class of a cell and its probability.
std::pair<int, double> best_class(const float* raw, int cell) {
    constexpr int kFirstClass = 5, kClasses = 80;
    int best = 0;
    for (int c = 1; c < kClasses; ++c) {
        if (raw[(kFirstClass + c) * kCells + cell] > raw[(kFirstClass + best) * kCells + cell]) {
            best = c;
        }
    }
    double sum = 0;
    for (int c = 0; c < kClasses; ++c) {
        sum += std::exp(raw[(kFirstClass + c) * kCells + cell] -
                        raw[(kFirstClass + best) * kCells + cell]);
    }
    return {best, 1 / sum};
}

std::vector<Box> read_boxes(const std::vector<float>& raw) {
    std::vector<Box> boxes;
    for (int cell = 0; cell < kCells; ++cell) {
        const auto at = [&](int channel) -> double { return raw[channel * kCells + cell]; };
        const auto [category, share] = best_class(raw.data(), cell);
        const double score = sigmoid(at(0)) * share;
        if (score <= kLeastScore) continue;
        const double grid = models::kDetectorGrid;
        const double x = (std::tanh(at(1)) + cell % models::kDetectorGrid) / grid;
        const double y = (std::tanh(at(2)) + cell / models::kDetectorGrid) / grid;
        const double w = sigmoid(at(3)) / 2, h = sigmoid(at(4)) / 2;
        boxes.push_back({x - w, y - h, x + w, y + h, score, category});
    }
    std::stable_sort(boxes.begin(), boxes.end(),
                     [](const Box& a, const Box& b) { return a.score > b.score; });
    std::vector<Box> kept;
    for (const Box& box : boxes) {
        const bool hidden = std::any_of(kept.begin(), kept.end(), [&](const Box& other) {
            return other.category == box.category && overlap(other, box) > kSuppression;
        });
        if (!hidden) kept.push_back(box);
    }
    return kept;
}

// Squared difference of vectors of length 1, averaged over positions. Both are [C, positions].
double unit_distance(const std::vector<float>& a, const std::vector<float>& b, int64_t channels) {
    const auto positions = static_cast<int64_t>(a.size()) / channels;
    double sum = 0;
    for (int64_t i = 0; i < positions; ++i) {
        double aa = 0, bb = 0, ab = 0;
        for (int64_t c = 0; c < channels; ++c) {
            const double x = a[c * positions + i], y = b[c * positions + i];
            aa += x * x;
            bb += y * y;
            ab += x * y;
        }
        const double lengths = std::sqrt(aa * bb);
        // Where a picture has no feature at all it differs wholly from one that has.
        sum += lengths > 0 ? 2 - 2 * std::min(ab / lengths, 1.0) : (aa == bb ? 0 : 1);
    }
    return sum / static_cast<double>(positions);
}

}  // namespace

Detector::Detector(std::unique_ptr<nn::InferenceOps> ops) : ops_(std::move(ops)), network_(*ops_) {}

Result<Detector> Detector::make(std::unique_ptr<nn::InferenceOps> ops) {
    Detector detector(std::move(ops));
    GVC_RETURN_IF_ERROR(detector.ops_->status());
    return detector;
}

Result<Detector> Detector::open(const std::string& folder, int threads) {
    auto file = weights::SafetensorsFile::open(folder + "/fastestdet_coco_fp32.safetensors");
    if (!file.ok()) {
        return {Code::model, "FastestDet's weights: " + file.status().message(),
                "they are in models/metrics of the source tree"};
    }
    const auto weights = models::fastestdet_weights(nn::FileWeights(std::move(*file)));
    auto ops = nn::make_onednn_ops(weights, nn::Precision::fp32);
    if (threads > 0) ops->set_threads(threads);
    return make(std::move(ops));
}

Result<std::vector<float>> Detector::raw(const float* rgb) {
    constexpr int kSide = models::kDetectorSide;
    const nn::Tensor answer = network_.detect(*ops_, ops_->from_host({1, 3, kSide, kSide}, rgb));
    std::vector<float> values(static_cast<size_t>(answer.shape().count()));
    ops_->to_host(answer, values.data());
    GVC_RETURN_IF_ERROR(ops_->status());
    return values;
}

Result<std::vector<Box>> Detector::boxes(const float* rgb, int width, int height) {
    constexpr size_t kPlane = static_cast<size_t>(models::kDetectorSide) * models::kDetectorSide;
    std::vector<float> resized(3 * kPlane);
    for (size_t c = 0; c < 3; ++c) {
        resize_to_square(rgb + c * width * height, width, height, models::kDetectorSide,
                         &resized[c * kPlane]);
    }
    GVC_ASSIGN_OR_RETURN(const auto values, raw(resized.data()));
    return read_boxes(values);
}

Result<double> Detector::feature_distance(const float* a, const float* b, int width, int height) {
    const nn::Tensor batch = ops_->concat_batch(
        {ops_->from_host({1, 3, height, width}, a), ops_->from_host({1, 3, height, width}, b)});
    const auto maps = network_.features(*ops_, batch);
    double sum = 0;
    for (const nn::Tensor& map : maps) {
        const auto count = static_cast<size_t>(map.shape().count() / 2);
        std::vector<float> first(count), second(count);
        ops_->to_host(ops_->batch(map, 0, 1), first.data());
        ops_->to_host(ops_->batch(map, 1, 1), second.data());
        sum += unit_distance(first, second, map.shape().c);
    }
    GVC_RETURN_IF_ERROR(ops_->status());
    return sum / static_cast<double>(maps.size());
}

double overlap(const Box& a, const Box& b) {
    const auto area = [](const Box& box) {
        return std::max(box.right - box.left, 0.0) * std::max(box.bottom - box.top, 0.0);
    };
    const Box both{std::max(a.left, b.left),
                   std::max(a.top, b.top),
                   std::min(a.right, b.right),
                   std::min(a.bottom, b.bottom),
                   0,
                   0};
    const double shared = area(both), all = area(a) + area(b) - shared;
    return all > 0 ? shared / all : 0;
}

double Agreement::f1() const { return found + wanted > 0 ? 2.0 * matched / (found + wanted) : 1; }

Agreement agreement(std::vector<Box> wanted, std::vector<Box> found) {
    constexpr double kLeastOverlap = 0.5;
    Agreement result{0, static_cast<int>(found.size()), static_cast<int>(wanted.size())};
    std::stable_sort(found.begin(), found.end(),
                     [](const Box& a, const Box& b) { return a.score > b.score; });
    for (const Box& box : found) {
        auto best = wanted.end();
        for (auto other = wanted.begin(); other != wanted.end(); ++other) {
            if (other->category != box.category || overlap(*other, box) < kLeastOverlap) continue;
            if (best == wanted.end() || overlap(*other, box) > overlap(*best, box)) best = other;
        }
        if (best == wanted.end()) continue;
        wanted.erase(best);
        ++result.matched;
    }
    return result;
}

}  // namespace gvc::eval
