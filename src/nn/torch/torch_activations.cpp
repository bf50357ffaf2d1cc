#include "nn/torch/torch_activations.h"

#include <torch/autograd.h>

#include <bit>
#include <cmath>
#include <cstdint>

#include "nn/torch/cpu_loops.h"

namespace gvc::nn {
namespace {

// e^x within 2e-7 of relative error on [-87, 87]; clamped outside.
inline float fast_exp(float x) {
    x = x < -87.0f ? -87.0f : x > 87.0f ? 87.0f : x;
    float t = x * 1.44269504f;
    float k = std::floor(t + 0.5f);
    float f = (t - k) * 0.693147181f;
    float p =
        1.0f +
        f * (1.0f + f * (0.5f + f * (0.166666667f +
                                     f * (0.0416666667f + f * (0.00833333f + f * 0.00138889f)))));
    return p * std::bit_cast<float>(static_cast<uint32_t>(static_cast<int32_t>(k) + 127) << 23);
}

// x * sigmoid(u(x)): u = x for SiLU; GELU's tanh form is u = 2 sqrt(2/pi) (x + 0.044715 x^3).
constexpr float kGeluA = 1.5957691f, kGeluB = 1.5957691f * 0.044715f;

template <bool Gelu>
inline float value(float x) {
    float u = Gelu ? x * (kGeluA + kGeluB * x * x) : x;
    return x / (1.0f + fast_exp(-u));
}

template <bool Gelu>
inline float slope(float x) {
    float u = Gelu ? x * (kGeluA + kGeluB * x * x) : x;
    float du = Gelu ? kGeluA + 3.0f * kGeluB * x * x : 1.0f;
    float s = 1.0f / (1.0f + fast_exp(-u));
    return s + x * s * (1.0f - s) * du;
}

template <typename E, bool Gelu>
GVC_CLONES void forward_plain(const E* x, E* y, int64_t count) {
    for (int64_t i = 0; i < count; ++i) store(y[i], value<Gelu>(load(x[i])));
}

template <typename E, bool Gelu>
GVC_CLONES void backward_plain(const E* x, const E* g, E* gx, int64_t count) {
    for (int64_t i = 0; i < count; ++i) store(gx[i], load(g[i]) * slope<Gelu>(load(x[i])));
}

template <typename E, bool Gelu>
GVC_CLONES void forward_sum(const E* x, E* y, int64_t positions, int64_t c) {
    for (int64_t p = 0; p < positions; ++p, x += 2 * c, y += c)
        for (int64_t i = 0; i < c; ++i)
            store(y[i], value<Gelu>(load(x[i])) + value<Gelu>(load(x[c + i])));
}

template <typename E, bool Gelu>
GVC_CLONES void backward_sum(const E* x, const E* g, E* gx, int64_t positions, int64_t c) {
    for (int64_t p = 0; p < positions; ++p, x += 2 * c, gx += 2 * c, g += c)
        for (int64_t i = 0; i < c; ++i) {
            store(gx[i], load(g[i]) * slope<Gelu>(load(x[i])));
            store(gx[c + i], load(g[i]) * slope<Gelu>(load(x[c + i])));
        }
}

template <typename E, bool Gelu>
void run(const at::Tensor& x, const at::Tensor* g, at::Tensor& out, bool sum) {
    auto data = [](const at::Tensor& t) { return reinterpret_cast<E*>(t.data_ptr()); };
    int64_t c = x.size(1) / (sum ? 2 : 1), positions = x.numel() / x.size(1);
    if (sum)
        g ? backward_sum<E, Gelu>(data(x), data(*g), data(out), positions, c)
          : forward_sum<E, Gelu>(data(x), data(out), positions, c);
    else
        g ? backward_plain<E, Gelu>(data(x), data(*g), data(out), x.numel())
          : forward_plain<E, Gelu>(data(x), data(out), x.numel());
}

void dispatch(const at::Tensor& x, const at::Tensor* g, at::Tensor& out, bool gelu, bool sum) {
    bool half = x.scalar_type() == at::kBFloat16;
    if (half)
        gelu ? run<Bf16, true>(x, g, out, sum) : run<Bf16, false>(x, g, out, sum);
    else
        gelu ? run<float, true>(x, g, out, sum) : run<float, false>(x, g, out, sum);
}

at::Tensor nhwc(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

at::Tensor empty_nhwc(at::IntArrayRef shape, const at::Tensor& like) {
    return at::empty(shape, like.options(), at::MemoryFormat::ChannelsLast);
}

class Gated : public torch::autograd::Function<Gated> {
  public:
    static at::Tensor forward(torch::autograd::AutogradContext* context, at::Tensor input,
                              bool gelu, bool sum) {
        at::Tensor x = nhwc(input);
        at::Tensor y = empty_nhwc({x.size(0), x.size(1) / (sum ? 2 : 1), x.size(2), x.size(3)}, x);
        dispatch(x, nullptr, y, gelu, sum);
        context->save_for_backward({x});
        context->saved_data["gelu"] = gelu;
        context->saved_data["sum"] = sum;
        return y;
    }

    static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::tensor_list grads) {
        at::Tensor x = context->get_saved_variables()[0];
        at::Tensor g = nhwc(grads[0].to(x.scalar_type()));
        at::Tensor gx = empty_nhwc(x.sizes(), x);
        dispatch(x, &g, gx, context->saved_data["gelu"].toBool(),
                 context->saved_data["sum"].toBool());
        return {gx, at::Tensor(), at::Tensor()};
    }
};

bool own_kernel(const at::Tensor& x) {
    return x.device().is_cpu() &&
           (x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kFloat);
}

}  // namespace

at::Tensor torch_gated(const at::Tensor& x, Act act) {
    if (own_kernel(x)) return Gated::apply(x, act == Act::gelu, false);
    return act == Act::gelu ? at::gelu(x, "tanh") : at::silu(x);
}

at::Tensor torch_gated_sum(const at::Tensor& x, Act act) {
    if (own_kernel(x)) return Gated::apply(x, act == Act::gelu, true);
    at::Tensor y = torch_gated(x, act);
    int64_t c = x.size(1) / 2;
    return y.narrow(1, 0, c) + y.narrow(1, c, c);
}

}  // namespace gvc::nn
