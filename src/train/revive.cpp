// Latent channels that have died, and how they are brought back.
//
// A channel is dead where its symbols are zero nearly everywhere even at the finest quality: the
// rate pushed it under the rounding before the decoder had learned to use it. What the decoder
// multiplies by zero never learns, and what it does not use is not worth sending: without help it
// stays dead. The shipped codec once lived for a day on 7 of 96 channels of the keyframe and on
// motion alone in the chunks (docs/training.md).
#include <cmath>
#include <cstdio>

#include "models/motion_latent.h"
#include "nn/torch/torch_ops.h"
#include "train/trainer.h"

namespace gvc::train {
namespace {

constexpr double kLivingShare = 0.03;  // of symbols that are not zero, at the finest quality
constexpr double kSpread = 1.5;        // of a revived channel's symbols at the middle quality
constexpr double kSlope = 1.04;        // ln of it towards either end: half of Tokeniser's ln 8

// [channels], 1 where dead.
at::Tensor dead_channels(const at::Tensor& symbols, int64_t keep) {
    const at::Tensor used = (symbols.abs() > 0.5).to(at::kFloat).mean(at::IntArrayRef{0, 2, 3});
    at::Tensor dead = (used < kLivingShare).to(at::kFloat);
    dead.narrow(0, 0, keep).zero_();  // motion finds its own way, and is zero where nothing moves
    return dead;
}

}  // namespace

int64_t living_channels(const at::Tensor& symbols) {
    return symbols.size(1) - dead_channels(symbols, 0).sum().item<int64_t>();
}

void Trainer::revive() {
    torch::NoGradGuard no_grad;
    constexpr int T = models::kChunkFrames;
    const int64_t n = options_.batch, c = options_.crop;
    const at::Tensor frames = batch_of(1 + T).view({n, 1 + T, 3, c, c});
    const at::Tensor key = unit_frames(frames, -1), chunk = unit_frames(frames, 0);
    const std::vector<float> fine(static_cast<size_t>(n), 0.0f),
        middle(static_cast<size_t>(n), 15.5f);

    for (const std::string& kind : {std::string("key"), std::string("chunk")}) {
        const bool is_key = kind == "key";
        if (is_key && options_.freeze_key) continue;
        models::DecoderState state;
        CodedPicture coded = code_key(*ops_, *nets_, key, fine, state);
        const models::DecoderState before = state;
        if (!is_key) coded = code_chunk(*ops_, *nets_, chunk, fine, {}, state);
        const at::Tensor dead = dead_channels(coded.symbols, is_key ? 0 : models::kMotionLatents);
        const at::Tensor alive = 1.0 - dead;
        const auto value = [&](const std::string& name) { return parameters_.all().at(name); };
        const auto refill = [&](const std::string& name, int64_t along, double spread) {
            at::Tensor p = value(name);
            std::vector<int64_t> shape(static_cast<size_t>(p.dim()), 1);
            shape[static_cast<size_t>(along)] = -1;
            const at::Tensor mask = dead.view(shape);
            p.copy_(p * (1.0 - mask) + spread * at::randn_like(p) * mask);
        };
        const std::string encoder = "encoder." + kind + ".coder.";
        const std::string base = "base." + kind + ".coder.", scale = "scale." + kind + ".out.";
        const double fan_in = double(value(encoder + "to_y.weight").size(1));
        const double latents = double(dead.numel());
        refill(encoder + "to_y.weight", 0, 1.0 / std::sqrt(fan_in));
        refill(encoder + "to_y.bias", 0, 0.0);
        refill(encoder + "hyper_down1.weight", 1, 0.1 / std::sqrt(9.0 * latents));
        refill(base + "log_step.weight", 0, 0.0);
        refill(base + "log_step.bias", 0, 0.0);
        refill(base + "mean_out.weight", 0, 0.0);
        refill(base + "mean_out.bias", 0, 0.0);
        // Small enough to leave the picture as it is, large enough for a gradient to get through.
        refill(base + "from_y.weight", 1, 0.1 / std::sqrt(latents));
        // Each to the same spread, and the model of it to begin with.
        models::DecoderState here = before;
        const models::Latent latent =
            is_key ? nets_->tokeniser.analyse_key(*ops_, nn::from_torch(key), middle)
                   : nets_->tokeniser.analyse_chunk(*ops_, nn::from_torch(chunk), here, middle);
        const at::Tensor y = nn::to_torch(latent.y).to(at::kFloat);
        const at::Tensor spread = y.permute({1, 0, 2, 3}).flatten(1).std(at::IntArrayRef{1}, true);
        const at::Tensor gain = dead * (kSpread / spread.clamp_min(1e-3)) + alive;
        value(encoder + "to_y.weight").mul_(gain.view({-1, 1, 1, 1}));
        refill(scale + "weight", 0, 0.0);
        const double octave = std::log(kSigmaStep);
        at::Tensor bias = value(scale + "bias"), quality = value(scale + "quality");
        bias.copy_(bias * alive + dead * (1.0 + std::log(kSpread / kSigmaFirst) / octave));
        quality.mul_(alive.unsqueeze(1));
        quality.select(1, 0).add_(dead * (kSlope / octave));
        std::fprintf(stderr, "%s: %.0f of %.0f channels revived\n", kind.c_str(),
                     dead.sum().item<double>(), latents);
    }
    parameters_.restart_average();
}

}  // namespace gvc::train
