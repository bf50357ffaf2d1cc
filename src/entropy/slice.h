// Coding of one slice: a band of rows of a unit's z and y tokens, in one rANS stream.
//
// z comes first, then y; each in the order of its plane, or phase by phase where the model has a
// context for it. A slice needs nothing outside itself but, for chunks in chain mode, the same band
// of the previous unit's y. A slice of some cells of 64x64 pixels only says first which these are;
// in all others tokens are 0 and not coded.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "entropy/token_model.h"

namespace gvc::entropy {

// What a slice is coded with. y_prev: the band of the previous chunk's y, size.y_count() values;
// empty for keys, for the first chunk after a key and in self mode.
struct SliceContext {
    TokenKind kind = TokenKind::key;
    int qp = 0;  // 0 ... 31
    SliceSize size;
    std::span<const int16_t> y_prev;
    // size.z_positions() values, 0 for cells that are not coded; empty: all are. To be decoded it
    // is only told by decode_slice that there are such cells.
    std::span<const uint8_t> cells = {};
};

// The row of every y token. Those with row 0 become zero in y: their neighbours' rows rely on it.
std::vector<TokenRow> token_rows(const TokenModel& model, const SliceContext& context,
                                 std::span<const int16_t> z, std::span<int16_t> y);

// Codes z (z_count values) and y (y_count) with the rows that belong to them. Values beyond
// +-kMaxMagnitude are cut in place: afterwards both hold what the decoder will get.
std::vector<uint8_t> encode_slice(const TokenModel& model, const SliceContext& context,
                                  std::span<int16_t> z, std::span<int16_t> y,
                                  std::span<const TokenRow> rows);
// The same where they were not needed before.
std::vector<uint8_t> encode_slice(const TokenModel& model, const SliceContext& context,
                                  std::span<int16_t> z, std::span<int16_t> y);

// The same size without coding, in bits (within 0.5 %, the flush included). z and y as encode_slice
// leaves them: y tokens at row 0 count as nothing.
double slice_bits(const TokenModel& model, const SliceContext& context, std::span<const int16_t> z,
                  std::span<const int16_t> y);

// Fills z and y, and with `cells` (size.z_positions() values) those of a slice that has them; its
// context has none. Code::corrupt if the bytes are not a whole slice; z and y then hold anything
// within range.
Status decode_slice(const TokenModel& model, const SliceContext& context,
                    std::span<const uint8_t> bytes, std::span<int16_t> z, std::span<int16_t> y,
                    std::span<uint8_t> cells = {});

}  // namespace gvc::entropy
