// Integer convolution of the scale network: u8 activations, s8 weights in [-64, 63], s32 sums,
// out = clamp((sum + bias + 2^(shift-1)) >> shift, 0, max). Exact and equal on every machine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "weights/safetensors.h"

namespace gvc::entropy {

// The scalar kernel is the definition; the others must equal it bit for bit.
enum class Isa { scalar, avx2, avx512_vnni };
Isa best_isa();  // the best that this machine runs
bool runs_here(Isa isa);

struct IntConv {
    int in_channels = 0;
    int out_channels = 0;
    int kernel = 0;             // 1 or 3; zero padding keeps the size
    int shift = 0;              // 1 ... 24
    std::vector<int32_t> bias;  // [tables, out_channels]
    // [out/16][k/4][16][4] with k = (row * kernel + column) * in_channels + channel.
    std::vector<int8_t> packed;
};

// Reads NAME.weight (I8 [out, in, k, k]), NAME.bias (I32 [out], or [tables, out] if tables > 1) and
// NAME.shift (I32 [1]). Code::model if something is missing, out of range, or could overflow.
// in_channels must be a multiple of 4 and out_channels of 16.
Result<IntConv> load_int_conv(const weights::SafetensorsFile& file, const std::string& name,
                              int in_channels, int out_channels, int kernel, int tables);

// in: [height, width, in_channels]. out: out_channels bytes at every out_stride, [height * width].
void convolve(const IntConv& conv, int table, std::span<const uint8_t> in, int height, int width,
              int max, uint8_t* out, size_t out_stride, Isa isa);

}  // namespace gvc::entropy
