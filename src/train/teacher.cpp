#include "train/teacher.h"

#include <algorithm>
#include <iterator>

#include "weights/safetensors.h"

namespace gvc::train {
namespace {

constexpr char kPrefix[] = "encoder.";
constexpr int64_t kGroups = 4;
// The layers of the encoder in the order of the file: convolutions that halve, blocks between.
constexpr int kHalvings[] = {2, 6, 10};
constexpr int kLast = 14;

bool halves(int layer) {
    return std::find(std::begin(kHalvings), std::end(kHalvings), layer) != std::end(kHalvings);
}

}  // namespace

Result<Teacher> Teacher::load(const std::string& path, at::Device device) {
    GVC_ASSIGN_OR_RETURN(const auto file, weights::SafetensorsFile::open(path));
    Teacher teacher;
    std::vector<float> values;
    for (const auto& [name, view] : file.tensors()) {
        if (name.rfind(kPrefix, 0) != 0) continue;
        weights::to_float(view, values);
        teacher.weights_[name.substr(sizeof(kPrefix) - 1)] =
            torch::from_blob(values.data(), view.shape, at::kFloat).clone().to(device);
    }
    for (int layer = 0; layer <= kLast; ++layer) {
        const std::string name = std::to_string(layer);
        if (!teacher.has(name + ".weight") && !teacher.has(name + ".conv.4.weight"))
            return Status(Code::input, path + " is no TAEF2: it lacks encoder." + name);
    }
    return teacher;
}

at::Tensor Teacher::conv(const at::Tensor& x, const std::string& name, int64_t stride) const {
    const at::Tensor& weight = weights_.at(name + ".weight");
    const auto bias = weights_.find(name + ".bias");
    return at::conv2d(x, weight, bias == weights_.end() ? at::Tensor() : bias->second, stride,
                      weight.size(2) / 2);
}

at::Tensor Teacher::block(const at::Tensor& input, int layer) const {
    const std::string name = std::to_string(layer);
    at::Tensor x = input;
    if (has(name + ".pool.0.weight")) {
        const at::Tensor wide =
            at::group_norm(conv(x, name + ".pool.0"), kGroups, weights_.at(name + ".pool.1.weight"),
                           weights_.at(name + ".pool.1.bias"));
        x = x + conv(wide.relu(), name + ".pool.3");
    }
    at::Tensor y = conv(x, name + ".conv.0").relu();
    y = conv(y, name + ".conv.2").relu();
    return (conv(y, name + ".conv.4") + x).relu();
}

at::Tensor Teacher::latent(const at::Tensor& rgb) const {
    torch::NoGradGuard no_grad;
    at::Tensor x = conv(rgb.to(at::kFloat), "0");
    for (int layer = 1; layer < kLast; ++layer)
        x = halves(layer) ? conv(x, std::to_string(layer), 2) : block(x, layer);
    return conv(x, std::to_string(kLast));
}

}  // namespace gvc::train
