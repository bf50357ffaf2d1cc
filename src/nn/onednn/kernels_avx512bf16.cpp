// AVX-512 (F, BW, DQ, VL, BF16): see kernels_table.inl.
#include <immintrin.h>

#include "nn/onednn/kernels.h"

#define GVC_KERNELS avx512bf16
#define GVC_VECTOR_BYTES 64
#define GVC_BF16_KERNELS
#include "nn/onednn/kernels_table.inl"
