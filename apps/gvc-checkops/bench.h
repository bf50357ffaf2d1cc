// Times of operations at the sizes they have at 480p.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "nn/ops.h"
#include "nn/weight_source.h"

namespace gvc::checkops {

struct BenchRow {
    std::string op;
    double ms = 0;          // best of several runs
    double giga_ops = 0;    // per second; 0 where the operation is not counted in products
    double conv_share = 0;  // giga_ops relative to the big convolution's
};

// Registers what it needs with `weights`, which `ops` was made from.
std::vector<BenchRow> bench_ops(nn::Ops& ops, nn::MemoryWeights& weights);

}  // namespace gvc::checkops
