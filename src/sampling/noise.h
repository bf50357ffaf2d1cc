// Seeded Gaussian noise, the same on every machine (up to the last bit of libm): Philox4x32-10
// (Salmon et al., SC 2011) as the counter-based generator, Box-Muller to normal values.
#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace gvc::sampling {

// One block of the generator.
std::array<uint32_t, 4> philox(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

// Fills out with the noise of one frame: value i depends on seed, frame and i alone.
void gaussian_noise(uint32_t seed, uint32_t frame, std::span<float> out);

}  // namespace gvc::sampling
