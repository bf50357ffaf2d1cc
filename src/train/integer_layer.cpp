#include "train/integer_layer.h"

#include <cmath>
#include <numeric>

#include "models/blocks.h"
#include "models/qualities.h"
#include "train/losses.h"

namespace gvc::train {

at::Tensor quality_matrix(const std::vector<float>& qps, at::Device device) {
    std::vector<float> values;
    for (float qp : qps)
        for (int k = 1; k <= models::kQualityFeatures; ++k)
            values.push_back(std::cos(static_cast<float>(M_PI) * k * (qp + 0.5f) / 32.0f));
    return torch::tensor(values, at::kFloat)
        .view({static_cast<int64_t>(qps.size()), models::kQualityFeatures})
        .to(device);
}

IntegerLayer::IntegerLayer(Parameters& parameters, const std::string& name, int in, int out,
                           int kernel, int shift, bool with_quality)
    : shift_(shift) {
    weight_ = parameters.get(name + ".weight", {out, in, kernel, kernel}, nn::Init::kaiming,
                             int64_t{in} * kernel * kernel, 1.0f);
    bias_ = parameters.get(name + ".bias", {out}, nn::Init::zero, 0, 1.0f);
    if (with_quality)
        quality_ = parameters.get(name + ".quality", {out, 8}, nn::Init::zero, 0, 1.0f);
}

void IntegerLayer::start_at(float bias) const {
    torch::NoGradGuard no_grad;
    if (bias_.abs().sum().item<float>() == 0.0f) at::Tensor(bias_).fill_(bias);
}

at::Tensor IntegerLayer::operator()(const at::Tensor& x, const at::Tensor& quality) const {
    const double unit = std::ldexp(1.0, shift_);
    // Integer weights stay within [-64, 63] (exact u8 x s8 products on every instruction set).
    at::Tensor w = round_straight_through(at::clamp(weight_ * unit, -64.0, 63.0)) / unit;
    at::Tensor b =
        round_straight_through(bias_ * (unit * kActivationUnit)) / (unit * kActivationUnit);
    const int64_t pad = weight_.size(2) / 2;
    at::Tensor y = at::conv2d(x, w, b, {1, 1}, {pad, pad});
    if (quality_.defined()) {
        at::Tensor q = at::matmul(quality, quality_.t());  // [N, out]
        q = round_straight_through(q * (unit * kActivationUnit)) / (unit * kActivationUnit);
        y = y + q.unsqueeze(-1).unsqueeze(-1);
    }
    return y;
}

at::Tensor IntegerLayer::hidden(const at::Tensor& x, const at::Tensor& quality) const {
    const at::Tensor y = (*this)(x, quality);
    return at::clamp(round_straight_through(y * kActivationUnit), 0.0, 255.0) / kActivationUnit;
}

at::Tensor IntegerLayer::index(const at::Tensor& x, const at::Tensor& quality, double least,
                               double most) const {
    const at::Tensor y = (*this)(x, quality);
    return y + (at::clamp(rounded(y), least, most) - y).detach();
}

void IntegerLayer::append(std::vector<weights::NamedTensor>& to, const std::string& name) const {
    append(to, name, 0, 0);
}

void IntegerLayer::append_index(std::vector<weights::NamedTensor>& to, const std::string& name,
                                int offset) const {
    constexpr int kActivationShift = 4;
    append(to, name, kActivationShift, offset);
}

void IntegerLayer::append(std::vector<weights::NamedTensor>& to, const std::string& name,
                          int extra_shift, double offset) const {
    torch::NoGradGuard no_grad;
    const double unit = std::ldexp(1.0, shift_);
    at::Tensor w = at::clamp(rounded(weight_ * unit), -64.0, 63.0).to(at::kCPU, at::kChar);
    at::Tensor b = rounded((bias_ + offset) * (unit * kActivationUnit));
    if (quality_.defined()) {
        std::vector<float> qps(models::kQualities);
        std::iota(qps.begin(), qps.end(), 0.0f);
        at::Tensor q = at::matmul(quality_matrix(qps, bias_.device()), quality_.t());
        b = rounded(q * (unit * kActivationUnit)) + b;  // [32, out]
    }
    b = b.to(at::kCPU, at::kInt).contiguous();
    w = w.contiguous();
    const int32_t shift = shift_ + extra_shift;
    to.push_back(weights::from_i8(name + ".weight", w.sizes().vec(),
                                  {w.data_ptr<int8_t>(), size_t(w.numel())}));
    to.push_back(weights::from_i32(name + ".bias", b.sizes().vec(),
                                   {b.data_ptr<int32_t>(), size_t(b.numel())}));
    to.push_back(weights::from_i32(name + ".shift", {1}, {&shift, 1}));
}

}  // namespace gvc::train
