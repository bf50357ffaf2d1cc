// Multiply-accumulates of networks, counted where they run.
#pragma once

#include <memory>

#include "nn/ops.h"

namespace gvc::nn {

// Does what `inner` does, which must outlive it, and counts products(): those of convolutions, as
// the network has them. A backend that computes less (the parts of conv_parts that are one tensor,
// Winograd) does the same network, and its share of the peak says how well.
std::unique_ptr<Ops> make_counting_ops(Ops& inner);

}  // namespace gvc::nn
