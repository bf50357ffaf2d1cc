// Calls of the bf16 matrix kernel on tensors and prepared weights.
#pragma once

#include "nn/onednn/backend.h"
#include "nn/onednn/convolver.h"

namespace gvc::nn::onednn {

inline constexpr int64_t kGemmVector = 16;  // output channels come in vectors

ConvStorage& storage(const ConvWeight& weight);
// Made when first asked for.
const PackedWeights& packed(ConvStorage& weight);
const PackedWeights& packed_gated(ConvStorage& weight);
// Of the elements of a bf16 tensor.
const uint16_t* halves(const Tensor& x, int64_t offset = 0);
uint16_t* halves_out(const Tensor& x, int64_t offset = 0);

// On dense [positions, channels] everywhere.
Gemm gemm_call(const PackedWeights& weights, Epilogue epilogue, const uint16_t* from, uint16_t* to,
               int64_t positions, const uint16_t* residual = nullptr);

}  // namespace gvc::nn::onednn
