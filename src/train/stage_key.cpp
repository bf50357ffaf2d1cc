// Stage 1: the keyframe codec with the base head.
#include <cmath>

#include "nn/torch/torch_ops.h"
#include "train/trainer.h"

namespace gvc::train {
namespace {

// Of the GOP's 29 frames the keyframe is one, but all of them lean on it: a bit spent here is worth
// about twenty-five frames' share.
constexpr double kKeyShare = 25.0;

// Adam's, as in codec/keyframe_descent.cpp.
constexpr double kDecay = 0.9, kSquareDecay = 0.99;

}  // namespace

// Symbols by descent on distortion and bits, then the picture that is made of them.
CodedPicture Trainer::searched_key(const at::Tensor& rgb, const std::vector<float>& qps,
                                   const at::Tensor& bit_weights) {
    const OpenKey key = open_key(*ops_, *nets_, rgb, qps);
    at::Tensor value = key.residual.clone().requires_grad_(true);
    at::Tensor mean = at::zeros_like(value), square = at::zeros_like(value);
    at::Tensor index, sigma;
    {
        torch::NoGradGuard no_grad;
        index = nets_->key_entropy.scale_index(key.z_hat, {}, qps);
        sigma = kSigmaFirst * at::exp((index - 1.0) * std::log(kSigmaStep));
    }
    const int steps = options_.search_steps;
    for (int step = 0; step < steps; ++step) {
        const at::Tensor symbols = round_straight_through(value) * (index > 0.5).to(at::kFloat);
        models::DecoderState state;
        const at::Tensor picture = nn::to_torch(
            nets_->tokeniser
                .decode_key(*ops_, nn::from_torch(symbols + key.mean.detach()), qps, state)
                .rgb);
        Values unused;
        const at::Tensor loss = distortion(picture, rgb, unused, "") +
                                bit_weights * gaussian_bits(symbols, sigma).flatten(1).sum(1);
        const at::Tensor g = torch::autograd::grad({loss.sum()}, {value})[0];
        torch::NoGradGuard no_grad;
        const double length =
            0.095 / std::sqrt(double(steps)) * (1 + std::cos(M_PI * step / double(steps)));
        mean.mul_(kDecay).add_(g, 1 - kDecay);
        square.mul_(kSquareDecay).addcmul_(g, g, 1 - kSquareDecay);
        const at::Tensor size = (square / (1 - std::pow(kSquareDecay, step + 1))).sqrt() + 1e-12;
        value.sub_(length * mean / (1 - std::pow(kDecay, step + 1)) / size);
    }
    return close_key(*ops_, *nets_, key, at::floor(value.detach() + 0.5), qps);
}

at::Tensor Trainer::key_loss(Values& values) {
    at::Tensor rgb = batch_of(1);
    std::vector<float> qps = draw_qps(options_.batch, random_);
    double pixels = double(rgb.size(2) * rgb.size(3));
    std::vector<float> weights;
    for (float qp : qps)
        weights.push_back(static_cast<float>(models::rate_weight(qp) / kKeyShare / pixels));
    const at::Tensor bit_weights = torch::tensor(weights).to(device_);

    const bool searched = options_.search_steps > 0 && run_steps_ % 2 == 1;
    models::DecoderState state;
    const CodedPicture coded =
        searched ? searched_key(rgb, qps, bit_weights) : code_key(*ops_, *nets_, rgb, qps, state);
    const at::Tensor& picture = nn::to_torch(coded.base.rgb);
    const std::string name = searched ? "searched" : "key";
    at::Tensor d = distortion(picture, rgb, values, name);
    at::Tensor rate = coded.rates.bits * bit_weights;
    const at::Tensor loss = (d + rate_share() * rate).mean();
    values[name + "_loss"] = loss.item<double>();
    values[searched ? "searched_bpp" : "bpp"] =
        coded.rates.bits_hard.mean().item<double>() / pixels;
    if (show_) show({rgb, picture});
    if (searched) return loss;

    values["bpp_hyper"] = coded.rates.bits_hyper.mean().item<double>() / pixels;
    values["bpp_fine"] = coded.rates.bits_hard[0].item<double>() / pixels;
    values["bpp_coarse"] = coded.rates.bits_hard[-1].item<double>() / pixels;
    values["living"] = double(living_channels(coded.symbols.narrow(0, 0, 1)));
    values["y_std"] = coded.y_std.item<double>();
    values["mse"] = (picture.detach() - rgb).square().mean().item<double>();
    return loss + latent_distortion(coded, rgb, "key", values);
}

}  // namespace gvc::train
