// Where a backend takes its parameters from: named arrays of floats.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "weights/safetensors.h"

namespace gvc::nn {

struct WeightArray {
    std::vector<int64_t> shape;
    std::vector<float> values;  // row-major; as many as the shape says
};

class WeightSource {
  public:
    virtual ~WeightSource() = default;

    // A copy of the parameter as fp32 (whatever it is stored as); nothing when there is none of
    // that name or it cannot be read as numbers.
    virtual std::optional<WeightArray> find(const std::string& name) const = 0;
};

// Parameters held in memory: for tests, and for weights that were just made.
class MemoryWeights : public WeightSource {
  public:
    // Replaces a parameter of the same name. `values` must be as many as the shape says.
    void set(const std::string& name, std::vector<int64_t> shape, std::vector<float> values);
    std::optional<WeightArray> find(const std::string& name) const override;

  private:
    std::map<std::string, WeightArray> arrays_;
};

// The tensors of a weights file.
class FileWeights : public WeightSource {
  public:
    explicit FileWeights(weights::SafetensorsFile file) : file_(std::move(file)) {}
    std::optional<WeightArray> find(const std::string& name) const override;

  private:
    weights::SafetensorsFile file_;
};

}  // namespace gvc::nn
