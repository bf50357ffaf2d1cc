#include "train/optimiser.h"

namespace gvc::train {
namespace {

// Quantiser steps and the spreads of z are exponents: a whole octave of rate is 0.7 of them,
// thousands of Adam's steps, while the layers before them move their inputs as far in a few.
constexpr double kQuantiserRate = 4.0;

}  // namespace

std::vector<at::Tensor> Trained::all() const {
    std::vector<at::Tensor> result = matrices;
    result.insert(result.end(), others.begin(), others.end());
    result.insert(result.end(), quantisers.begin(), quantisers.end());
    return result;
}

double clip_gradients(const std::vector<at::Tensor>& parameters, double most) {
    torch::NoGradGuard no_grad;
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& p : parameters)
        if (p.grad().defined()) gradients.push_back(p.grad());
    if (gradients.empty()) return 0;
    const double norm = at::stack(at::_foreach_norm(gradients)).norm().item<double>();
    if (norm > most) at::_foreach_mul_(gradients, most / norm);
    return norm;
}

Optimiser::Optimiser(const Trained& trained)
    : others_(trained.others), quantisers_(trained.quantisers), matrices_(trained.matrices) {}

void Optimiser::forget_gradients() {
    others_.forget_gradients();
    quantisers_.forget_gradients();
    matrices_.forget_gradients();
}

void Optimiser::step(double learning_rate) {
    others_.step(learning_rate);
    quantisers_.step(kQuantiserRate * learning_rate);
    matrices_.step(learning_rate);
}

void Optimiser::hold_moments_as(at::ScalarType type) {
    others_.hold_moments_as(type);
    quantisers_.hold_moments_as(type);
    matrices_.hold_momenta_as(type);
}

std::vector<ArchivePart> Optimiser::parts() {
    const auto part = [](const char* name, auto& of) {
        return ArchivePart{name, [&of](auto& archive) { of.save(archive); },
                           [&of](auto& archive) { of.load(archive); }};
    };
    return {part("others", others_), part("quantisers", quantisers_), part("muon", matrices_)};
}

Status Optimiser::save(const std::string& path) {
    hold_moments_as(at::kBFloat16);
    const Status status = save_archive(path, parts());
    hold_moments_as(at::kFloat);
    return status;
}

Status Optimiser::load(const std::string& path) {
    const Status status = load_archive(path, "the optimiser's state", parts());
    hold_moments_as(at::kFloat);
    return status;
}

}  // namespace gvc::train
