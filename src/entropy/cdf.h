// Stored CDF tables and the coding of one token with them.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "entropy/rans.h"
#include "entropy/token_config.h"

namespace gvc::entropy {

// Cumulative starts of the 18 entries (values -8 ... 8, then the escape) and the end, 65536.
struct CdfRow {
    std::array<uint32_t, kAlphabet + 1> start;

    uint32_t frequency(int entry) const { return start[entry + 1] - start[entry]; }
};

// Reads one stored row. False unless it begins with 0 and every frequency is at least 1.
bool load_cdf_row(std::span<const uint16_t, kAlphabet> stored, CdfRow& row);

// The row of a token's negative.
CdfRow mirrored(const CdfRow& row);

// value must be within +-kMaxMagnitude.
void put_token(RansEncoder& encoder, const CdfRow& row, int value);

// False if the data holds an impossible escape.
bool take_escape(RansDecoder& decoder, int16_t& value);

inline bool take_token(RansDecoder& decoder, const CdfRow& row, int16_t& value) {
    const uint32_t slot = decoder.slot();
    int entry = kSymbolLimit;  // zero first: nearly every token is zero
    if (slot < row.start[entry] || slot >= row.start[entry + 1]) {
        entry = 0;
        while (slot >= row.start[entry + 1]) ++entry;
    }
    decoder.take(row.start[entry], row.frequency(entry));
    value = static_cast<int16_t>(entry - kSymbolLimit);
    return entry != kEscapeEntry || take_escape(decoder, value);
}

// Bits of a value under a row: what put_token spends, up to the coder's own < 0.1 %.
class CdfCost {
  public:
    explicit CdfCost(const CdfRow& row);
    float bits(int value) const {
        const int entry = value + kSymbolLimit;
        return entry >= 0 && entry < kEscapeEntry ? bits_[entry] : escape_bits(value);
    }

  private:
    float escape_bits(int value) const;
    std::array<float, kAlphabet> bits_;
};

}  // namespace gvc::entropy
