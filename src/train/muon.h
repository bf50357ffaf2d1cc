// Muon: momentum whose update is made orthogonal before it is applied (Jordan et al. 2024), scaled
// so that an element moves about as far as under AdamW at the same learning rate (Liu et al.,
// "Muon is Scalable for LLM Training", 2025).
#pragma once

#include <torch/serialize/archive.h>
#include <torch/types.h>

#include <map>
#include <utility>
#include <vector>

namespace gvc::train {

// Whether a parameter is a matrix that Muon is made for: a dense convolution [out, in, k, k] seen
// as [out, in * k * k], both of at least 16. Depth-wise kernels, biases and gains are not.
bool is_matrix(const at::Tensor& parameter);

// The nearest matrices to `m` [..., rows, columns] whose singular values are all about 1 (0.7 to
// 1.2), by five Newton-Schulz iterations.
at::Tensor orthogonalised(const at::Tensor& m);

class Muon {
  public:
    explicit Muon(std::vector<at::Tensor> parameters);

    void forget_gradients();
    // One step from the parameters' gradients; those without one are left alone.
    void step(double learning_rate);

    void hold_momenta_as(at::ScalarType type);
    // The momenta, of the type that they are held as. load throws c10::Error where the archive is
    // not of these parameters.
    void save(torch::serialize::OutputArchive& archive) const;
    void load(torch::serialize::InputArchive& archive);

  private:
    std::vector<at::Tensor> parameters_, momenta_;
    // Indices of parameters by shape: matrices of a shape are made orthogonal together.
    std::map<std::pair<int64_t, int64_t>, std::vector<size_t>> by_shape_;
};

}  // namespace gvc::train
