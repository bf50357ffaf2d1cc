// The adversarial part of a loss on refined pictures.
#include <torch/autograd.h>

#include "train/trainer.h"

namespace gvc::train {
namespace {

constexpr int kFirstSteps = 100;  // of a run, in which the critic learns alone

}  // namespace

// The critic's gradient at the last layer has options_.adversarial of the length of the loss's own
// (Esser et al. 2021). At the pictures the two cannot be compared: what the critic wants is smooth
// and adds up in the layers below, LPIPS' wishes mostly cancel. The loss's own gradient, which is
// known by then, is not computed again: what comes back is a product with it.
at::Tensor Trainer::with_adversary(const at::Tensor& loss, const at::Tensor& truth,
                                   const at::Tensor& coded, const at::Tensor& refined,
                                   const std::string& last_layer, Values& values) {
    constexpr int T = models::kChunkFrames;
    const int64_t n = options_.batch, c = options_.crop;
    const int64_t t = std::uniform_int_distribution<int64_t>(0, T - 2)(random_);
    const auto pair = [&](const at::Tensor& x) {
        return x.view({n, T, 3, c, c}).narrow(1, t, 2).reshape({n, 6, c, c});
    };
    const at::Tensor shown = pair(refined.detach()), beside = pair(coded.detach()) - 0.5;
    const auto seen = [&](const at::Tensor& x) { return at::cat({x - 0.5, beside}, 1); };
    const Critic::Verdict verdict = critic_->judge(seen(pair(truth)), seen(shown));
    values["critic"] = verdict.loss;
    values["critic_real"] = verdict.real;
    values["critic_fake"] = verdict.fake;
    if (run_steps_ < kFirstSteps) return loss;

    const at::Tensor gradient = torch::autograd::grad({loss}, {refined}, {}, true)[0];
    at::Tensor wish = torch::zeros_like(gradient);
    wish.view({n, T, 3, c, c})
        .narrow(1, t, 2)
        .copy_(verdict.gradient.narrow(1, 0, 6).reshape({n, 2, 3, c, c}));
    const at::Tensor last = parameters_.all().at(last_layer);
    const auto length = [&](const at::Tensor& at_pictures) {
        return torch::autograd::grad({refined}, {last}, {at_pictures}, true)[0]
            .norm()
            .item<double>();
    };
    const double share = options_.adversarial * length(gradient) / std::max(length(wish), 1e-12);
    const at::Tensor sum = (refined * (gradient + share * wish)).sum();
    return sum + (loss - sum).detach();
}

}  // namespace gvc::train
