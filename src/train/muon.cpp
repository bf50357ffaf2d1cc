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
    const bool tall = m.size(0) > m.size(1);
    at::Tensor x = tall ? m.t() : m;
    x = x / (x.norm() + 1e-7);
    for (int i = 0; i < kIterations; ++i) {
        const at::Tensor square = at::mm(x, x.t());
        x = a * x + at::mm(b * square + c * at::mm(square, square), x);
    }
    return tall ? x.t() : x;
}

Muon::Muon(std::vector<at::Tensor> parameters) : parameters_(std::move(parameters)) {
    for (const at::Tensor& p : parameters_) momenta_.push_back(at::zeros_like(p).detach());
}

void Muon::forget_gradients() {
    for (at::Tensor& p : parameters_) p.mutable_grad().reset();
}

void Muon::step(double learning_rate) {
    torch::NoGradGuard no_grad;
    for (size_t i = 0; i < parameters_.size(); ++i) {
        at::Tensor& p = parameters_[i];
        if (!p.grad().defined()) continue;
        momenta_[i].lerp_(p.grad(), 1.0 - kMomentum);
        const at::Tensor ahead = p.grad().lerp(momenta_[i], kMomentum);  // Nesterov's
        const at::Tensor matrix = ahead.flatten(1);
        const double longer = double(std::max(matrix.size(0), matrix.size(1)));
        p.mul_(1.0 - learning_rate * kWeightDecay);
        p.add_(orthogonalised(matrix).reshape(p.sizes()),
               -learning_rate * kAdamSize * std::sqrt(longer));
    }
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
