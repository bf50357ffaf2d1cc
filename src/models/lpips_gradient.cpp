#include "models/lpips_gradient.h"

#include <cassert>

namespace gvc::models {

using nn::Ops;
using nn::Tensor;

void LpipsGradient::aim(const Tensor& rgb) {
    truth_.clear();
    for (const Tensor& tap : features_.run(ops_, rgb))
        truth_.push_back(ops_.inner().unit_length(tap));
}

double LpipsGradient::distance(const Tensor& rgb, const BlockSums* blocks) {
    Ops& plain = ops_.inner();
    const std::vector<Tensor> taps = features_.run(ops_, rgb);
    double sum = 0;
    for (size_t k = 0; k < taps.size(); ++k) {
        const Tensor difference = plain.sub(plain.unit_length(taps[k]), truth_[k]);
        const Tensor squares = plain.mul(difference, difference);
        if (blocks) {
            const auto positions = static_cast<float>(taps[k].shape().h * taps[k].shape().w);
            const Tensor weight = plain.affine(features_.heads()[k], 1 / positions, 0);
            add_up(plain.scale_shift(squares, weight, {}), *blocks);
        }
        const Tensor mean = plain.global_mean(squares);
        std::vector<float> means(static_cast<size_t>(mean.shape().count())), head = means;
        plain.to_host(mean, means.data());
        plain.to_host(features_.heads()[k], head.data());
        for (size_t c = 0; c < means.size(); ++c) sum += double{head[c]} * means[c];
    }
    return sum;
}

void LpipsGradient::add_up(const Tensor& squares, const BlockSums& blocks) {
    const nn::Shape shape = squares.shape();
    std::vector<float> values(static_cast<size_t>(shape.count()));
    ops_.inner().to_host(squares, values.data());
    std::vector<size_t> column;
    for (int64_t x = 0; x < shape.w; ++x)
        column.push_back(static_cast<size_t>(x * blocks.columns / shape.w));
    const float* row = values.data();
    for (int64_t i = 0; i < shape.c * shape.h; ++i, row += shape.w) {
        const int64_t y = i % shape.h * blocks.rows / shape.h;
        double* sums = &blocks.sums[static_cast<size_t>(y * blocks.columns)];
        for (size_t x = 0; x < column.size(); ++x) sums[column[x]] += static_cast<double>(row[x]);
    }
}

Tensor LpipsGradient::operator()(const Tensor& rgb, float weight, const BlockSums* blocks) {
    Ops& plain = ops_.inner();
    ops_.watch(rgb);
    const std::vector<Tensor> taps = features_.run(ops_, rgb);
    assert(taps.size() == truth_.size());
    std::vector<std::pair<Tensor, Tensor>> gradients;
    for (size_t k = 0; k < taps.size(); ++k) {
        // LPIPS is the sum over taps of the mean over positions of sum_c head_c (unit - truth)^2.
        const auto positions = static_cast<float>(taps[k].shape().h * taps[k].shape().w);
        const Tensor slope = plain.affine(features_.heads()[k], 2 * weight / positions, 0);
        const Tensor difference = plain.sub(plain.unit_length(taps[k]), truth_[k]);
        const Tensor of_unit = plain.scale_shift(difference, slope, {});
        gradients.emplace_back(taps[k], plain.unit_length_gradient(taps[k], of_unit));
        if (blocks) add_up(plain.affine(plain.mul(difference, of_unit), 0.5f, 0), *blocks);
    }
    return ops_.gradient(gradients);
}

}  // namespace gvc::models
