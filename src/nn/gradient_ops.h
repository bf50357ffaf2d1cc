// Gradients of networks with respect to what they are given, by going back through the operations
// that were done (reverse mode; Baydin et al., "Automatic differentiation in machine learning: a
// survey", JMLR 2018). For encoders that improve a latent by descent; training has LibTorch.
#pragma once

#include <functional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "nn/forwarding_ops.h"

namespace gvc::nn {

// Does what another backend does, and records what depends on a watched tensor. Networks whose
// gradients are wanted are made with it. Gradients go through conv, depthwise and dcb,
// conv_shuffle, conv_parts, activate, add, sub, mul (by what does not depend), scale_shift
// (likewise), affine, sum_halves, concat, unshuffle, shuffle, max_pool. Through others they do not,
// and to ask for that is an error of the caller's (an assertion).
class GradientOps final : public ForwardingOps {
  public:
    // `inner` must outlive this and take its parameters from GradientWeights.
    using ForwardingOps::ForwardingOps;

    // For what is not to be recorded.
    Ops& inner() const { return inner_; }

    // Forgets what was recorded; from now on what depends on x is.
    void watch(const Tensor& x);
    // Gradient with respect to the watched tensor of sum_i <results[i].first, results[i].second>:
    // the second ones are gradients of a loss with respect to the first ones. Undefined if nothing
    // depends on it. What was recorded is forgotten.
    Tensor gradient(const std::vector<std::pair<Tensor, Tensor>>& results);

    ConvWeight conv_weight(const std::string& name, const ConvSpec& spec) override;
    DepthwiseWeight depthwise_weight(const std::string& name, int channels) override;

    Tensor conv(const Tensor& x, const ConvWeight& w, Act act, const Tensor& residual) override;
    Tensor depthwise(const Tensor& x, const DepthwiseWeight& w, Act act) override;

    Tensor activate(const Tensor& x, Act act) override;
    Tensor add(const Tensor& a, const Tensor& b) override;
    Tensor sub(const Tensor& a, const Tensor& b) override;
    Tensor mul(const Tensor& a, const Tensor& b) override;
    Tensor scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) override;
    Tensor affine(const Tensor& x, float a, float b) override;
    Tensor clamp(const Tensor& x, float low, float high) override;
    Tensor sum_halves(const Tensor& x, Act act) override;
    Tensor norm_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) override;

    Tensor concat(const std::vector<Tensor>& xs) override;
    Tensor channels(const Tensor& x, int64_t from, int64_t count) override;
    Tensor concat_batch(const std::vector<Tensor>& xs) override;
    Tensor batch(const Tensor& x, int64_t from, int64_t count) override;
    Tensor channels_to_batch(const Tensor& x, int64_t t) override;
    Tensor batch_to_channels(const Tensor& x, int64_t t) override;
    Tensor repeat_batch(const Tensor& x, int64_t t) override;
    Tensor rows(const Tensor& table, const std::vector<int>& rows) override;
    Tensor unshuffle(const Tensor& x, int r) override;
    Tensor shuffle(const Tensor& x, int r) override;
    Tensor pad_edge(const Tensor& x, int64_t h, int64_t w) override;
    Tensor crop(const Tensor& x, int64_t h, int64_t w) override;
    Tensor temporal_shift(const Tensor& x, int64_t t) override;

    Tensor global_mean(const Tensor& x) override;
    Tensor upsample(const Tensor& x, int factor) override;
    Tensor mean_pool(const Tensor& x, int factor) override;

    Tensor warp_blend(const std::vector<Tensor>& refs, const Tensor& flows, const Tensor& logits,
                      int s, Sampling sampling) override;
    Tensor block_match(const Tensor& current, const Tensor& reference, int radius) override;

    Tensor max_pool(const Tensor& x, int kernel, int stride, bool ceil_mode) override;
    Tensor unit_length(const Tensor& x) override;
    Tensor group_norm(const Tensor& x, int groups, const Tensor& weight, const Tensor& bias,
                      float eps) override;

    Tensor activate_gradient(const Tensor& x, Act act, const Tensor& g) override;
    Tensor max_pool_gradient(const Tensor& x, const Tensor& g, int kernel, int stride) override;
    Tensor unit_length_gradient(const Tensor& x, const Tensor& g) override;

  private:
    using Gradients = std::unordered_map<const Storage*, Tensor>;
    // Given the gradient of a result, gives those of what it was made from.
    using Back = std::function<void(const Tensor& g)>;
    struct Step {
        Tensor result;
        Back back;
    };

    bool depends(const Tensor& x) const { return recorded_.count(x.storage()) > 0; }
    // `result` was made from `sources`.
    Tensor record(Tensor result, const std::vector<Tensor>& sources, Back back);
    Tensor without_gradient(Tensor result, const std::vector<Tensor>& sources);
    void give(const Tensor& x, const Tensor& g);  // to what depends on the watched one

    Tensor watched_;
    std::vector<Step> steps_;
    Gradients recorded_;  // of what depends; undefined so far
};

}  // namespace gvc::nn
