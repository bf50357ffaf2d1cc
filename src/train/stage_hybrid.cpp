// Stage 1b: the hybrid's refiner on pictures that AV1 decoded.
#include <array>

#include "nn/torch/torch_ops.h"
#include "train/trainer.h"

namespace gvc::train {

constexpr double kLpipsWeight = 1.0;  // of each of its two networks
constexpr int64_t kSeenFrames = 2;  // of each group of four by MS-SSIM and LPIPS: more tell little
constexpr double kNoDetail = 0.1;   // share of groups that are refined without a detail code
constexpr int kFirstSteps = 100;    // of a run, in which the critic learns alone
constexpr int kBaseEvery = 5;       // steps, one of which measures the unrefined base, for the log

// The detail code of each group, with some left out: [batch * frames, bands, H/32, W/32].
at::Tensor Trainer::detail_code(const PairSet::Batch& batch, int64_t frames, Values& values) {
    torch::NoGradGuard no_grad;
    constexpr int kPictures = PairSet::kContext;
    const auto energy = [&](const at::Tensor& pictures) {
        return nn::to_torch(models::detail_energy(*ops_, nn::from_torch(pictures.to(device_))))
            .to(at::kCPU, at::kFloat)
            .contiguous();
    };
    const at::Tensor before = energy(batch.truth_context), after = energy(batch.coded_context);
    const int64_t h = before.size(2), w = before.size(3);
    const auto count = static_cast<size_t>(before[0].numel() * kPictures);
    at::Tensor code = torch::zeros({options_.batch, models::kDetailBands, h, w});
    std::array<double, 2 * models::kDetailLimit + 1> shares{};
    for (int64_t n = 0; n < options_.batch; ++n) {
        const auto values_of = [&](const at::Tensor& x) {
            return std::span<const float>(x[n * kPictures].data_ptr<float>(), count);
        };
        auto symbols = models::detail_symbols(values_of(before), values_of(after), kPictures);
        for (int8_t s : symbols) shares[static_cast<size_t>(s + models::kDetailLimit)] += 1;
        if (std::uniform_real_distribution<double>(0, 1)(random_) < kNoDetail) continue;
        code[n] = torch::from_blob(symbols.data(), {models::kDetailBands, h, w}, at::kChar)
                      .to(at::kFloat);
    }
    for (size_t i = 0; i < shares.size(); ++i)
        values["detail" + std::to_string(i)] = shares[i] / double(code.numel());
    return code.repeat_interleave(frames, 0).to(device_);
}

// The loss with the critic's part, whose gradient at the last layer has options_.adversarial of the
// length of the loss's own (Esser et al. 2021). At the pictures the two cannot be compared: what
// the critic wants is smooth and adds up in the layers below, LPIPS' wishes mostly cancel. What
// comes back has the gradient of the sum, not its value.
at::Tensor Trainer::with_adversary(const at::Tensor& loss, const at::Tensor& truth,
                                   const at::Tensor& coded, const at::Tensor& refined,
                                   Values& values) {
    constexpr int T = models::kChunkFrames;
    const int64_t n = options_.batch, c = options_.crop;
    const int64_t t = std::uniform_int_distribution<int64_t>(0, T - 2)(random_);
    const auto pair = [&](const at::Tensor& x) {
        return x.view({n, T, 3, c, c}).narrow(1, t, 2).reshape({n, 6, c, c});
    };
    const at::Tensor shown = pair(refined.detach()), beside = pair(coded) - 0.5;
    const auto seen = [&](const at::Tensor& x) { return at::cat({x - 0.5, beside}, 1); };
    const Critic::Verdict verdict = critic_->judge(seen(pair(truth)), seen(shown));
    values["critic"] = verdict.loss;
    values["critic_real"] = verdict.real;
    values["critic_fake"] = verdict.fake;
    if (run_steps_ < kFirstSteps) return loss;

    at::Tensor gradient = torch::autograd::grad({loss}, {refined}, {}, true)[0];
    at::Tensor adversary = torch::zeros_like(gradient);
    adversary.view({n, T, 3, c, c})
        .narrow(1, t, 2)
        .copy_(verdict.gradient.narrow(1, 0, 6).reshape({n, 2, 3, c, c}));
    const at::Tensor last = parameters_.all().at("hybrid.refiner.head_out.weight");
    const auto length = [&](const at::Tensor& at_pictures) {
        return torch::autograd::grad({refined}, {last}, {at_pictures}, true)[0]
            .norm()
            .item<double>();
    };
    const double share =
        options_.adversarial * length(gradient) / std::max(length(adversary), 1e-12);
    return (refined * (gradient + share * adversary)).sum();
}

at::Tensor Trainer::hybrid_loss(Values& values) {
    constexpr int T = models::kChunkFrames;
    const int64_t n = options_.batch, c = options_.crop;
    PairSet::Batch batch = pairs_->sample(options_.batch, T, options_.crop, random_);
    const at::Tensor truth = batch.truth.to(device_), coded = batch.coded.to(device_);
    models::HybridInput input;
    input.rgb = input.previous = nn::from_torch(coded);
    input.detail = nn::from_torch(detail_code(batch, T, values));
    input.crfs = std::move(batch.conditions.crfs);
    input.scales = std::move(batch.conditions.scales);
    input.bpps = std::move(batch.conditions.bpps);
    const at::Tensor refined = nn::to_torch(hybrid_->run(*ops_, input, T)).to(at::kFloat);

    const at::Tensor l1 = (refined - truth).abs().mean();
    at::Tensor d = l1;
    // Cropping by a random offset keeps the loss from learning the networks' sampling grid.
    const int64_t dx = std::uniform_int_distribution<int>(0, 7)(random_), s = c - 8;
    const int64_t dy = std::uniform_int_distribution<int>(0, 7)(random_);
    const at::Tensor chosen = at::randperm(T).narrow(0, 0, kSeenFrames).to(device_);
    auto crop = [&](const at::Tensor& x) {
        const at::Tensor some = x.view({n, T, 3, c, c}).index_select(1, chosen).flatten(0, 1);
        return some.narrow(2, dy, s).narrow(3, dx, s);
    };
    d = d + 0.2 * ms_ssim_loss(crop(refined), crop(truth)).mean();
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
    values["loss"] = d.item<double>();
    return critic_ ? with_adversary(d, truth, coded, refined, values) : d;
}

}  // namespace gvc::train
