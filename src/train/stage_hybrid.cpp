// Stage 1b: the hybrid's refiner on pictures that AV1 decoded.
#include "nn/torch/torch_ops.h"
#include "train/trainer.h"

namespace gvc::train {

constexpr double kLpipsWeight = 0.6;  // of each of its two networks
constexpr int kBaseEvery = 5;         // steps, one of which measures the unrefined base, for the log

at::Tensor Trainer::hybrid_loss(Values& values) {
    constexpr int T = models::kChunkFrames;
    const int64_t n = options_.batch, c = options_.crop;
    PairSet::Batch batch = pairs_->sample(options_.batch, T, options_.crop, random_);
    const at::Tensor truth = batch.truth.to(device_), coded = batch.coded.to(device_);
    models::HybridInput input;
    input.rgb = input.previous = nn::from_torch(coded);
    input.crfs = std::move(batch.conditions.crfs);
    input.scales = std::move(batch.conditions.scales);
    input.bpps = std::move(batch.conditions.bpps);
    const at::Tensor refined = nn::to_torch(hybrid_->run(*ops_, input, T)).to(at::kFloat);

    const at::Tensor l1 = (refined - truth).abs().mean();
    at::Tensor d = l1 + 0.2 * ms_ssim_loss(refined, truth).mean();
    // Cropping by a random offset keeps the loss from learning the networks' sampling grid.
    const int64_t dx = std::uniform_int_distribution<int>(0, 7)(random_), s = c - 8;
    const int64_t dy = std::uniform_int_distribution<int>(0, 7)(random_);
    auto crop = [&](const at::Tensor& x) { return x.narrow(2, dy, s).narrow(3, dx, s); };
    for (size_t net = 0; net < lpips_.size(); ++net) {
        const std::string name = net == 0 ? "alex" : "squeeze";
        const at::Tensor l = lpips_[net](crop(refined), crop(truth)).mean();
        d = d + kLpipsWeight * l;
        values[name] = l.item<double>();
        if (run_steps_ % kBaseEvery == 0) {
            torch::NoGradGuard no_grad;
            values[name + "_base"] = lpips_[net](crop(coded), crop(truth)).mean().item<double>();
        }
    }
    auto change = [&](const at::Tensor& x) {
        const at::Tensor v = x.view({n, T, 3, c, c});
        return v.narrow(1, 1, T - 1) - v.narrow(1, 0, T - 1);
    };
    d = d + 0.5 * (change(refined) - change(truth)).abs().mean();
    values["l1"] = l1.item<double>();
    values["l1_base"] = (coded - truth).abs().mean().item<double>();
    if (show_) {
        auto first = [&](const at::Tensor& x) { return x.view({n, T, 3, c, c}).select(1, 0); };
        show({first(truth), first(coded), first(refined)});
    }
    return d;
}

}  // namespace gvc::train
