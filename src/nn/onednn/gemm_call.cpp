#include "nn/onednn/gemm_call.h"

namespace gvc::nn::onednn {

ConvStorage& storage(const ConvWeight& weight) {
    return static_cast<ConvStorage&>(*weight.storage);
}

const PackedWeights& packed(ConvStorage& weight) {
    if (!weight.packed)
        weight.packed = std::make_unique<PackedWeights>(weight.weight, weight.bias, false);
    return *weight.packed;
}

const PackedWeights& packed_gated(ConvStorage& weight) {
    if (!weight.packed_gated)
        weight.packed_gated = std::make_unique<PackedWeights>(weight.weight, weight.bias, true);
    return *weight.packed_gated;
}

const uint16_t* halves(const Tensor& x, int64_t offset) {
    return static_cast<const uint16_t*>(in(x, offset).data);
}

uint16_t* halves_out(const Tensor& x, int64_t offset) {
    return static_cast<uint16_t*>(out(x, offset).data);
}

Gemm gemm_call(const PackedWeights& weights, Epilogue epilogue, const uint16_t* from, uint16_t* to,
               int64_t positions, const uint16_t* residual) {
    Gemm gemm{};
    gemm.epilogue = epilogue;
    gemm.in_data = from;
    gemm.in_stride = gemm.in = weights.in();
    gemm.positions = positions;
    gemm.weights = weights.weights();
    gemm.bias = weights.bias();
    gemm.vectors = weights.vectors();
    gemm.out = to;
    gemm.out_stride = weights.vectors() * kGemmVector / (epilogue == Epilogue::gated_silu ? 2 : 1);
    gemm.residual = residual;
    gemm.residual_stride = gemm.out_stride;
    return gemm;
}

}  // namespace gvc::nn::onednn
