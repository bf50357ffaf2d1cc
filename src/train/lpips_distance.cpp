#include "train/lpips_distance.h"

#include <torch/autograd.h>
#include <cmath>
#include <cstdint>

#include "nn/torch/cpu_loops.h"

namespace gvc::train {
namespace {

constexpr float kEpsilon = 1e-10f;

using nn::Bf16;
using nn::load;
using nn::store;

template <typename E>
GVC_CLONES float length(const E* x, int64_t channels) {
    float sum = kEpsilon;
#pragma omp simd reduction(+ : sum)
    for (int64_t i = 0; i < channels; ++i) sum += load(x[i]) * load(x[i]);
    return std::sqrt(sum);
}

// Sum over positions of one item.
template <typename E>
GVC_CLONES double forward(const E* a, const E* b, const float* weight, int64_t positions,
                          int64_t channels) {
    double total = 0;
    for (int64_t p = 0; p < positions; ++p, a += channels, b += channels) {
        const float la = 1 / length(a, channels), lb = 1 / length(b, channels);
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < channels; ++i) {
            const float d = load(a[i]) * la - load(b[i]) * lb;
            sum += weight[i] * d * d;
        }
        total += sum;
    }
    return total;
}

// With u = a/|a|: d(distance)/du = g = 2 w (u - v), d/da = (g - u (u.g)) / |a|.
template <typename E>
GVC_CLONES void backward(const E* a, const E* b, const float* weight, float scale, E* grad,
                         int64_t positions, int64_t channels) {
    for (int64_t p = 0; p < positions; ++p, a += channels, b += channels, grad += channels) {
        const float la = 1 / length(a, channels), lb = 1 / length(b, channels);
        float dot = 0;
#pragma omp simd reduction(+ : dot)
        for (int64_t i = 0; i < channels; ++i) {
            const float u = load(a[i]) * la;
            dot += weight[i] * (u - load(b[i]) * lb) * u;
        }
        const float factor = 2 * scale * la;
#pragma omp simd
        for (int64_t i = 0; i < channels; ++i) {
            const float u = load(a[i]) * la;
            store(grad[i], factor * (weight[i] * (u - load(b[i]) * lb) - u * dot));
        }
    }
}

at::Tensor nhwc(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

template <typename E>
const E* data(const at::Tensor& x) {
    return static_cast<const E*>(x.data_ptr());
}

class Distance : public torch::autograd::Function<Distance> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext* context, at::Tensor first,
                              at::Tensor second, at::Tensor weight) {
        const at::Tensor a = nhwc(first), b = nhwc(second), w = weight.contiguous();
        context->save_for_backward({a, b, w});
        const int64_t positions = a.size(2) * a.size(3), channels = a.size(1);
        at::Tensor result = at::empty({a.size(0)}, at::kFloat);
        for (int64_t n = 0; n < a.size(0); ++n) {
            const int64_t at = n * positions * channels;
            const double sum =
                a.scalar_type() == at::kBFloat16
                    ? train::forward(data<Bf16>(a) + at, data<Bf16>(b) + at, data<float>(w),
                                     positions, channels)
                    : train::forward(data<float>(a) + at, data<float>(b) + at, data<float>(w),
                                     positions, channels);
            result.data_ptr<float>()[n] = static_cast<float>(sum / double(positions));
        }
        return result;
    }

    static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::tensor_list grads) {
        const auto saved = context->get_saved_variables();
        const at::Tensor &a = saved[0], &b = saved[1], &w = saved[2];
        const at::Tensor g = grads[0].contiguous();
        const int64_t positions = a.size(2) * a.size(3), channels = a.size(1);
        at::Tensor ga = at::empty_like(a);
        for (int64_t n = 0; n < a.size(0); ++n) {
            const int64_t at = n * positions * channels;
            const float scale = g.data_ptr<float>()[n] / static_cast<float>(positions);
            if (a.scalar_type() == at::kBFloat16) {
                train::backward(data<Bf16>(a) + at, data<Bf16>(b) + at, data<float>(w), scale,
                                static_cast<Bf16*>(ga.data_ptr()) + at, positions, channels);
            } else {
                train::backward(data<float>(a) + at, data<float>(b) + at, data<float>(w), scale,
                                ga.data_ptr<float>() + at, positions, channels);
            }
        }
        return {ga, at::Tensor(), at::Tensor()};
    }
};

at::Tensor unit_length(const at::Tensor& x) {
    const at::Tensor f = x.to(at::kFloat);
    return f / ((f * f).sum(1, true) + kEpsilon).sqrt();
}

}  // namespace

at::Tensor lpips_distance(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weight) {
    const bool known = a.scalar_type() == at::kBFloat16 || a.scalar_type() == at::kFloat;
    if (a.device().is_cpu() && known) {
        return Distance::apply(a, b.to(a.scalar_type()), weight.to(at::kFloat));
    }
    const at::Tensor d = (unit_length(a) - unit_length(b.detach())).square();
    return (d * weight).sum(1).mean(at::IntArrayRef{1, 2});
}

}  // namespace gvc::train
