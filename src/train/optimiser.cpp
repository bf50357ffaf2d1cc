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

void Optimiser::save(const std::string& path) const {
    torch::serialize::OutputArchive all, adam, muon;
    adam_.save(adam);
    muon_.save(muon);
    all.write("adam", adam);
    all.write("muon", muon);
    all.save_to(path);
}

Status Optimiser::load(const std::string& path) {
    try {
        torch::serialize::InputArchive all, adam, muon;
        all.load_from(path);
        all.read("adam", adam);
        all.read("muon", muon);
        adam_.load(adam);
        muon_.load(muon);
    } catch (const c10::Error&) {
        return Status(Code::input, "cannot read the optimiser's state " + path,
                      "remove it to start with fresh moments");
    }
    return {};
}

}  // namespace gvc::train
