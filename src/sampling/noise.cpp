#include "sampling/noise.h"

#include <cmath>
#include <numbers>

namespace gvc::sampling {
namespace {

// A number in (0, 1], never 0, so that its logarithm is finite.
float unit(uint32_t bits) { return (static_cast<float>(bits >> 8) + 1.0f) * 0x1p-24f; }

}  // namespace

std::array<uint32_t, 4> philox(std::array<uint32_t, 4> c, std::array<uint32_t, 2> key) {
    for (int round = 0; round < 10; ++round) {
        const uint64_t a = uint64_t{0xD2511F53} * c[0], b = uint64_t{0xCD9E8D57} * c[2];
        c = {static_cast<uint32_t>(b >> 32) ^ c[1] ^ key[0], static_cast<uint32_t>(b),
             static_cast<uint32_t>(a >> 32) ^ c[3] ^ key[1], static_cast<uint32_t>(a)};
        key[0] += 0x9E3779B9;
        key[1] += 0xBB67AE85;
    }
    return c;
}

void gaussian_noise(uint32_t seed, uint32_t frame, std::span<float> out) {
    for (size_t i = 0; i < out.size(); i += 4) {
        const auto bits = philox({static_cast<uint32_t>(i / 4), 0, 0, 0}, {seed, frame});
        for (size_t pair = 0; pair < 2; ++pair) {
            const float radius = std::sqrt(-2.0f * std::log(unit(bits[2 * pair])));
            const float angle = 2.0f * std::numbers::pi_v<float> * unit(bits[2 * pair + 1]);
            if (i + 2 * pair < out.size()) out[i + 2 * pair] = radius * std::cos(angle);
            if (i + 2 * pair + 1 < out.size()) out[i + 2 * pair + 1] = radius * std::sin(angle);
        }
    }
}

}  // namespace gvc::sampling
