#include "nn/reference/backend.h"

#include <algorithm>

namespace gvc::nn {

std::unique_ptr<InferenceOps> make_reference_ops(const WeightSource& weights) {
    return std::make_unique<reference::ReferenceOps>(weights);
}

namespace reference {

const float* data(const Tensor& x) {
    return static_cast<const HostStorage*>(x.storage())->values.data();
}

Output::Output(const Shape& shape) {
    auto storage = std::make_shared<HostStorage>();
    storage->values.resize(static_cast<size_t>(shape.count()));
    values = storage->values.data();
    tensor = Tensor(shape, std::move(storage));
}

ConvWeight ReferenceOps::conv_weight(const std::string& name, const ConvSpec& spec) {
    ConvArrays arrays = load_conv(name, spec);
    auto storage = std::make_shared<ConvStorage>();
    storage->weight = std::move(arrays.weight);
    storage->bias = std::move(arrays.bias);
    return {spec, std::move(storage)};
}

DepthwiseWeight ReferenceOps::depthwise_weight(const std::string& name, int channels) {
    ConvArrays arrays = load_depthwise(name, channels);
    auto storage = std::make_shared<ConvStorage>();
    storage->weight = std::move(arrays.weight);
    storage->bias = std::move(arrays.bias);
    return {channels, std::move(storage)};
}

Tensor ReferenceOps::parameter(const std::string& name, const Shape& shape, Init) {
    return from_host(shape, load(name, {shape.n, shape.c, shape.h, shape.w}).data());
}

Tensor ReferenceOps::from_host(const Shape& shape, const float* values) {
    Output out(shape);
    std::copy_n(values, shape.count(), out.values);
    return out.tensor;
}

void ReferenceOps::to_host(const Tensor& x, float* values) {
    std::copy_n(data(x), x.shape().count(), values);
}

Tensor ReferenceOps::zeros(const Shape& shape) { return Output(shape).tensor; }

}  // namespace reference
}  // namespace gvc::nn
