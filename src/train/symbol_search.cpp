#include "train/symbol_search.h"

#include <torch/autograd.h>

#include <cmath>

#include "codec/descent_loss.h"
#include "models/qualities.h"
#include "nn/torch/torch_ops.h"

namespace gvc::train {
namespace {

// Half the difference of the bits that a symbol's neighbours take.
at::Tensor slope_of_bits(const at::Tensor& symbols, const Distribution& d) {
    return 0.5 * (gaussian_bits(symbols + 1 - d.mean, d.sigma) -
                  gaussian_bits(symbols - 1 - d.mean, d.sigma));
}

}  // namespace

at::Tensor searched_symbols(nn::Ops& ops, const Networks& nets, const std::vector<Lpips>& lpips,
                            const KeyToSearch& key, int steps) {
    if (steps == 0) return rounded(key.exact);
    const auto of_symbols = [&](const at::Tensor& symbols) {
        torch::NoGradGuard no_grad;
        return nets.key_entropy.of_symbols(symbols, key.hyper, {}, key.qps);
    };
    const Distribution d = of_symbols(rounded(key.exact));
    const at::Tensor coded = (d.index > 0.5).to(at::kFloat);
    const at::Tensor bit_weight = key_bit_weights(key.qps, key.rgb).view({-1, 1, 1, 1});

    at::Tensor value = key.exact * coded;
    at::Tensor mean = at::zeros_like(value), square = at::zeros_like(value);
    std::vector<std::vector<at::Tensor>> truth;
    for (const Lpips& judge : lpips) truth.push_back(judge.features(key.rgb));
    for (int step = 0; step < steps; ++step) {
        const at::Tensor symbols = rounded(value).detach().set_requires_grad(true);
        const torch::AutoGradMode with_gradients(true);
        models::DecoderState state;
        const at::Tensor picture =
            nn::to_torch(
                nets.tokeniser.decode_key(ops, nn::from_torch(symbols + key.means), key.qps, state)
                    .rgb)
                .to(at::kFloat);
        const at::Tensor l1 = (picture - key.rgb).abs().mean(at::IntArrayRef{1, 2, 3});
        const size_t turn = static_cast<size_t>(step) % lpips.size();
        const at::Tensor seen = lpips[turn](picture, truth[turn]);
        const at::Tensor loss = (codec::kDescentL1 * l1 + codec::kDescentLpips * seen).sum();
        // Of the symbols alone: the networks' gradients belong to whoever trains them.
        const at::Tensor slope = torch::autograd::grad({loss}, {symbols})[0];
        torch::NoGradGuard no_grad;
        const at::Tensor gradient = slope + bit_weight * slope_of_bits(symbols.detach(), d);
        mean = codec::kDescentMemory * mean + (1 - codec::kDescentMemory) * gradient;
        square = codec::kDescentSquareMemory * square +
                 (1 - codec::kDescentSquareMemory) * gradient.square();
        const at::Tensor direction =
            mean / (1 - std::pow(codec::kDescentMemory, step + 1)) /
            (at::sqrt(square / (1 - std::pow(codec::kDescentSquareMemory, step + 1))) + 1e-12);
        std::vector<float> lengths;
        for (float qp : key.qps) lengths.push_back(codec::step_length(step, steps, qp));
        const at::Tensor length = torch::tensor(lengths).to(value.device()).view({-1, 1, 1, 1});
        value = value - length * direction * coded;
    }
    const at::Tensor symbols = rounded(value) * coded;
    return symbols * (of_symbols(symbols).index > 0.5).to(at::kFloat);
}

}  // namespace gvc::train
