// The CPU backend: convolutions by oneDNN (1x1 in bf16, and blocks of them, by own kernels),
// everything else by own vector code; NHWC in memory.
#pragma once

#include <memory>

#include "nn/inference_ops.h"

namespace gvc::nn {

// bf16 needs AVX512_BF16: on any other CPU fp32 is used instead and name() says so. In bf16
// convolutions of pictures and features compute from bf16 and give bf16; results of up to 8
// channels (pictures, flows, masks) and of one position (vectors [N, C, 1, 1]) stay fp32. What
// enters by from_host is fp32, and so is a warped picture.
//
// Buffers are reused: after the first run of a network nothing is allocated. The memory kept for
// that is at most 1.5 times what was needed at once.
//
// `weights` must live as long as networks are built with the result.
std::unique_ptr<InferenceOps> make_onednn_ops(const WeightSource& weights, Precision precision);

}  // namespace gvc::nn
