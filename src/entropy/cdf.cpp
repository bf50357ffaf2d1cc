#include "entropy/cdf.h"

#include <bit>
#include <cmath>
#include <cstdlib>

namespace gvc::entropy {
namespace {

// Escapes: e = |value| - 8 >= 1, as exponential Golomb of order 0: as many zeros as e has bits
// after its first, a one, those bits; then the sign (1: negative).
constexpr uint32_t kMaxEscape = kMaxMagnitude - kSymbolLimit;

int bits_after_first(uint32_t e) { return std::bit_width(e) - 1; }

}  // namespace

bool load_cdf_row(std::span<const uint16_t, kAlphabet> stored, CdfRow& row) {
    for (int i = 0; i < kAlphabet; ++i) row.start[i] = stored[i];
    row.start[kAlphabet] = 1u << kProbabilityBits;
    if (row.start[0] != 0) return false;
    for (int i = 0; i < kAlphabet; ++i) {
        if (row.start[i] >= row.start[i + 1]) return false;
    }
    return true;
}

CdfRow mirrored(const CdfRow& row) {
    CdfRow result;
    result.start[0] = 0;
    for (int entry = 0; entry < kEscapeEntry; ++entry) {
        result.start[entry + 1] = result.start[entry] + row.frequency(2 * kSymbolLimit - entry);
    }
    result.start[kAlphabet] = row.start[kAlphabet];
    return result;
}

void put_token(RansEncoder& encoder, const CdfRow& row, int value) {
    const int magnitude = std::abs(value);
    if (magnitude <= kSymbolLimit) {
        const int entry = value + kSymbolLimit;
        encoder.put(row.start[entry], row.frequency(entry));
        return;
    }
    encoder.put(row.start[kEscapeEntry], row.frequency(kEscapeEntry));
    const auto e = static_cast<uint32_t>(magnitude - kSymbolLimit);
    const int extra = bits_after_first(e);
    for (int i = 0; i < extra; ++i) encoder.put_bits(0, 1);
    encoder.put_bits(1, 1);
    if (extra > 0) encoder.put_bits(e - (1u << extra), extra);
    encoder.put_bits(value < 0 ? 1 : 0, 1);
}

bool take_escape(RansDecoder& decoder, int16_t& value) {
    int extra = 0;
    while (decoder.bits(1) == 0) {
        if (++extra > bits_after_first(kMaxEscape)) return false;
    }
    uint32_t e = 1u << extra;
    if (extra > 0) e += decoder.bits(extra);
    if (e > kMaxEscape) return false;
    const int magnitude = static_cast<int>(e) + kSymbolLimit;
    value = static_cast<int16_t>(decoder.bits(1) != 0 ? -magnitude : magnitude);
    return true;
}

CdfCost::CdfCost(const CdfRow& row) {
    for (int i = 0; i < kAlphabet; ++i) {
        bits_[i] = kProbabilityBits - std::log2(static_cast<float>(row.frequency(i)));
    }
}

float CdfCost::escape_bits(int value) const {
    const auto e = static_cast<uint32_t>(std::abs(value) - kSymbolLimit);
    return bits_[kEscapeEntry] + 2.0f * static_cast<float>(bits_after_first(e)) + 2.0f;
}

}  // namespace gvc::entropy
