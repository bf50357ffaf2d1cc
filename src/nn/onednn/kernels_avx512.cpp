// AVX-512 (F, BW, DQ, VL): see kernels_table.inl.
#include "nn/onednn/kernels.h"

#define GVC_KERNELS avx512
#define GVC_VECTOR_BYTES 64
#include "nn/onednn/kernels_table.inl"
