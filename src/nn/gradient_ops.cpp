#include "nn/gradient_ops.h"

#include <algorithm>
#include <cassert>

#include "nn/gradient_weights.h"

namespace gvc::nn {
namespace {

// The inner backend's weights, forward and of the gradient.
template <typename Weight>
struct WeightPair : WeightStorage {
    Weight forward, gradient;
};

const WeightPair<ConvWeight>& pair(const ConvWeight& w) {
    return static_cast<const WeightPair<ConvWeight>&>(*w.storage);
}

const WeightPair<DepthwiseWeight>& pair(const DepthwiseWeight& w) {
    return static_cast<const WeightPair<DepthwiseWeight>&>(*w.storage);
}

}  // namespace

// ---- the record ----

void GradientOps::watch(const Tensor& x) {
    watched_ = x;
    steps_.clear();
    recorded_ = {{x.storage(), {}}};
}

Tensor GradientOps::record(Tensor result, const std::vector<Tensor>& sources, Back back) {
    const auto dependent = [this](const Tensor& x) { return x.defined() && depends(x); };
    // What an operation returned unchanged has been recorded.
    if (depends(result) || std::none_of(sources.begin(), sources.end(), dependent)) return result;
    recorded_.emplace(result.storage(), Tensor());
    steps_.push_back({result, std::move(back)});
    return result;
}

Tensor GradientOps::without_gradient(Tensor result, const std::vector<Tensor>& sources) {
    return record(std::move(result), sources,
                  [](const Tensor&) { assert(!"an operation without a gradient"); });
}

void GradientOps::give(const Tensor& x, const Tensor& g) {
    const auto known = x.defined() ? recorded_.find(x.storage()) : recorded_.end();
    if (known == recorded_.end()) return;
    known->second = known->second.defined() ? inner_.add(known->second, g) : g;
}

Tensor GradientOps::gradient(const std::vector<std::pair<Tensor, Tensor>>& results) {
    for (const auto& [result, g] : results) give(result, g);
    for (; !steps_.empty(); steps_.pop_back()) {
        // A step's gradient is whole here: all that was made from its result came later.
        const Tensor g = std::move(recorded_[steps_.back().result.storage()]);
        if (g.defined()) steps_.back().back(g);
        recorded_.erase(steps_.back().result.storage());
    }
    Tensor g = recorded_[watched_.storage()];
    recorded_.clear();
    watched_ = {};
    return g;
}

// ---- parameters ----

ConvWeight GradientOps::conv_weight(const std::string& name, const ConvSpec& spec) {
    auto weights = std::make_shared<WeightPair<ConvWeight>>();
    weights->forward = inner_.conv_weight(name, spec);
    weights->gradient = inner_.conv_weight(gradient_name(name, spec), gradient_spec(spec));
    return {spec, std::move(weights)};
}

DepthwiseWeight GradientOps::depthwise_weight(const std::string& name, int channels) {
    auto weights = std::make_shared<WeightPair<DepthwiseWeight>>();
    weights->forward = inner_.depthwise_weight(name, channels);
    weights->gradient = inner_.depthwise_weight(depthwise_gradient_name(name), channels);
    return {channels, std::move(weights)};
}

// ---- what gradients go through ----

Tensor GradientOps::conv(const Tensor& x, const ConvWeight& w, Act act, const Tensor& residual) {
    const WeightPair<ConvWeight>& weights = pair(w);
    if (!depends(x)) {
        return record(inner_.conv(x, weights.forward, act, residual), {residual},
                      [=, this](const Tensor& g) { give(residual, g); });
    }
    // relu's slope can be read off its result; of others the sum is kept.
    const bool fused = act == Act::none || (act == Act::relu && !residual.defined());
    const Tensor sum =
        inner_.conv(x, weights.forward, fused ? act : Act::none, fused ? residual : Tensor());
    Tensor result = sum;
    if (!fused) result = inner_.activate(sum, act);
    if (!fused && residual.defined()) result = inner_.add(result, residual);
    return record(result, {x}, [=, this, &weights](const Tensor& g) {
        give(residual, g);
        const Tensor of_sum = act == Act::none ? g : inner_.activate_gradient(sum, act, g);
        Tensor of_x = inner_.conv(of_sum, weights.gradient);
        if (w.spec.stride > 1) of_x = inner_.shuffle(of_x, w.spec.stride);
        if (!(of_x.shape() == x.shape())) of_x = inner_.crop(of_x, x.shape().h, x.shape().w);
        give(x, of_x);
    });
}

Tensor GradientOps::depthwise(const Tensor& x, const DepthwiseWeight& w, Act act) {
    const WeightPair<DepthwiseWeight>& weights = pair(w);
    const Tensor sum = inner_.depthwise(x, weights.forward);
    const Tensor result = act == Act::none ? sum : inner_.activate(sum, act);
    return record(result, {x}, [=, this, &weights](const Tensor& g) {
        const Tensor of_sum = act == Act::none ? g : inner_.activate_gradient(sum, act, g);
        give(x, inner_.depthwise(of_sum, weights.gradient));
    });
}

Tensor GradientOps::activate(const Tensor& x, Act act) {
    return record(inner_.activate(x, act), {x},
                  [=, this](const Tensor& g) { give(x, inner_.activate_gradient(x, act, g)); });
}

Tensor GradientOps::add(const Tensor& a, const Tensor& b) {
    return record(inner_.add(a, b), {a, b}, [=, this](const Tensor& g) {
        give(a, g);
        give(b, g);
    });
}

Tensor GradientOps::sub(const Tensor& a, const Tensor& b) {
    return record(inner_.sub(a, b), {a, b}, [=, this](const Tensor& g) {
        give(a, g);
        give(b, inner_.affine(g, -1, 0));
    });
}

Tensor GradientOps::mul(const Tensor& a, const Tensor& b) {
    return record(inner_.mul(a, b), {a, b}, [=, this](const Tensor& g) {
        if (depends(a)) give(a, inner_.mul(g, b));
        if (depends(b)) give(b, inner_.mul(g, a));
    });
}

Tensor GradientOps::scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) {
    return record(inner_.scale_shift(x, scale, shift), {x, scale, shift},
                  [=, this](const Tensor& g) {
                      assert(!depends(scale) && !(shift.defined() && depends(shift)));
                      give(x, inner_.scale_shift(g, scale, {}));
                  });
}

Tensor GradientOps::affine(const Tensor& x, float a, float b) {
    return record(inner_.affine(x, a, b), {x},
                  [=, this](const Tensor& g) { give(x, inner_.affine(g, a, 0)); });
}

Tensor GradientOps::sum_halves(const Tensor& x, Act act) {
    return record(inner_.sum_halves(x, act), {x}, [=, this](const Tensor& g) {
        give(x, inner_.activate_gradient(x, act, inner_.concat({g, g})));
    });
}

Tensor GradientOps::concat(const std::vector<Tensor>& xs) {
    return record(inner_.concat(xs), xs, [=, this](const Tensor& g) {
        int64_t from = 0;
        for (const Tensor& x : xs) {
            if (depends(x)) give(x, inner_.channels(g, from, x.shape().c));
            from += x.shape().c;
        }
    });
}

Tensor GradientOps::unshuffle(const Tensor& x, int r) {
    return record(inner_.unshuffle(x, r), {x},
                  [=, this](const Tensor& g) { give(x, inner_.shuffle(g, r)); });
}

Tensor GradientOps::shuffle(const Tensor& x, int r) {
    return record(inner_.shuffle(x, r), {x},
                  [=, this](const Tensor& g) { give(x, inner_.unshuffle(g, r)); });
}

Tensor GradientOps::max_pool(const Tensor& x, int kernel, int stride, bool ceil_mode) {
    return record(inner_.max_pool(x, kernel, stride, ceil_mode), {x}, [=, this](const Tensor& g) {
        give(x, inner_.max_pool_gradient(x, g, kernel, stride));
    });
}

Tensor GradientOps::unit_length(const Tensor& x) {
    return record(inner_.unit_length(x), {x},
                  [=, this](const Tensor& g) { give(x, inner_.unit_length_gradient(x, g)); });
}

// ---- what they do not go through ----

Tensor GradientOps::clamp(const Tensor& x, float low, float high) {
    return without_gradient(inner_.clamp(x, low, high), {x});
}
Tensor GradientOps::norm_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) {
    return without_gradient(inner_.norm_modulate(x, scale, shift), {x, scale, shift});
}
Tensor GradientOps::channels(const Tensor& x, int64_t from, int64_t count) {
    return without_gradient(inner_.channels(x, from, count), {x});
}
Tensor GradientOps::concat_batch(const std::vector<Tensor>& xs) {
    return without_gradient(inner_.concat_batch(xs), xs);
}
Tensor GradientOps::batch(const Tensor& x, int64_t from, int64_t count) {
    return without_gradient(inner_.batch(x, from, count), {x});
}
Tensor GradientOps::channels_to_batch(const Tensor& x, int64_t t) {
    return without_gradient(inner_.channels_to_batch(x, t), {x});
}
Tensor GradientOps::batch_to_channels(const Tensor& x, int64_t t) {
    return without_gradient(inner_.batch_to_channels(x, t), {x});
}
Tensor GradientOps::repeat_batch(const Tensor& x, int64_t t) {
    return without_gradient(inner_.repeat_batch(x, t), {x});
}
Tensor GradientOps::rows(const Tensor& table, const std::vector<int>& rows) {
    return without_gradient(inner_.rows(table, rows), {table});
}
Tensor GradientOps::pad_edge(const Tensor& x, int64_t h, int64_t w) {
    return without_gradient(inner_.pad_edge(x, h, w), {x});
}
Tensor GradientOps::crop(const Tensor& x, int64_t h, int64_t w) {
    return without_gradient(inner_.crop(x, h, w), {x});
}
Tensor GradientOps::temporal_shift(const Tensor& x, int64_t t) {
    return without_gradient(inner_.temporal_shift(x, t), {x});
}
Tensor GradientOps::global_mean(const Tensor& x) {
    return without_gradient(inner_.global_mean(x), {x});
}
Tensor GradientOps::upsample(const Tensor& x, int factor) {
    return without_gradient(inner_.upsample(x, factor), {x});
}
Tensor GradientOps::mean_pool(const Tensor& x, int factor) {
    return without_gradient(inner_.mean_pool(x, factor), {x});
}
Tensor GradientOps::warp_blend(const std::vector<Tensor>& refs, const Tensor& flows,
                               const Tensor& logits, int s, Sampling sampling) {
    std::vector<Tensor> sources = refs;
    sources.insert(sources.end(), {flows, logits});
    return without_gradient(inner_.warp_blend(refs, flows, logits, s, sampling), sources);
}
Tensor GradientOps::block_match(const Tensor& current, const Tensor& reference, int radius) {
    return without_gradient(inner_.block_match(current, reference, radius), {current, reference});
}
Tensor GradientOps::group_norm(const Tensor& x, int groups, const Tensor& weight,
                               const Tensor& bias, float eps) {
    return without_gradient(inner_.group_norm(x, groups, weight, bias, eps), {x});
}
Tensor GradientOps::activate_gradient(const Tensor& x, Act act, const Tensor& g) {
    return without_gradient(inner_.activate_gradient(x, act, g), {x, g});
}
Tensor GradientOps::max_pool_gradient(const Tensor& x, const Tensor& g, int kernel, int stride) {
    return without_gradient(inner_.max_pool_gradient(x, g, kernel, stride), {x, g});
}
Tensor GradientOps::unit_length_gradient(const Tensor& x, const Tensor& g) {
    return without_gradient(inner_.unit_length_gradient(x, g), {x, g});
}

}  // namespace gvc::nn
