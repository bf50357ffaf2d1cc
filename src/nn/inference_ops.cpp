#include "nn/inference_ops.h"

#include <algorithm>

namespace gvc::nn {
namespace {

std::vector<int64_t> without_ones(std::vector<int64_t> shape) {
    std::erase(shape, 1);
    return shape;
}

std::string describe(const std::vector<int64_t>& shape) {
    std::string text;
    for (int64_t size : shape) {
        if (!text.empty()) text += ',';
        text += std::to_string(size);
    }
    return '[' + text + ']';
}

}  // namespace

std::vector<float> InferenceOps::load(const std::string& name, const std::vector<int64_t>& shape) {
    size_t count = 1;
    for (int64_t size : shape) count *= static_cast<size_t>(size);
    std::optional<WeightArray> found = weights_.find(name);
    if (!found) {
        fail({Code::model, "weights: parameter " + name + " is missing",
              "the weights file belongs to another network or is incomplete"});
        return std::vector<float>(count);
    }
    if (without_ones(found->shape) != without_ones(shape) || found->values.size() != count) {
        fail({Code::model,
              "weights: parameter " + name + " is " + describe(found->shape) +
                  ", the network needs " + describe(shape),
              "the weights file belongs to another network"});
        return std::vector<float>(count);
    }
    return std::move(found->values);
}

InferenceOps::ConvArrays InferenceOps::load_conv(const std::string& name, const ConvSpec& spec) {
    ConvArrays arrays;
    arrays.weight = load(name + ".weight", {spec.out, spec.in, spec.kernel, spec.kernel});
    arrays.bias = spec.bias ? load(name + ".bias", {spec.out})
                            : std::vector<float>(static_cast<size_t>(spec.out));
    return arrays;
}

InferenceOps::ConvArrays InferenceOps::load_depthwise(const std::string& name, int channels) {
    return {load(name + ".weight", {channels, 1, 3, 3}), load(name + ".bias", {channels})};
}

void InferenceOps::fail(Status status) {
    if (status_.ok()) status_ = std::move(status);
}

}  // namespace gvc::nn
