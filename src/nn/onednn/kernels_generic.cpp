// Any CPU: see kernels_table.inl.
#include "nn/onednn/kernels.h"

#define GVC_KERNELS generic
#define GVC_VECTOR_BYTES 16
#include "nn/onednn/kernels_table.inl"
