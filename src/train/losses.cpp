#include "train/losses.h"

#include <cmath>

#include "nn/torch/torch_ops.h"
#include "train/lpips_distance.h"
#include "weights/safetensors.h"

namespace gvc::train {
namespace {

at::Tensor normal_cdf(const at::Tensor& x) { return 0.5 * at::erfc(x * -M_SQRT1_2); }

}  // namespace

Result<Lpips> Lpips::load(models::LpipsNet net, const std::string& path, at::Device device,
                          nn::Precision precision) {
    GVC_ASSIGN_OR_RETURN(auto file, weights::SafetensorsFile::open(path));
    std::string missing;
    nn::ParameterProvider provider = [&](const std::string& name, at::IntArrayRef shape, nn::Init,
                                         int64_t, float) {
        const weights::TensorView* view = file.find(name);
        if (!view || at::IntArrayRef(view->shape) != shape) {
            missing = name;
            return torch::zeros(shape, device);
        }
        std::vector<float> values;
        weights::to_float(*view, values);
        return torch::from_blob(values.data(), shape, at::kFloat).clone().to(device);
    };
    Lpips lpips;
    lpips.ops_ = nn::make_torch_ops(provider, device, precision);
    lpips.features_ = std::make_shared<models::LpipsFeatures>(*lpips.ops_, net);
    if (!missing.empty())
        return Status(Code::model, path + " lacks " + missing + " or has it in another shape");
    return lpips;
}

std::vector<at::Tensor> Lpips::features(const at::Tensor& truth) const {
    torch::NoGradGuard no_grad;
    std::vector<at::Tensor> result;
    for (const nn::Tensor& tap : features_->run(*ops_, nn::from_torch(truth.detach())))
        result.push_back(nn::to_torch(tap));
    return result;
}

// The truth's features need no gradients: a third of the work less than both at once.
at::Tensor Lpips::operator()(const at::Tensor& a, const at::Tensor& b) const {
    return (*this)(a, features(b));
}

at::Tensor Lpips::operator()(const at::Tensor& a, const std::vector<at::Tensor>& of_b) const {
    const auto taps = features_->run(*ops_, nn::from_torch(a));
    at::Tensor sum;
    for (size_t k = 0; k < taps.size(); ++k) {
        const at::Tensor d =
            lpips_distance(nn::to_torch(taps[k]), of_b[k], nn::to_torch(features_->heads()[k]));
        sum = sum.defined() ? sum + d : d;
    }
    return sum;
}

at::Tensor photometric(const at::Tensor& a, const at::Tensor& b) {
    at::Tensor d = a - b;
    at::Tensor gx = at::pad(d.narrow(3, 1, d.size(3) - 1) - d.narrow(3, 0, d.size(3) - 1), {0, 1});
    at::Tensor gy =
        at::pad(d.narrow(2, 1, d.size(2) - 1) - d.narrow(2, 0, d.size(2) - 1), {0, 0, 0, 1});
    return (d.abs() + gx.abs() + gy.abs()).mean(1, true);
}

at::Tensor smoothness(const at::Tensor& flow) {
    at::Tensor gx = flow.narrow(3, 1, flow.size(3) - 1) - flow.narrow(3, 0, flow.size(3) - 1);
    at::Tensor gy = flow.narrow(2, 1, flow.size(2) - 1) - flow.narrow(2, 0, flow.size(2) - 1);
    return gx.abs().mean() + gy.abs().mean();
}

at::Tensor ms_ssim_loss(const at::Tensor& a, const at::Tensor& b) {
    constexpr double kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;
    at::Tensor x = a, y = b, result;
    for (int scale = 0; scale < 3; ++scale) {
        if (scale > 0) {
            x = at::avg_pool2d(x, {2, 2});
            y = at::avg_pool2d(y, {2, 2});
        }
        // A box window: three times quicker than the Gaussian one, and this is only a loss.
        auto mean = [](const at::Tensor& v) { return at::avg_pool2d(v, {7, 7}, {2, 2}); };
        at::Tensor mx = mean(x), my = mean(y);
        at::Tensor xx = mean(x * x) - mx * mx, yy = mean(y * y) - my * my;
        at::Tensor xy = mean(x * y) - mx * my;
        at::Tensor contrast = (2 * xy + kC2) / (xx + yy + kC2);
        at::Tensor term = contrast;
        if (scale == 2) term = term * (2 * mx * my + kC1) / (mx * mx + my * my + kC1);
        at::Tensor value = term.mean(at::IntArrayRef{1, 2, 3});
        result = result.defined() ? result + value : value;
    }
    return 1.0 - result / 3.0;
}

at::Tensor mean_psnr(const at::Tensor& a, const at::Tensor& b) {
    const at::Tensor mse = (a - b).square().mean(at::IntArrayRef{1, 2, 3});
    return (-10 * mse.clamp_min(1e-8).log10()).mean();
}

at::Tensor gaussian_bits(const at::Tensor& v, const at::Tensor& sigma) {
    at::Tensor magnitude = v.abs();
    at::Tensor p = normal_cdf((0.5 - magnitude) / sigma) - normal_cdf((-0.5 - magnitude) / sigma);
    at::Tensor bits = -at::log2(at::clamp_min(p, 1e-6));
    // Beyond the bound the gradient of the likelihood is gone: a linear tail keeps pulling.
    at::Tensor tail = at::clamp_min(magnitude - 0.5 - 4.0 * sigma, 0.0);
    return bits + 0.5 * tail / sigma.detach();
}

at::Tensor rounded(const at::Tensor& x) { return at::floor(x + 0.5); }

at::Tensor round_straight_through(const at::Tensor& x) { return x + (rounded(x) - x).detach(); }

}  // namespace gvc::train
