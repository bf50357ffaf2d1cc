// Comparison of a backend with the reference: every operation on random shapes and values.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nn/ops.h"
#include "nn/weight_source.h"

namespace gvc::nn {

using OpsFactory = std::function<std::unique_ptr<Ops>(const WeightSource&)>;

struct OpCheck {
    std::string op;
    int cases = 0;
    // Largest difference found, relative to the largest value of the reference's result, and what
    // was allowed.
    double error = 0, tolerance = 0;
    bool same_shape = true;

    bool ok() const { return same_shape && error <= tolerance; }
};

// Runs each operation `rounds` times. `precision` decides what is allowed: operations that only
// move values must be exact in fp32. Inputs are numbers that bf16 can hold. The same seed gives the
// same cases. When the backend is an InferenceOps its status must be ok too: operation "status"
// fails otherwise.
std::vector<OpCheck> check_ops(const OpsFactory& backend, Precision precision, int rounds,
                               uint32_t seed);

}  // namespace gvc::nn
