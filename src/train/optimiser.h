// What moves the parameters: Muon for the dense convolutions, AdamW for the rest.
#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/adamw.h"
#include "train/archive.h"
#include "train/muon.h"

namespace gvc::train {

// The parameters of a stage, by how they are trained.
struct Trained {
    std::vector<at::Tensor> matrices;    // by Muon
    std::vector<at::Tensor> others;      // by AdamW
    std::vector<at::Tensor> quantisers;  // by AdamW, at a higher learning rate

    std::vector<at::Tensor> all() const;
};

// Scales the parameters' gradients down to a common norm of `most` at most; the norm as it was.
double clip_gradients(const std::vector<at::Tensor>& parameters, double most);

class Optimiser {
  public:
    explicit Optimiser(const Trained& trained);

    void forget_gradients();
    void step(double learning_rate);

    // Moments go through bf16, here too: training that goes on and training that is resumed are the
    // same. Code::temporary where the file cannot be written.
    Status save(const std::string& path);
    // Fails with Code::input where the file cannot be read or is not of these parameters.
    Status load(const std::string& path);

  private:
    std::vector<ArchivePart> parts();
    void hold_moments_as(at::ScalarType type);

    AdamW others_, quantisers_;
    Muon matrices_;
};

}  // namespace gvc::train
