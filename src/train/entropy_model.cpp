#include "train/entropy_model.h"

#include <cmath>

#include "models/motion_latent.h"
#include "models/tokeniser.h"
#include "train/losses.h"

namespace gvc::train {
namespace {

constexpr int kUpFeatures = 32, kPreviousFeatures = 48;

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

at::Tensor bits(const at::Tensor& value, const Distribution& d) {
    return gaussian_bits(value - d.mean, d.sigma);
}

at::Tensor sum_of(const at::Tensor& v) { return v.flatten(1).sum(1); }

}  // namespace

EntropyModel::EntropyModel(Parameters& p, const std::string& kind) : chunk_(kind == "chunk") {
    using models::kHyperChannels;
    using models::kLatentChannels;
    std::string prefix = "scale." + kind + ".";
    z1_ = IntegerLayer(p, prefix + "z1", 2 * kHyperChannels, 96, 3, 8, false);
    z2_ = IntegerLayer(p, prefix + "z2", 96, 512, 1, 7, false);
    if (chunk_) {
        p1_ = IntegerLayer(p, prefix + "p1", kLatentChannels, kPreviousFeatures, 1, 7, false);
        p2_ = IntegerLayer(p, prefix + "p2", kPreviousFeatures, kPreviousFeatures, 3, 8, false);
    }
    const int features = kUpFeatures + (chunk_ ? kPreviousFeatures : 0);
    d1_ = IntegerLayer(p, prefix + "d1", features, 96, 1, 7, true);
    out_ = IntegerLayer(p, prefix + "out", 96, kLatentChannels, 1, 6, true);
    out_.start_at(14.0f);  // a standard deviation of about 0.9: nothing is cheap at first
    z_log_sigma_ = p.get(prefix + "z_log_sigma", {1, kHyperChannels, 1, 1}, nn::Init::zero, 0, 1);
    z_log_sigma_quality_ =
        p.get(prefix + "z_log_sigma_quality", {kHyperChannels, 8}, nn::Init::zero, 0, 1);
    z_mean_ = p.get(prefix + "z_mean", {1, kHyperChannels, 1, 1}, nn::Init::zero, 0, 1);
    z_mean_quality_ = p.get(prefix + "z_mean_quality", {kHyperChannels, 8}, nn::Init::zero, 0, 1);
    if (chunk_) return;
    y_context_.emplace(p, prefix + "y_context.", kLatentChannels, features);
    z_context_.emplace(p, prefix + "z_context.", kHyperChannels, 0);
}

at::Tensor EntropyModel::features(const at::Tensor& z, const at::Tensor& previous) const {
    at::Tensor x = at::cat({at::clamp(z, 0.0, 15.0), at::clamp(-z, 0.0, 15.0)}, 1);
    x = z2_.hidden(z1_.hidden(x));
    const int64_t n = x.size(0), h = x.size(2), w = x.size(3);
    x = x.view({n, 4, 4, kUpFeatures, h, w})
            .permute({0, 3, 4, 1, 5, 2})
            .reshape({n, kUpFeatures, h * 4, w * 4});
    if (!chunk_) return x;
    const at::Tensor magnitude =
        previous.defined() ? at::clamp(previous.abs(), 0.0, 15.0)
                           : torch::zeros({n, models::kLatentChannels, h * 4, w * 4}, z.options());
    return at::cat({x, p2_.hidden(p1_.hidden(magnitude))}, 1);
}

Distribution EntropyModel::of_symbols(const at::Tensor& symbols, const at::Tensor& z,
                                      const at::Tensor& previous, const std::vector<float>& qps,
                                      bool neighbours) const {
    const at::Tensor quality = quality_matrix(qps, z.device());
    const at::Tensor x = features(z, previous);
    const at::Tensor index = out_.index(d1_.hidden(x, quality), quality, 0, 31);
    const Distribution first = distribution_of(index, at::zeros_like(index));
    return y_context_ && neighbours ? y_context_->rows(first, symbols, x, quality) : first;
}

Distribution EntropyModel::of_hyper(const at::Tensor& z, const std::vector<float>& qps) const {
    const at::Tensor quality = quality_matrix(qps, z.device());
    Distribution first;
    first.index = at::ones_like(z);
    first.shift = at::zeros_like(z);
    first.sigma = z_sigma(qps).expand_as(z);
    first.mean = z_mean(qps).expand_as(z);
    return z_context_ ? z_context_->rows(first, z, {}, quality) : first;
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
                          const std::vector<float>& qps, bool neighbours) const {
    const auto noisy = [](const at::Tensor& v) { return v + at::rand_like(v) - 0.5; };
    Rates r;
    r.symbols = rounded(y_residual.detach());
    r.y = of_symbols(r.symbols, z_hat, previous, qps, neighbours);
    r.z = of_hyper(z_hat, qps);
    r.bits = sum_of(bits(noisy(y_residual), r.y)) + sum_of(bits(noisy(z), r.z));
    {
        torch::NoGradGuard no_grad;
        for (at::Tensor* t : {&r.y.index, &r.y.shift, &r.y.sigma, &r.y.mean, &r.z.index, &r.z.shift,
                              &r.z.sigma, &r.z.mean})
            *t = t->detach();
        if (chunk_) spare_motion_bits(y_residual, r.y.sigma, r.symbols);
        const at::Tensor of_y = bits(r.symbols, r.y);
        r.bits_hyper = sum_of(bits(z_hat, r.z));
        r.bits_hard = sum_of(of_y) + r.bits_hyper;
        r.bits_motion = sum_of(of_y.narrow(1, 0, models::kMotionLatents));
    }
    return r;
}

at::Tensor EntropyModel::bits_of(const at::Tensor& symbols, const at::Tensor& z,
                                 const std::vector<float>& qps) const {
    return sum_of(bits(symbols, of_symbols(symbols, z, {}, qps))) +
           sum_of(bits(z, of_hyper(z, qps)));
}

std::vector<weights::NamedTensor> EntropyModel::integer_tensors(const std::string& kind) const {
    std::vector<weights::NamedTensor> result;
    const std::string base = "entropy." + kind + ".";
    z1_.append(result, base + "scale.z1");
    z2_.append(result, base + "scale.z2");
    if (chunk_) {
        p1_.append(result, base + "scale.p1");
        p2_.append(result, base + "scale.p2");
    }
    d1_.append(result, base + "scale.d1");
    out_.append_index(result, base + "scale.out");
    if (y_context_) y_context_->append(result, base + "y_context.");
    if (z_context_) z_context_->append(result, base + "z_context.");
    return result;
}

}  // namespace gvc::train
