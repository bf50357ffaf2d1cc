// AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019) over all of its
// parameters at once: one by one, a GPU waits for thousands of launches a step.
#pragma once

#include <torch/serialize/archive.h>
#include <torch/types.h>

#include <vector>

namespace gvc::train {

class AdamW {
  public:
    explicit AdamW(std::vector<at::Tensor> parameters);

    void forget_gradients();
    // One step from the parameters' gradients; those without one are left alone.
    void step(double learning_rate);

    void hold_moments_as(at::ScalarType type);
    // The moments, of the type that they are held as. load throws c10::Error where the archive is
    // not of these parameters.
    void save(torch::serialize::OutputArchive& archive) const;
    void load(torch::serialize::InputArchive& archive);

  private:
    std::vector<at::Tensor> parameters_, means_, squares_;
    int64_t steps_ = 0;
};

}  // namespace gvc::train
