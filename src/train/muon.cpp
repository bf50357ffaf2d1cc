#include "train/muon.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace gvc::train {
namespace {

constexpr double kMomentum = 0.95;
constexpr double kWeightDecay = 1e-4;
constexpr double kAdamSize = 0.2;  // root mean square of AdamW's updates, as measured by Liu et al.
constexpr int64_t kLeastSide = 16;

}  // namespace

bool is_matrix(const at::Tensor& parameter) {
    if (parameter.dim() != 4) return false;
    const int64_t rows = parameter.size(0), columns = parameter.numel() / rows;
    return parameter.size(1) > 1 && std::min(rows, columns) >= kLeastSide;
}

at::Tensor orthogonalised(const at::Tensor& m) {
    // Coefficients of Jordan's quintic: steepest at zero, so that small singular values grow fast.
    constexpr double a = 3.4445, b = -4.7750, c = 2.0315;
    constexpr int kIterations = 5;
    const bool tall = m.size(-2) > m.size(-1);
    at::Tensor x = tall ? m.transpose(-2, -1) : m;
    x = x / (x.norm(2, {-2, -1}, true) + 1e-7);
    for (int i = 0; i < kIterations; ++i) {
        const at::Tensor square = at::matmul(x, x.transpose(-2, -1));
        x = a * x + at::matmul(b * square + c * at::matmul(square, square), x);
    }
    return tall ? x.transpose(-2, -1) : x;
}

Muon::Muon(std::vector<at::Tensor> parameters) : parameters_(std::move(parameters)) {
    for (size_t i = 0; i < parameters_.size(); ++i) {
        const at::Tensor& p = parameters_[i];
        momenta_.push_back(at::zeros_like(p).detach());
        by_shape_[{p.size(0), p.numel() / p.size(0)}].push_back(i);
    }
}

void Muon::forget_gradients() {
    for (at::Tensor& p : parameters_) p.mutable_grad().reset();
}

void Muon::step(double learning_rate) {
    torch::NoGradGuard no_grad;
    std::vector<at::Tensor> values, updates;
    for (const auto& [shape, indices] : by_shape_) {
        std::vector<at::Tensor> gradients, momenta;
        for (size_t i : indices) {
            if (!parameters_[i].grad().defined()) continue;
            gradients.push_back(parameters_[i].grad());
            momenta.push_back(momenta_[i]);
            values.push_back(parameters_[i]);
        }
        if (gradients.empty()) continue;
        at::_foreach_mul_(momenta, kMomentum);
        at::_foreach_add_(momenta, gradients, 1.0 - kMomentum);
        std::vector<at::Tensor> ahead = at::_foreach_mul(momenta, kMomentum);  // Nesterov's
        at::_foreach_add_(ahead, gradients, 1.0 - kMomentum);
        for (at::Tensor& m : ahead) m = m.flatten(1);
        const auto longer = static_cast<double>(std::max(shape.first, shape.second));
        const at::Tensor all =
            orthogonalised(at::stack(ahead)).mul(kAdamSize * std::sqrt(longer)).contiguous();
        for (const at::Tensor& update : all.unbind())
            updates.push_back(update.view(values[updates.size()].sizes()));
    }
    if (values.empty()) return;
    at::_foreach_mul_(values, 1.0 - learning_rate * kWeightDecay);
    at::_foreach_add_(values, updates, -learning_rate);
}

void Muon::hold_momenta_as(at::ScalarType type) {
    for (at::Tensor& m : momenta_) m = m.to(type);
}

void Muon::save(torch::serialize::OutputArchive& archive) const {
    for (size_t i = 0; i < momenta_.size(); ++i) archive.write(std::to_string(i), momenta_[i]);
}

void Muon::load(torch::serialize::InputArchive& archive) {
    for (size_t i = 0; i < momenta_.size(); ++i) {
        at::Tensor loaded;
        archive.read(std::to_string(i), loaded);
        TORCH_CHECK(loaded.sizes() == momenta_[i].sizes(), "another parameter");
        momenta_[i].copy_(loaded);
    }
}

}  // namespace gvc::train
