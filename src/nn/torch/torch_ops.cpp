#include "nn/torch/torch_ops.h"

#include <torch/autograd.h>
#include <torch/cuda.h>
#include <torch/nn/functional.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "nn/pooling.h"
#include "nn/torch/torch_activations.h"
#include "nn/torch/torch_motion.h"
#include "nn/weight_source.h"

namespace gvc::nn {
namespace {

namespace F = torch::nn::functional;

struct TorchWeight : WeightStorage {
    at::Tensor weight, bias;
};

Tensor wrap(at::Tensor value) { return from_torch(std::move(value)); }

at::Tensor nhwc(const at::Tensor& x) { return x.contiguous(at::MemoryFormat::ChannelsLast); }

class TorchOps final : public Ops {
  public:
    TorchOps(ParameterProvider provider, at::Device device, Precision precision)
        : provider_(std::move(provider)),
          device_(device),
          type_(precision == Precision::bf16 ? at::kBFloat16 : at::kFloat) {}

    std::string name() const override {
        return std::string("torch ") + (device_.is_cuda() ? "cuda" : "cpu") +
               (type_ == at::kBFloat16 ? " bf16" : " fp32");
    }
    int threads() const override { return at::get_num_threads(); }

    // ---- parameters ----

    ConvWeight conv_weight(const std::string& name, const ConvSpec& spec) override {
        auto w = std::make_shared<TorchWeight>();
        int64_t fan_in = int64_t{spec.in} * spec.kernel * spec.kernel;
        w->weight = provider_(name + ".weight", {spec.out, spec.in, spec.kernel, spec.kernel},
                              spec.init, fan_in, spec.gain);
        if (spec.bias) w->bias = provider_(name + ".bias", {spec.out}, Init::zero, 0, 1.0f);
        return {spec, w};
    }

    DepthwiseWeight depthwise_weight(const std::string& name, int channels) override {
        auto w = std::make_shared<TorchWeight>();
        w->weight = provider_(name + ".weight", {channels, 1, 3, 3}, Init::kaiming, 9, 1.0f);
        w->bias = provider_(name + ".bias", {channels}, Init::zero, 0, 1.0f);
        return {channels, w};
    }

    Tensor parameter(const std::string& name, const Shape& s, Init init) override {
        return wrap(provider_(name, {s.n, s.c, s.h, s.w}, init, 0, 1.0f));
    }

    // ---- host data ----

    Tensor from_host(const Shape& s, const float* values) override {
        at::Tensor host =
            torch::from_blob(const_cast<float*>(values), {s.n, s.c, s.h, s.w}, at::kFloat);
        return wrap(nhwc(host.clone()).to(device_));
    }

    void to_host(const Tensor& x, float* values) override {
        at::Tensor host = to_torch(x).detach().to(at::kCPU, at::kFloat).contiguous();
        std::memcpy(values, host.data_ptr<float>(), sizeof(float) * x.shape().count());
    }

    Tensor zeros(const Shape& s) override {
        return wrap(torch::zeros({s.n, s.c, s.h, s.w},
                                 at::TensorOptions().dtype(at::kFloat).device(device_)));
    }

    // ---- convolutions ----

    Tensor conv(const Tensor& x, const ConvWeight& w, Act act, const Tensor& residual) override {
        const auto& p = static_cast<const TorchWeight&>(*w.storage);
        int64_t stride = w.spec.stride, pad = w.spec.padding();
        at::Tensor bias = p.bias.defined() ? p.bias.to(type_) : at::Tensor();
        at::Tensor y = at::conv2d(nhwc(to_torch(x).to(type_)), nhwc(p.weight.to(type_)), bias,
                                  {stride, stride}, {pad, pad});
        // Flows and pictures, which have few channels, keep full precision.
        if (w.spec.out <= 8) y = y.to(at::kFloat);
        y = activated(y, act);
        return wrap(residual.defined() ? y + to_torch(residual).to(y.scalar_type()) : y);
    }

    Tensor depthwise(const Tensor& x, const DepthwiseWeight& w, Act act) override {
        const auto& p = static_cast<const TorchWeight&>(*w.storage);
        at::Tensor y = at::conv2d(nhwc(to_torch(x).to(type_)), p.weight.to(type_), p.bias.to(type_),
                                  {1, 1}, {1, 1}, {1, 1}, w.channels);
        return wrap(activated(y, act));
    }

    // ---- element-wise ----

    Tensor activate(const Tensor& x, Act act) override { return wrap(activated(to_torch(x), act)); }
    Tensor add(const Tensor& a, const Tensor& b) override {
        return wrap(to_torch(a) + to_torch(b));
    }
    Tensor sub(const Tensor& a, const Tensor& b) override {
        return wrap(to_torch(a) - to_torch(b));
    }
    Tensor mul(const Tensor& a, const Tensor& b) override {
        return wrap(to_torch(a) * to_torch(b));
    }

    Tensor scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) override {
        at::Tensor v = to_torch(x);
        at::Tensor y = v * to_torch(scale).to(v.scalar_type());
        if (shift.defined()) y = y + to_torch(shift).to(v.scalar_type());
        return wrap(y);
    }

    Tensor affine(const Tensor& x, float a, float b) override {
        at::Tensor y = a == 1.0f ? to_torch(x) : to_torch(x) * a;
        return wrap(b == 0.0f ? y : y + b);
    }

    Tensor clamp(const Tensor& x, float low, float high) override {
        return wrap(at::clamp(to_torch(x), low, high));
    }

    Tensor sum_halves(const Tensor& x, Act act) override {
        if (act == Act::silu || act == Act::gelu) return wrap(torch_gated_sum(to_torch(x), act));
        at::Tensor y = activated(to_torch(x), act);
        int64_t c = x.shape().c / 2;
        return wrap(y.narrow(1, 0, c) + y.narrow(1, c, c));
    }

    Tensor norm_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) override {
        at::Tensor rows = nhwc(to_torch(x)).permute({0, 2, 3, 1});
        at::Tensor y = at::layer_norm(rows, {x.shape().c}, {}, {}, 1e-6).permute({0, 3, 1, 2});
        auto type = y.scalar_type();
        return wrap(y * (1 + to_torch(scale)).to(type) + to_torch(shift).to(type));
    }

    // ---- shape ----

    Tensor concat(const std::vector<Tensor>& xs) override { return cat(xs, 1); }
    Tensor concat_batch(const std::vector<Tensor>& xs) override { return cat(xs, 0); }
    Tensor channels(const Tensor& x, int64_t from, int64_t count) override {
        return wrap(to_torch(x).narrow(1, from, count));
    }
    Tensor batch(const Tensor& x, int64_t from, int64_t count) override {
        return wrap(to_torch(x).narrow(0, from, count));
    }
    Tensor channels_to_batch(const Tensor& x, int64_t t) override {
        const Shape& s = x.shape();
        return wrap(to_torch(x).reshape({s.n * t, s.c / t, s.h, s.w}));
    }
    Tensor batch_to_channels(const Tensor& x, int64_t t) override {
        const Shape& s = x.shape();
        return wrap(to_torch(x).reshape({s.n / t, s.c * t, s.h, s.w}));
    }
    Tensor repeat_batch(const Tensor& x, int64_t t) override {
        return wrap(to_torch(x).repeat_interleave(t, 0));
    }
    Tensor rows(const Tensor& table, const std::vector<int>& rows) override {
        std::vector<int64_t> index(rows.begin(), rows.end());
        at::Tensor i = torch::tensor(index, at::kLong).to(device_);
        return wrap(to_torch(table).index_select(0, i));
    }
    Tensor unshuffle(const Tensor& x, int r) override {
        const Shape& s = x.shape();
        at::Tensor y = to_torch(x).reshape({s.n, s.c, s.h / r, r, s.w / r, r});
        return wrap(y.permute({0, 3, 5, 1, 2, 4}).reshape({s.n, r * r * s.c, s.h / r, s.w / r}));
    }
    Tensor shuffle(const Tensor& x, int r) override {
        const Shape& s = x.shape();
        int64_t c = s.c / (r * r);
        at::Tensor y = to_torch(x).reshape({s.n, r, r, c, s.h, s.w});
        return wrap(y.permute({0, 3, 4, 1, 5, 2}).reshape({s.n, c, s.h * r, s.w * r}));
    }
    Tensor pad_edge(const Tensor& x, int64_t h, int64_t w) override {
        const Shape& s = x.shape();
        return wrap(at::replication_pad2d(to_torch(x), {0, w - s.w, 0, h - s.h}));
    }
    Tensor crop(const Tensor& x, int64_t h, int64_t w) override {
        return wrap(to_torch(x).narrow(2, 0, h).narrow(3, 0, w));
    }
    Tensor temporal_shift(const Tensor& x, int64_t t) override {
        const Shape& s = x.shape();
        int64_t part = s.c / 8;
        at::Tensor v = to_torch(x).reshape({s.n / t, t, s.c, s.h, s.w});
        at::Tensor before = v.narrow(2, 0, part), after = v.narrow(2, part, part);
        before = at::cat({before.narrow(1, 0, 1), before.narrow(1, 0, t - 1)}, 1);
        after = at::cat({after.narrow(1, 1, t - 1), after.narrow(1, t - 1, 1)}, 1);
        at::Tensor y = at::cat({before, after, v.narrow(2, 2 * part, s.c - 2 * part)}, 2);
        return wrap(y.reshape({s.n, s.c, s.h, s.w}));
    }

    // ---- pooling and resampling ----

    Tensor global_mean(const Tensor& x) override {
        return wrap(to_torch(x).to(at::kFloat).mean(at::IntArrayRef{2, 3}, true));
    }
    Tensor upsample(const Tensor& x, int factor) override {
        return wrap(upsample_bilinear(to_torch(x), factor));
    }
    Tensor mean_pool(const Tensor& x, int factor) override {
        return wrap(at::avg_pool2d(to_torch(x), {factor, factor}));
    }

    // ---- motion ----

    Tensor warp_blend(const std::vector<Tensor>& refs, const Tensor& flows, const Tensor& logits,
                      int s, Sampling sampling) override {
        std::vector<at::Tensor> values;
        for (const Tensor& r : refs) values.push_back(to_torch(r));
        return wrap(torch_warp_blend(values, to_torch(flows), to_torch(logits), s, sampling));
    }
    Tensor block_match(const Tensor& current, const Tensor& reference, int radius) override {
        return wrap(torch_block_match(to_torch(current), to_torch(reference), radius));
    }

    // ---- for metric and teacher networks ----

    Tensor max_pool(const Tensor& x, int kernel, int stride, bool ceil_mode) override {
        return wrap(at::max_pool2d(to_torch(x), {kernel, kernel}, {stride, stride}, {0, 0}, {1, 1},
                                   ceil_mode));
    }
    Tensor unit_length(const Tensor& x) override { return wrap(to_torch(x) * unit_share(x)); }

    // ---- gradients ----

    Tensor activate_gradient(const Tensor& x, Act act, const Tensor& g) override {
        return gradient(x, g, [act](const at::Tensor& v) { return activated(v, act); });
    }
    Tensor max_pool_gradient(const Tensor& x, const Tensor& g, int kernel, int stride) override {
        // Rows and columns that no window reaches have no gradient; those over the edge do no harm.
        const bool ceil_mode = pooled_size(x.shape().h, kernel, stride, false) != g.shape().h ||
                               pooled_size(x.shape().w, kernel, stride, false) != g.shape().w;
        return gradient(x, g, [&](const at::Tensor& v) {
            return to_torch(max_pool(wrap(v), kernel, stride, ceil_mode));
        });
    }
    Tensor unit_length_gradient(const Tensor& x, const Tensor& g) override {
        return gradient(x, g,
                        [this](const at::Tensor& v) { return to_torch(unit_length(wrap(v))); });
    }

    Tensor group_norm(const Tensor& x, int groups, const Tensor& weight, const Tensor& bias,
                      float eps) override {
        at::Tensor v = to_torch(x).contiguous();
        auto type = v.scalar_type();
        return wrap(at::group_norm(v, groups, to_torch(weight).flatten().to(type),
                                   to_torch(bias).flatten().to(type), eps));
    }

  private:
    static at::Tensor unit_share(const Tensor& x) {
        const at::Tensor squares = to_torch(x).to(at::kFloat).square().sum(1, true);
        return 1 / (squares.sqrt() + 1e-10);
    }

    // Back through f, apart from whatever is being recorded around it.
    template <typename F>
    static Tensor gradient(const Tensor& x, const Tensor& g, const F& f) {
        at::AutoGradMode enabled(true);
        const at::Tensor from = to_torch(x).detach().to(at::kFloat).requires_grad_(true);
        return wrap(torch::autograd::grad({f(from)}, {from}, {to_torch(g).to(at::kFloat)})[0]);
    }

    static at::Tensor activated(const at::Tensor& x, Act act) {
        switch (act) {
            case Act::none:
                return x;
            case Act::relu:
                return at::relu(x);
            case Act::leaky:
                return at::leaky_relu(x, 0.1);
            case Act::silu:
            case Act::gelu:
                return torch_gated(x, act);
            case Act::sigmoid:
                return at::sigmoid(x);
            case Act::exp:
                return at::exp(x);
        }
        return x;
    }

    Tensor cat(const std::vector<Tensor>& xs, int64_t dim) const {
        bool half = false;
        for (const Tensor& x : xs) half |= to_torch(x).scalar_type() == at::kBFloat16;
        std::vector<at::Tensor> values;
        for (const Tensor& x : xs)
            values.push_back(half ? to_torch(x).to(at::kBFloat16) : to_torch(x));
        return wrap(at::cat(values, dim));
    }

    ParameterProvider provider_;
    at::Device device_;
    at::ScalarType type_;
};

}  // namespace

Tensor from_torch(at::Tensor value) {
    assert(value.dim() == 4);
    Shape shape{value.size(0), value.size(1), value.size(2), value.size(3)};
    return Tensor(shape, std::make_shared<TorchStorage>(std::move(value)));
}

const at::Tensor& to_torch(const Tensor& x) {
    return static_cast<const TorchStorage*>(x.storage())->value;
}

std::unique_ptr<Ops> make_torch_ops(ParameterProvider provider, at::Device device,
                                    Precision precision) {
    return std::make_unique<TorchOps>(std::move(provider), device, precision);
}

std::unique_ptr<Ops> make_torch_ops(const WeightSource& weights, bool cuda, Precision precision) {
    TORCH_CHECK(!cuda || torch::cuda::is_available(), "no CUDA device");
    at::Device device(cuda ? at::kCUDA : at::kCPU);
    ParameterProvider provider = [&weights, device](const std::string& name, at::IntArrayRef shape,
                                                    Init, int64_t, float) {
        std::optional<WeightArray> array = weights.find(name);
        int64_t count = 1;
        for (int64_t side : shape) count *= side;
        // As with the other inference backends, a missing parameter is zero; whoever loads a model
        // for use checks it with one of those first.
        if (!array || static_cast<int64_t>(array->values.size()) != count)
            return torch::zeros(shape, at::TensorOptions().dtype(at::kFloat).device(device));
        return torch::from_blob(array->values.data(), shape, at::kFloat).clone().to(device);
    };
    return make_torch_ops(provider, device, precision);
}

}  // namespace gvc::nn
