// Tokens as the integer networks see them.
#pragma once

#include <algorithm>
#include <cstdint>

#include "entropy/token_config.h"

namespace gvc::entropy {

inline constexpr int kActivationMax = 255;

inline uint8_t activation(int magnitude) {
    return static_cast<uint8_t>(std::clamp(magnitude, 0, kActivationInputMax) * kActivationOne);
}

}  // namespace gvc::entropy
