// AVX2 and FMA: see kernels_table.inl.
#include "nn/onednn/kernels.h"

#define GVC_KERNELS avx2
#define GVC_VECTOR_BYTES 32
#include "nn/onednn/kernels_table.inl"
