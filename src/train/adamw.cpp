#include "train/adamw.h"

#include <cmath>
#include <string>

namespace gvc::train {
namespace {

constexpr double kMean = 0.9, kSquare = 0.99;
constexpr double kEpsilon = 1e-8;
constexpr double kWeightDecay = 1e-4;

}  // namespace

AdamW::AdamW(std::vector<at::Tensor> parameters) : parameters_(std::move(parameters)) {
    for (const at::Tensor& p : parameters_) {
        means_.push_back(at::zeros_like(p).detach());
        squares_.push_back(at::zeros_like(p).detach());
    }
}

void AdamW::forget_gradients() {
    for (at::Tensor& p : parameters_) p.mutable_grad().reset();
}

void AdamW::step(double learning_rate) {
    torch::NoGradGuard no_grad;
    std::vector<at::Tensor> values, gradients, means, squares;
    for (size_t i = 0; i < parameters_.size(); ++i) {
        if (!parameters_[i].grad().defined()) continue;
        values.push_back(parameters_[i]);
        gradients.push_back(parameters_[i].grad());
        means.push_back(means_[i]);
        squares.push_back(squares_[i]);
    }
    if (values.empty()) return;
    ++steps_;
    const auto steps = static_cast<double>(steps_);
    at::_foreach_mul_(values, 1.0 - learning_rate * kWeightDecay);
    at::_foreach_mul_(means, kMean);
    at::_foreach_add_(means, gradients, 1.0 - kMean);
    at::_foreach_mul_(squares, kSquare);
    at::_foreach_addcmul_(squares, gradients, gradients, 1.0 - kSquare);
    std::vector<at::Tensor> sizes = at::_foreach_sqrt(squares);
    at::_foreach_mul_(sizes, 1.0 / std::sqrt(1.0 - std::pow(kSquare, steps)));
    at::_foreach_add_(sizes, kEpsilon);
    at::_foreach_addcdiv_(values, means, sizes, -learning_rate / (1.0 - std::pow(kMean, steps)));
}

void AdamW::hold_moments_as(at::ScalarType type) {
    for (auto* moments : {&means_, &squares_})
        for (at::Tensor& m : *moments) m = m.to(type);
}

void AdamW::save(torch::serialize::OutputArchive& archive) const {
    archive.write("steps", torch::tensor(steps_));
    for (size_t i = 0; i < parameters_.size(); ++i) {
        archive.write("mean" + std::to_string(i), means_[i]);
        archive.write("square" + std::to_string(i), squares_[i]);
    }
}

void AdamW::load(torch::serialize::InputArchive& archive) {
    at::Tensor steps;
    archive.read("steps", steps);
    steps_ = steps.item<int64_t>();
    for (size_t i = 0; i < parameters_.size(); ++i) {
        for (auto [name, to] : {std::pair{"mean", &means_[i]}, {"square", &squares_[i]}}) {
            at::Tensor loaded;
            archive.read(name + std::to_string(i), loaded);
            TORCH_CHECK(loaded.sizes() == to->sizes(), "another parameter");
            to->copy_(loaded);
        }
    }
}

}  // namespace gvc::train
