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

double LpipsGradient::distance(const Tensor& rgb) {
    Ops& plain = ops_.inner();
    const std::vector<Tensor> taps = features_.run(ops_, rgb);
    double sum = 0;
    for (size_t k = 0; k < taps.size(); ++k) {
        const Tensor difference = plain.sub(plain.unit_length(taps[k]), truth_[k]);
        const Tensor mean = plain.global_mean(plain.mul(difference, difference));
        std::vector<float> means(static_cast<size_t>(mean.shape().count())), head = means;
        plain.to_host(mean, means.data());
        plain.to_host(features_.heads()[k], head.data());
        for (size_t c = 0; c < means.size(); ++c) sum += double{head[c]} * means[c];
    }
    return sum;
}

Tensor LpipsGradient::operator()(const Tensor& rgb, float weight) {
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
        gradients.emplace_back(
            taps[k], plain.unit_length_gradient(taps[k], plain.scale_shift(difference, slope, {})));
    }
    return ops_.gradient(gradients);
}

}  // namespace gvc::models
