// What moves the parameters: Muon for the dense convolutions, AdamW for the rest.
#pragma once

#include <torch/torch.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/muon.h"

namespace gvc::train {

// The parameters of a stage, by how they are trained.
struct Trained {
    std::vector<at::Tensor> matrices;    // by Muon
    std::vector<at::Tensor> others;      // by AdamW
    std::vector<at::Tensor> quantisers;  // by AdamW, at a higher learning rate

    std::vector<at::Tensor> all() const;
};

class Optimiser {
  public:
    explicit Optimiser(const Trained& trained);

    void forget_gradients();
    void step(double learning_rate);

    void save(const std::string& path) const;
    // Fails with Code::input where the file cannot be read or is not of these parameters.
    Status load(const std::string& path);

  private:
    torch::optim::AdamW adam_;
    Muon muon_;
};

}  // namespace gvc::train
