// What backends that do something beside another backend's work have in common.
#pragma once

#include "nn/ops.h"

namespace gvc::nn {

// Passes everything on to `inner`, which must outlive it, but for what has to do with weights of
// convolutions: a decorator may wrap them.
class ForwardingOps : public Ops {
  public:
    explicit ForwardingOps(Ops& inner) : inner_(inner) {}

    std::string name() const override { return inner_.name(); }
    int threads() const override { return inner_.threads(); }
    uint64_t products() const override { return inner_.products(); }

    Tensor parameter(const std::string& name, const Shape& shape, Init init) override {
        return inner_.parameter(name, shape, init);
    }
    Tensor from_host(const Shape& shape, const float* values) override {
        return inner_.from_host(shape, values);
    }
    Tensor from_host_padded(const Shape& shape, const float* values, int64_t h,
                            int64_t w) override {
        return inner_.from_host_padded(shape, values, h, w);
    }
    void to_host(const Tensor& x, float* values) override { inner_.to_host(x, values); }
    void to_host_shown(const Tensor& x, const Tensor& base, float share, int64_t h, int64_t w,
                       float* values) override {
        inner_.to_host_shown(x, base, share, h, w, values);
    }
    Tensor zeros(const Shape& shape) override { return inner_.zeros(shape); }
    Tensor activate(const Tensor& x, Act act) override { return inner_.activate(x, act); }
    Tensor add(const Tensor& a, const Tensor& b) override { return inner_.add(a, b); }
    Tensor sub(const Tensor& a, const Tensor& b) override { return inner_.sub(a, b); }
    Tensor mul(const Tensor& a, const Tensor& b) override { return inner_.mul(a, b); }
    Tensor scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) override {
        return inner_.scale_shift(x, scale, shift);
    }
    Tensor affine(const Tensor& x, float a, float b) override { return inner_.affine(x, a, b); }
    Tensor clamp(const Tensor& x, float low, float high) override {
        return inner_.clamp(x, low, high);
    }
    Tensor sum_halves(const Tensor& x, Act act) override { return inner_.sum_halves(x, act); }
    Tensor norm_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) override {
        return inner_.norm_modulate(x, scale, shift);
    }
    Tensor concat(const std::vector<Tensor>& xs) override { return inner_.concat(xs); }
    Tensor channels(const Tensor& x, int64_t from, int64_t count) override {
        return inner_.channels(x, from, count);
    }
    Tensor concat_batch(const std::vector<Tensor>& xs) override { return inner_.concat_batch(xs); }
    Tensor batch(const Tensor& x, int64_t from, int64_t count) override {
        return inner_.batch(x, from, count);
    }
    Tensor channels_to_batch(const Tensor& x, int64_t t) override {
        return inner_.channels_to_batch(x, t);
    }
    Tensor batch_to_channels(const Tensor& x, int64_t t) override {
        return inner_.batch_to_channels(x, t);
    }
    Tensor repeat_batch(const Tensor& x, int64_t t) override { return inner_.repeat_batch(x, t); }
    Tensor rows(const Tensor& table, const std::vector<int>& rows) override {
        return inner_.rows(table, rows);
    }
    Tensor unshuffle(const Tensor& x, int r) override { return inner_.unshuffle(x, r); }
    Tensor shuffle(const Tensor& x, int r) override { return inner_.shuffle(x, r); }
    Tensor pad_edge(const Tensor& x, int64_t h, int64_t w) override {
        return inner_.pad_edge(x, h, w);
    }
    Tensor crop(const Tensor& x, int64_t h, int64_t w) override { return inner_.crop(x, h, w); }
    Tensor temporal_shift(const Tensor& x, int64_t t) override {
        return inner_.temporal_shift(x, t);
    }
    Tensor global_mean(const Tensor& x) override { return inner_.global_mean(x); }
    Tensor upsample(const Tensor& x, int factor) override { return inner_.upsample(x, factor); }
    Tensor mean_pool(const Tensor& x, int factor) override { return inner_.mean_pool(x, factor); }
    Tensor warp_blend(const std::vector<Tensor>& refs, const Tensor& flows, const Tensor& logits,
                      int s, Sampling sampling) override {
        return inner_.warp_blend(refs, flows, logits, s, sampling);
    }
    Tensor block_match(const Tensor& current, const Tensor& reference, int radius) override {
        return inner_.block_match(current, reference, radius);
    }
    Tensor max_pool(const Tensor& x, int kernel, int stride, bool ceil_mode) override {
        return inner_.max_pool(x, kernel, stride, ceil_mode);
    }
    Tensor unit_length(const Tensor& x) override { return inner_.unit_length(x); }
    Tensor activate_gradient(const Tensor& x, Act act, const Tensor& g) override {
        return inner_.activate_gradient(x, act, g);
    }
    Tensor max_pool_gradient(const Tensor& x, const Tensor& g, int kernel, int stride) override {
        return inner_.max_pool_gradient(x, g, kernel, stride);
    }
    Tensor unit_length_gradient(const Tensor& x, const Tensor& g) override {
        return inner_.unit_length_gradient(x, g);
    }
    Tensor group_norm(const Tensor& x, int groups, const Tensor& weight, const Tensor& bias,
                      float eps) override {
        return inner_.group_norm(x, groups, weight, bias, eps);
    }

  protected:
    Ops& inner_;
};

}  // namespace gvc::nn
