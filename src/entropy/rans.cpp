#include "entropy/rans.h"

#include <algorithm>

namespace gvc::entropy {

std::vector<uint8_t> RansEncoder::finish() const {
    std::vector<uint8_t> out;
    uint32_t state = kRansLow;
    for (auto it = symbols_.rbegin(); it != symbols_.rend(); ++it) {
        const uint32_t frequency = it->frequency_less_1 + 1u;
        const uint64_t limit = static_cast<uint64_t>(kRansLow >> 16 << 8) * frequency;
        while (state >= limit) {
            out.push_back(static_cast<uint8_t>(state));
            state >>= 8;
        }
        state = (state / frequency << 16) + state % frequency + it->start;
    }
    for (int shift = 24; shift >= 0; shift -= 8)
        out.push_back(static_cast<uint8_t>(state >> shift));
    std::reverse(out.begin(), out.end());
    return out;
}

RansDecoder::RansDecoder(std::span<const uint8_t> data) : data_(data) {
    for (int shift = 0; shift < 32; shift += 8) state_ |= next_byte() << shift;
    // No encoder ends outside these bounds. Forcing a state inside them keeps take() correct on
    // damaged data: its loop always ends and nothing overflows.
    if (state_ < kRansLow || state_ >= kRansLow << 8) {
        overrun_ = true;
        state_ = kRansLow;
    }
}

}  // namespace gvc::entropy
