// The cases of check_ops: each makes its inputs from the context and applies one operation.
#pragma once

#include <random>
#include <string>
#include <vector>

#include "nn/ops.h"
#include "nn/weight_source.h"

namespace gvc::nn {

// One run of one case on one backend. Two contexts with the same seed give the same inputs.
class CheckContext {
  public:
    CheckContext(Ops& backend, MemoryWeights& weights, uint32_t seed)
        : ops(backend), weights_(weights), random_(seed) {}

    Ops& ops;

    int64_t pick(int64_t low, int64_t high);  // both included
    Act act();
    Shape shape(int64_t max_channels);  // of a feature: 1 to 4 items, small odd and even sizes
    // Multiples of 1/64 in -range/64 ... range/64, which bf16 holds exactly up to 127.
    Tensor input(const Shape& shape, int range = 127);
    // The same, having passed a convolution that does nothing: of the type that features have.
    Tensor feature(const Shape& shape);
    ConvWeight conv_weight(const ConvSpec& spec);
    DepthwiseWeight depthwise_weight(int channels);

  private:
    std::vector<float> values(int64_t count, int range);

    MemoryWeights& weights_;
    std::mt19937 random_;
};

enum class Exactness {
    moves,     // values are copied, or arithmetic is exact
    rounds,    // a few roundings
    sums,      // sums over many values
    positions  // values taken at positions that are rounded themselves
};

struct CheckCase {
    std::string op;
    Exactness exactness;
    Tensor (*run)(CheckContext&);
};

const std::vector<CheckCase>& check_cases();

}  // namespace gvc::nn
