#include "nn/weight_source.h"

namespace gvc::nn {

void MemoryWeights::set(const std::string& name, std::vector<int64_t> shape,
                        std::vector<float> values) {
    arrays_[name] = {std::move(shape), std::move(values)};
}

std::optional<WeightArray> MemoryWeights::find(const std::string& name) const {
    auto found = arrays_.find(name);
    if (found == arrays_.end()) return std::nullopt;
    return found->second;
}

std::optional<WeightArray> FileWeights::find(const std::string& name) const {
    const weights::TensorView* view = file_.find(name);
    if (!view) return std::nullopt;
    WeightArray array{view->shape, {}};
    weights::to_float(*view, array.values);
    return array;
}

}  // namespace gvc::nn
