// Kernels of int_conv.cpp: products of rows of u8 with packed s8 weights, requantised to u8.
#pragma once

#include <cstddef>
#include <cstdint>

namespace gvc::entropy {

// positions rows of 4 * quads bytes, in_stride apart; out_blocks * 16 outputs each, out_stride
// apart. weights: [out_blocks][quads][16][4].
struct ProductJob {
    const uint8_t* in;
    size_t in_stride;
    int positions;
    int quads;
    const int8_t* weights;
    const int32_t* bias;
    int out_blocks;
    int shift;
    int max;
    uint8_t* out;
    size_t out_stride;
};

void product_scalar(const ProductJob& job);
#if defined(__x86_64__)
void product_avx2(const ProductJob& job);
void product_avx512_vnni(const ProductJob& job);
#endif

}  // namespace gvc::entropy
