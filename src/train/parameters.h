// Trainable parameters by name, with their exponential moving average, and checkpoints of them.
#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "models/config.h"
#include "nn/torch/torch_ops.h"

namespace gvc::train {

class Parameters {
  public:
    explicit Parameters(at::Device device) : device_(device) {}

    // Makes the parameter, or returns the one of that name (a network may be built twice).
    at::Tensor get(const std::string& name, at::IntArrayRef shape, nn::Init init, int64_t fan_in,
                   float gain);
    nn::ParameterProvider provider();

    const std::map<std::string, at::Tensor>& all() const { return values_; }
    bool has(const std::string& name) const { return values_.count(name) > 0; }

    // EMA: ema += (1 - decay) * (value - ema), with the decay warmed up over the first steps.
    void update_average(double decay);
    // Averages begin again at the present values.
    void restart_average();
    // Exchanges values and averages, for evaluation and export; call again to go back.
    void swap_average();

    // Values, averages and metadata in one safetensors file ("ema." + name for averages).
    Status save(const std::string& path, const models::Metadata& metadata) const;
    // Takes what the file has by name and shape; a file without averages starts them at its values.
    Result<models::Metadata> load(const std::string& path);

  private:
    at::Device device_;
    std::map<std::string, at::Tensor> values_, averages_;
    std::map<std::string, at::Tensor> waiting_;  // loaded, not asked for yet
    int64_t averaged_steps_ = 0;
};

}  // namespace gvc::train
