#include "train/entropy_model.h"

#include <cmath>

#include "models/blocks.h"
#include "models/motion.h"
#include "train/losses.h"

namespace gvc::train {
namespace {

// As codec/quantiser.h.
void spare_motion_bits(const at::Tensor& residual, const at::Tensor& sigma, at::Tensor& symbols) {
    const auto motion = [](const at::Tensor& x) { return x.narrow(1, 0, models::kMotionLatents); };
    const auto cost = [&](const at::Tensor& symbol) {
        return (motion(residual) - symbol).square() +
               models::kMotionBitWeight * gaussian_bits(symbol, motion(sigma));
    };
    at::Tensor best = motion(symbols);
    const at::Tensor smaller = best - best.sign();
    for (const at::Tensor& symbol : {smaller, at::zeros_like(best)})
        best.copy_(at::where(cost(symbol) < cost(best), symbol, best));
}

}  // namespace

at::Tensor quality_matrix(const std::vector<float>& qps, at::Device device) {
    std::vector<float> values;
    for (float qp : qps)
        for (int k = 1; k <= models::kQualityFeatures; ++k)
            values.push_back(std::cos(static_cast<float>(M_PI) * k * (qp + 0.5f) / 32.0f));
    return torch::tensor(values, at::kFloat)
        .view({static_cast<int64_t>(qps.size()), models::kQualityFeatures})
        .to(device);
}

EntropyModel::Layer EntropyModel::layer(Parameters& p, const std::string& name, int in, int out,
                                        int kernel, int shift, bool quality) const {
    Layer l;
    l.shift = shift;
    l.weight = p.get(name + ".weight", {out, in, kernel, kernel}, nn::Init::kaiming,
                     int64_t{in} * kernel * kernel, 1.0f);
    l.bias = p.get(name + ".bias", {out}, nn::Init::zero, 0, 1.0f);
    if (quality) l.quality = p.get(name + ".quality", {out, 8}, nn::Init::zero, 0, 1.0f);
    return l;
}

EntropyModel::EntropyModel(Parameters& p, const std::string& kind) : chunk_(kind == "chunk") {
    using models::kHyperChannels;
    using models::kLatentChannels;
    std::string prefix = "scale." + kind + ".";
    z1_ = layer(p, prefix + "z1", 2 * kHyperChannels, 96, 3, 8, false);
    z2_ = layer(p, prefix + "z2", 96, 512, 1, 7, false);
    if (chunk_) {
        p1_ = layer(p, prefix + "p1", kLatentChannels, 48, 1, 7, false);
        p2_ = layer(p, prefix + "p2", 48, 48, 3, 8, false);
    }
    d1_ = layer(p, prefix + "d1", chunk_ ? 80 : 32, 96, 1, 7, true);
    out_ = layer(p, prefix + "out", 96, kLatentChannels, 1, 6, true);
    bool fresh = out_.bias.abs().sum().item<float>() == 0.0f;
    if (fresh) {
        torch::NoGradGuard no_grad;
        out_.bias.fill_(14.0);  // a standard deviation of about 0.9: nothing is cheap at first
    }
    z_log_sigma_ = p.get(prefix + "z_log_sigma", {1, kHyperChannels, 1, 1}, nn::Init::zero, 0, 1);
    z_log_sigma_quality_ =
        p.get(prefix + "z_log_sigma_quality", {kHyperChannels, 8}, nn::Init::zero, 0, 1);
    z_mean_ = p.get(prefix + "z_mean", {1, kHyperChannels, 1, 1}, nn::Init::zero, 0, 1);
    z_mean_quality_ = p.get(prefix + "z_mean_quality", {kHyperChannels, 8}, nn::Init::zero, 0, 1);
}

at::Tensor EntropyModel::run(const Layer& l, const at::Tensor& x, const at::Tensor& quality) const {
    double unit = std::ldexp(1.0, l.shift);
    // Integer weights stay within [-64, 63] (exact u8 x s8 products on every instruction set).
    at::Tensor w = round_straight_through(at::clamp(l.weight * unit, -64.0, 63.0)) / unit;
    at::Tensor b =
        round_straight_through(l.bias * (unit * kActivationUnit)) / (unit * kActivationUnit);
    int64_t pad = l.weight.size(2) / 2;
    at::Tensor y = at::conv2d(x, w, b, {1, 1}, {pad, pad});
    if (l.quality.defined()) {
        at::Tensor q = at::matmul(quality, l.quality.t());  // [N, out]
        q = round_straight_through(q * (unit * kActivationUnit)) / (unit * kActivationUnit);
        y = y + q.unsqueeze(-1).unsqueeze(-1);
    }
    return y;
}

at::Tensor EntropyModel::hidden(const Layer& l, const at::Tensor& x,
                                const at::Tensor& quality) const {
    at::Tensor y = run(l, x, quality);
    return at::clamp(round_straight_through(y * kActivationUnit), 0.0, 255.0) / kActivationUnit;
}

at::Tensor EntropyModel::scale_index(const at::Tensor& z, const at::Tensor& previous,
                                     const std::vector<float>& qps) const {
    at::Tensor quality = quality_matrix(qps, z.device());
    at::Tensor x = at::cat({at::clamp(z, 0.0, 15.0), at::clamp(-z, 0.0, 15.0)}, 1);
    x = hidden(z2_, hidden(z1_, x));
    int64_t n = x.size(0), h = x.size(2), w = x.size(3);
    x = x.view({n, 4, 4, 32, h, w}).permute({0, 3, 4, 1, 5, 2}).reshape({n, 32, h * 4, w * 4});
    if (chunk_) {
        at::Tensor magnitude =
            previous.defined()
                ? at::clamp(previous.abs(), 0.0, 15.0)
                : torch::zeros({n, models::kLatentChannels, h * 4, w * 4}, z.options());
        x = at::cat({x, hidden(p2_, hidden(p1_, magnitude))}, 1);
    }
    at::Tensor index = run(out_, hidden(d1_, x, quality), quality);
    // Outside the range the gradient still passes, so that no index is stuck at an end.
    at::Tensor bounded = at::clamp(at::floor(index + 0.5), 0.0, 31.0);
    return index + (bounded - index).detach();
}

at::Tensor EntropyModel::z_sigma(const std::vector<float>& qps) const {
    at::Tensor q = at::matmul(quality_matrix(qps, z_mean_.device()), z_log_sigma_quality_.t());
    return at::exp(z_log_sigma_ + q.unsqueeze(-1).unsqueeze(-1));
}

at::Tensor EntropyModel::z_mean(const std::vector<float>& qps) const {
    at::Tensor q = at::matmul(quality_matrix(qps, z_mean_.device()), z_mean_quality_.t());
    return z_mean_ + q.unsqueeze(-1).unsqueeze(-1);
}

Rates EntropyModel::rates(const at::Tensor& y_residual, const at::Tensor& z,
                          const at::Tensor& z_hat, const at::Tensor& previous,
                          const std::vector<float>& qps) const {
    auto noisy = [](const at::Tensor& v) { return v + at::rand_like(v) - 0.5; };
    auto sum = [](const at::Tensor& v) { return v.flatten(1).sum(1); };
    at::Tensor index = scale_index(z_hat, previous, qps);
    at::Tensor sigma = kSigmaFirst * at::exp((index - 1.0) * std::log(kSigmaStep));
    at::Tensor sz = z_sigma(qps), mz = z_mean(qps);

    Rates r;
    r.bits = sum(gaussian_bits(noisy(y_residual), sigma)) + sum(gaussian_bits(noisy(z) - mz, sz));
    {
        torch::NoGradGuard no_grad;
        r.symbols = at::floor(y_residual + 0.5);
        if (chunk_) spare_motion_bits(y_residual, sigma, r.symbols);
        const at::Tensor bits = gaussian_bits(r.symbols, sigma);
        r.bits_hyper = sum(gaussian_bits(z_hat - mz, sz));
        r.bits_hard = sum(bits) + r.bits_hyper;
        r.bits_motion = sum(bits.narrow(1, 0, models::kMotionLatents));
        r.index = index.detach();
    }
    return r;
}

}  // namespace gvc::train
