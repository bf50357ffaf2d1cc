// Internals of the reference backend; the methods are in one file per kind of operation.
#pragma once

#include <vector>

#include "nn/reference/reference_ops.h"

namespace gvc::nn::reference {

struct HostStorage : Storage {
    std::vector<float> values;  // [N, C, H, W]
};

struct ConvStorage : WeightStorage {
    std::vector<float> weight;  // [out, in, k, k], or [channels, 3, 3]
    std::vector<float> bias;    // [out]
};

const float* data(const Tensor& x);
// A tensor not written yet and where to write it.
struct Output {
    explicit Output(const Shape& shape);
    Tensor tensor;
    float* values;
};

float activate(float value, Act act);
// Bilinear sample; y and x beyond the plane [h, w] are mirrored into it.
float sample(const float* plane, int64_t h, int64_t w, float y, float x);

class ReferenceOps final : public InferenceOps {
  public:
    using InferenceOps::InferenceOps;
    std::string name() const override { return "reference"; }

    ConvWeight conv_weight(const std::string& name, const ConvSpec& spec) override;
    DepthwiseWeight depthwise_weight(const std::string& name, int channels) override;
    Tensor parameter(const std::string& name, const Shape& shape, Init init) override;

    Tensor from_host(const Shape& shape, const float* values) override;
    void to_host(const Tensor& x, float* values) override;
    Tensor zeros(const Shape& shape) override;

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
    Tensor group_norm(const Tensor& x, int groups, const Tensor& weight, const Tensor& bias,
                      float eps) override;
    Tensor unit_length(const Tensor& x) override;

    Tensor activate_gradient(const Tensor& x, Act act, const Tensor& g) override;
    Tensor max_pool_gradient(const Tensor& x, const Tensor& g, int kernel, int stride) override;
    Tensor unit_length_gradient(const Tensor& x, const Tensor& g) override;
};

}  // namespace gvc::nn::reference
