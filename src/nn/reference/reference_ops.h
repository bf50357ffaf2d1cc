// The reference backend: plain C++, fp32, one thread. Every other backend is compared with it; it
// needs no library and runs everywhere, slowly.
#pragma once

#include <memory>

#include "nn/inference_ops.h"

namespace gvc::nn {

// `weights` must live as long as networks are built with the result.
std::unique_ptr<InferenceOps> make_reference_ops(const WeightSource& weights);

}  // namespace gvc::nn
