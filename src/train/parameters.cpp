#include "train/parameters.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "weights/safetensors.h"

namespace gvc::train {
namespace {

constexpr std::string_view kAveragePrefix = "ema.";

weights::NamedTensor named(const std::string& name, const at::Tensor& value) {
    at::Tensor host = value.detach().to(at::kCPU, at::kFloat).contiguous();
    return weights::from_float(name, host.sizes().vec(),
                               {host.data_ptr<float>(), static_cast<size_t>(host.numel())});
}

}  // namespace

at::Tensor Parameters::get(const std::string& name, at::IntArrayRef shape, nn::Init init,
                           int64_t fan_in, float gain) {
    auto known = values_.find(name);
    if (known != values_.end()) return known->second;

    torch::NoGradGuard no_grad;
    auto options = at::TensorOptions().dtype(at::kFloat).device(device_);
    at::Tensor value;
    auto loaded = waiting_.find(name);
    if (loaded != waiting_.end() && loaded->second.sizes() == shape) {
        value = loaded->second.to(device_).clone();
        waiting_.erase(loaded);
    } else if (init == nn::Init::kaiming) {
        value =
            torch::randn(shape, options) * (gain / std::sqrt(double(std::max<int64_t>(fan_in, 1))));
    } else {
        value = init == nn::Init::one ? torch::ones(shape, options) : torch::zeros(shape, options);
    }
    auto average = waiting_.find(std::string(kAveragePrefix) + name);
    bool has_average = average != waiting_.end() && average->second.sizes() == shape;
    averages_[name] = (has_average ? average->second.to(device_) : value).clone();
    if (average != waiting_.end()) waiting_.erase(average);
    value.set_requires_grad(true);
    return values_[name] = value;
}

nn::ParameterProvider Parameters::provider() {
    return [this](const std::string& name, at::IntArrayRef shape, nn::Init init, int64_t fan_in,
                  float gain) { return get(name, shape, init, fan_in, gain); };
}

void Parameters::update_average(double decay) {
    torch::NoGradGuard no_grad;
    ++averaged_steps_;
    double d = std::min(decay, (1.0 + averaged_steps_) / (10.0 + averaged_steps_));
    std::vector<at::Tensor> values, averages;
    for (const auto& [name, value] : values_) {
        values.push_back(value.detach());
        averages.push_back(averages_[name]);
    }
    at::_foreach_mul_(averages, d);
    at::_foreach_add_(averages, values, 1.0 - d);
}

void Parameters::restart_average() {
    torch::NoGradGuard no_grad;
    averaged_steps_ = 0;
    for (auto& [name, value] : values_) averages_[name].copy_(value);
}

void Parameters::swap_average() {
    torch::NoGradGuard no_grad;
    for (auto& [name, value] : values_) {
        at::Tensor copy = value.clone();
        value.copy_(averages_[name]);
        averages_[name].copy_(copy);
    }
}

Status Parameters::save(const std::string& path, const models::Metadata& metadata) const {
    std::vector<weights::NamedTensor> tensors;
    for (const auto& [name, value] : values_) {
        tensors.push_back(named(name, value));
        tensors.push_back(named(std::string(kAveragePrefix) + name, averages_.at(name)));
    }
    // What was loaded and not asked for in this stage must not be lost.
    for (const auto& [name, value] : waiting_) tensors.push_back(named(name, value));
    models::Metadata all = metadata;
    all["train.averaged_steps"] = std::to_string(averaged_steps_);
    return weights::write(path, tensors, all);
}

Result<models::Metadata> Parameters::load(const std::string& path) {
    GVC_ASSIGN_OR_RETURN(auto file, weights::SafetensorsFile::open(path));
    torch::NoGradGuard no_grad;
    std::vector<float> values;
    for (const auto& [name, view] : file.tensors()) {
        weights::to_float(view, values);
        waiting_[name] = torch::from_blob(values.data(), view.shape, at::kFloat).clone();
    }
    models::Metadata metadata(file.metadata().begin(), file.metadata().end());
    auto steps = metadata.find("train.averaged_steps");
    if (steps != metadata.end()) averaged_steps_ = std::stoll(steps->second);
    return metadata;
}

}  // namespace gvc::train
