#include "train/critic.h"

#include <torch/autograd.h>
#include <torch/nn/functional.h>
#include <torch/nn/init.h>

namespace gvc::train {
namespace {

constexpr int64_t kWidth = 32;
constexpr double kLeak = 0.2;

}  // namespace

SpectralConvImpl::SpectralConvImpl(int64_t in, int64_t out, int64_t stride) : stride_(stride) {
    weight_ = register_parameter("weight", torch::empty({out, in, 3, 3}));
    bias_ = register_parameter("bias", torch::zeros({out}));
    torch::nn::init::orthogonal_(weight_);
    u_ = register_buffer(
        "u", torch::nn::functional::normalize(
                 torch::randn({out}), torch::nn::functional::NormalizeFuncOptions().dim(0)));
}

at::Tensor SpectralConvImpl::forward(const at::Tensor& x) {
    const at::Tensor matrix = weight_.flatten(1);
    at::Tensor v;
    {
        torch::NoGradGuard no_grad;
        const auto unit = [](const at::Tensor& t) { return t / (t.norm() + 1e-12); };
        v = unit(matrix.t().mv(u_));
        u_.copy_(unit(matrix.mv(v)));
    }
    const at::Tensor sigma = u_.clone().dot(matrix.mv(v));
    return at::conv2d(x, weight_ / sigma, bias_, stride_, 1);
}

PatchDiscriminatorImpl::PatchDiscriminatorImpl(int64_t channels, int64_t width) {
    first_ = register_module("first", SpectralConv(channels, width, 2));
    down1_ = register_module("down1", SpectralConv(width, 2 * width, 2));
    down2_ = register_module("down2", SpectralConv(2 * width, 4 * width, 2));
    last_ = register_module("last", SpectralConv(4 * width, 1, 1));
}

at::Tensor PatchDiscriminatorImpl::forward(at::Tensor x) {
    for (SpectralConv* layer : {&first_, &down1_, &down2_}) {
        x = at::leaky_relu((*layer)->forward(x), kLeak);
    }
    return last_->forward(x);
}

Critic::Critic(int64_t channels, double lr, at::Device device)
    : net_(channels, kWidth),
      optimiser_(net_->parameters(), torch::optim::AdamOptions(lr).betas({0.5, 0.99})) {
    net_->to(device);
}

Critic::Verdict Critic::judge(const at::Tensor& real, const at::Tensor& fake) {
    Verdict verdict;
    optimiser_.zero_grad();
    at::Tensor seen = fake.detach().requires_grad_(true);
    const at::Tensor of_real = net_->forward(real), of_fake = net_->forward(seen);
    const at::Tensor score = of_fake.mean();
    verdict.gradient = torch::autograd::grad({-score}, {seen}, {}, true)[0];
    const at::Tensor loss = at::relu(1 - of_real).mean() + at::relu(1 + of_fake).mean();
    loss.backward();
    optimiser_.step();
    verdict.loss = loss.item<double>();
    verdict.real = of_real.mean().item<double>();
    verdict.fake = score.item<double>();
    return verdict;
}

std::vector<ArchivePart> Critic::parts() {
    const auto part = [](const char* name, auto& of) {
        return ArchivePart{name, [&of](auto& archive) { of.save(archive); },
                           [&of](auto& archive) { of.load(archive); }};
    };
    return {part("net", *net_), part("optimiser", optimiser_)};
}

Status Critic::save(const std::string& path) { return save_archive(path, parts()); }

Status Critic::load(const std::string& path) {
    return load_archive(path, "the discriminator's state", parts());
}

}  // namespace gvc::train
