#include "codec/base_coder.h"

#include <algorithm>
#include <cmath>

namespace gvc::codec {
namespace {

constexpr uint32_t kMinSide = 64;

uint32_t scaled(uint32_t side, double scale) {
    const auto even = 2 * static_cast<uint32_t>(std::lround(side * scale / 2));
    return std::max(kMinSide, even);
}

}  // namespace

bitstream::Rational base_size(const bitstream::SequenceHeader& s, double scale) {
    return {scaled(s.width, scale), scaled(s.height, scale)};
}

double base_scale(const bitstream::SequenceHeader& s) {
    if (!s.base_size) return 1;
    return std::min(1.0, static_cast<double>(s.base_size->den) / s.height);
}

}  // namespace gvc::codec
