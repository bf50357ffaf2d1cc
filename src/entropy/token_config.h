// Constants of the token planes that the format fixes. The trainer and docs/format.md rely on them.
//
// Token planes are int16, in the order [row, column, channel], so that a band of rows is one
// contiguous piece. With w64 x h64 the padded size in units of 64 pixels:
//   y: [4*h64, 4*w64, 96] (1/16 of the padded size),  z: [h64, w64, 48] (1/64).
#pragma once

#include <cstddef>
#include <cstdint>

namespace gvc::entropy {

// Which tables and scale network a unit uses. P-keys use those of chunks.
enum class TokenKind { key = 0, chunk = 1 };
inline constexpr int kTokenKinds = 2;

inline constexpr int kYChannels = 96;
inline constexpr int kZChannels = 48;
inline constexpr int kZToY = 4;  // y positions along a side of one z position

inline constexpr int kQpCount = 32;    // 0 is the finest
inline constexpr int kQpsPerBand = 4;  // z tables are shared by four qps
inline constexpr int kQpBands = kQpCount / kQpsPerBand;
inline constexpr int kScaleCount = 32;  // scale index 0: zero, not coded

// Tokens with a context are coded in so many phases (entropy/context_network.h). Their network
// gives a shift beside the scale index, -kShiftMax ... kShiftMax: where between the symbols the
// distribution's middle is.
inline constexpr int kPhases = 4;
inline constexpr int kShiftMax = 7;
inline constexpr int kShiftCount = kShiftMax + 1;  // amounts; the sign mirrors a row

// A row of a CDF table: scale index + 32 * |shift|, + 256 for a shift below 0. 0: not coded.
using TokenRow = uint16_t;
inline constexpr int kMirrored = kScaleCount * kShiftCount;
inline constexpr int kShiftedRows = 2 * kMirrored;

constexpr TokenRow token_row(int scale, int shift) {
    if (scale == 0) return 0;
    const int amount = shift < 0 ? -shift : shift;
    return static_cast<TokenRow>(scale + kScaleCount * amount + (shift < 0 ? kMirrored : 0));
}

inline constexpr int kSymbolLimit = 8;                     // -8 ... 8 have entries of their own
inline constexpr int kEscapeEntry = 2 * kSymbolLimit + 1;  // the last entry
inline constexpr int kAlphabet = kEscapeEntry + 1;         // 18
inline constexpr int kMaxMagnitude = 1023;                 // with escapes
inline constexpr int kProbabilityBits = 16;

// Activations of the scale network: u8, 16 stands for 1.0.
inline constexpr int kActivationOne = 16;
inline constexpr int kActivationInputMax = 15;  // |symbol| is cut there
inline constexpr int kScaleWeightMin = -64;     // u8 x s8 pairs then never saturate int16
inline constexpr int kScaleWeightMax = 63;

// Size of one slice (or of a whole plane) in z positions.
struct SliceSize {
    int h64 = 0;
    int w64 = 0;

    size_t z_positions() const { return static_cast<size_t>(h64) * static_cast<size_t>(w64); }
    size_t y_positions() const { return z_positions() * kZToY * kZToY; }
    size_t z_count() const { return z_positions() * kZChannels; }
    size_t y_count() const { return y_positions() * kYChannels; }
    bool operator==(const SliceSize&) const = default;
};

}  // namespace gvc::entropy
