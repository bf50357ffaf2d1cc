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

Optimiser::Optimiser(const Trained& trained)
    : adam_(trained.others, torch::optim::AdamWOptions(1e-4).betas({0.9, 0.99}).weight_decay(1e-4)),
      muon_(trained.matrices) {
    if (!trained.quantisers.empty()) adam_.add_param_group(trained.quantisers);
}

void Optimiser::forget_gradients() {
    adam_.zero_grad();
    muon_.forget_gradients();
}

void Optimiser::step(double learning_rate) {
    for (size_t i = 0; i < adam_.param_groups().size(); ++i)
        static_cast<torch::optim::AdamWOptions&>(adam_.param_groups()[i].options())
            .lr(i == 0 ? learning_rate : kQuantiserRate * learning_rate);
    adam_.step();
    muon_.step(learning_rate);
}

void Optimiser::hold_moments_as(at::ScalarType type) {
    for (auto& entry : adam_.state()) {
        auto& state = static_cast<torch::optim::AdamWParamState&>(*entry.second);
        state.exp_avg(state.exp_avg().to(type));
        state.exp_avg_sq(state.exp_avg_sq().to(type));
    }
    muon_.hold_momenta_as(type);
}

std::vector<ArchivePart> Optimiser::parts() {
    return {{"adam", [this](auto& archive) { adam_.save(archive); },
             [this](auto& archive) { adam_.load(archive); }},
            {"muon", [this](auto& archive) { muon_.save(archive); },
             [this](auto& archive) { muon_.load(archive); }}};
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
