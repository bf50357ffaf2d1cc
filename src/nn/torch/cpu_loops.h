// Loops over bfloat16 and float alike on a CPU, for kernels of our own beside ATen's.
#pragma once

#include <bit>
#include <cstdint>

#include "base/clones.h"

namespace gvc::nn {

using Bf16 = uint16_t;

inline float load(float v) { return v; }
inline float load(Bf16 v) { return std::bit_cast<float>(uint32_t{v} << 16); }
inline void store(float& to, float v) { to = v; }
inline void store(Bf16& to, float v) {  // round to nearest even; values are finite here
    const uint32_t bits = std::bit_cast<uint32_t>(v);
    to = static_cast<Bf16>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace gvc::nn
