// Loops over bfloat16 and float alike on a CPU, for kernels of our own beside ATen's.
#pragma once

#include <bit>
#include <cstdint>

// One source, compiled for several instruction sets and chosen at load.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define GVC_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define GVC_CLONES
#endif

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
