// Defines the table of one instruction set. Before including it set
//   GVC_KERNELS        the namespace and name
//   GVC_VECTOR_BYTES   the vector size
//   GVC_BF16_KERNELS   where the CPU multiplies bf16; <immintrin.h> is included before
// The file that does so is compiled with the instruction set's options. Everything is in that
// namespace or static, so that no code of it can be taken for another CPU's.

namespace gvc::nn::onednn::GVC_KERNELS {
namespace {

#include "nn/onednn/simd.inl"
// Needs simd.inl.
#include "nn/onednn/kernels_elementwise.inl"
#include "nn/onednn/kernels_gradients.inl"
#include "nn/onednn/kernels_layout.inl"
#include "nn/onednn/kernels_motion.inl"
#include "nn/onednn/kernels_resample.inl"
#ifdef GVC_BF16_KERNELS
#include "nn/onednn/kernels_bf16.inl"
#else
constexpr decltype(Kernels::gemm) gemm = nullptr;
constexpr decltype(Kernels::depthwise_row) depthwise_row = nullptr;
constexpr decltype(Kernels::affine_runs) affine_runs = nullptr;
constexpr decltype(Kernels::add_runs) add_runs = nullptr;
#endif

}  // namespace

#define GVC_STRING_INNER(x) #x
#define GVC_STRING(x) GVC_STRING_INNER(x)
extern const Kernels kTable;
const Kernels kTable = {
    .name = GVC_STRING(GVC_KERNELS),
    .copy = copy,
    .interleave = interleave,
    .deinterleave = deinterleave,
    .binary = binary,
    .activate = activate,
    .affine = affine,
    .clamp = clamp,
    .scale_shift = scale_shift,
    .norm_modulate = norm_modulate,
    .sum_halves = sum_halves,
    .channel_sums = channel_sums,
    .upsample_row = upsample_row,
    .mean_row = mean_row,
    .max_window = max_window,
    .activate_gradient = activate_gradient,
    .max_window_gradient = max_window_gradient,
    .unit_length = unit_length,
    .unit_length_gradient = unit_length_gradient,
    .warp_planes = warp_planes,
    .warp_row = warp_row,
    .match_row = match_row,
    .gemm = gemm,
    .depthwise_row = depthwise_row,
    .affine_runs = affine_runs,
    .add_runs = add_runs,
};

}  // namespace gvc::nn::onednn::GVC_KERNELS
