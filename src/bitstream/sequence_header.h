// The sequence header: what a decoder must know of a stream before its first GOP. It is repeated
// in every keyframe, so that a receiver can join there.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "entropy/token_config.h"

namespace gvc::bitstream {

inline constexpr uint32_t kMagic = 0x31435647;  // "GVC1", little-endian
inline constexpr int kFormatMajor = 0;
inline constexpr int kFormatMinor = 1;
inline constexpr uint32_t kMaxSide = 16384;
// Descriptors may say that chunks come before their keyframe, and what units have for motion.
inline constexpr uint8_t kOrderAndMotion = 1;
// They may say how units' pictures shake.
inline constexpr uint8_t kShakes = 2;
// Chunks may end with cells that are coded anew (Descriptor::refreshed).
inline constexpr uint8_t kRefresh = 4;
// P-keys may be made of cells (GopLayout::of_cells).
inline constexpr uint8_t kKeyCells = 8;
// GOPs with an AV1 base may have more frames than others (max_base_frames).
inline constexpr uint8_t kLongBases = 16;
inline constexpr uint32_t kRequiredFeaturesKnown =
    kOrderAndMotion | kShakes | kRefresh | kKeyCells | kLongBases;

enum class ContextMode : uint8_t {
    self = 0,  // a slice's scales come from itself alone
    chain = 1  // and from the previous chunk's y
};

struct Rational {
    uint32_t num = 0;
    uint32_t den = 1;
    bool operator==(const Rational&) const = default;
};

// Codes of ITU-T H.273 / ISO 23091-2.
struct Colour {
    uint8_t primaries = 1;  // 0 ... 31
    uint8_t transfer = 1;   // 0 ... 31
    uint8_t matrix = 1;     // 0 ... 15
    bool full_range = false;
    uint8_t bit_depth = 8;  // 8, 10 or 12
    bool operator==(const Colour&) const = default;
};

struct SequenceHeader {
    uint8_t format_major = kFormatMajor;
    uint8_t format_minor = kFormatMinor;
    uint8_t required_features = 0;  // a bit each; a decoder that lacks one must refuse
    uint8_t optional_features = 0;  // a decoder may ignore these
    uint32_t width = 0;             // displayed, 1 ... 16384
    uint32_t height = 0;
    Rational frame_rate{25, 1};    // nominal
    uint32_t ticks_per_frame = 1;  // a tick, the unit of timestamps, lasts den/(num*ticks) seconds
    Colour colour;
    std::optional<Rational> sample_aspect;  // none: square
    uint8_t rotation = 0;                   // quarter turns clockwise to be applied for display
    bool mirrored = false;                  // left and right exchanged before that rotation
    ContextMode context = ContextMode::chain;
    bool generated = true;              // pictures are made by a generative decoder
    uint64_t fingerprint = 0;           // of the tokeniser's weights
    uint32_t key_slices = 1;            // bands of a keyframe, 1 ... 256; a GOP may have others
    uint32_t chunk_slices = 1;          // bands of a chunk or P-key
    std::optional<Rational> base_size;  // width, height of an AV1 base where that is another

    bool operator==(const SequenceHeader&) const = default;
};

// Size of the whole token planes: the displayed size, padded to multiples of 64.
entropy::SliceSize plane_size(const SequenceHeader& header);

// Code::internal if a field is out of range.
Result<std::vector<uint8_t>> write_sequence_header(const SequenceHeader& header);

// Reads a header at the beginning of data and says how long it is. Code::corrupt if it is damaged,
// of an unknown major version or needs an unknown feature (the message says which).
Result<SequenceHeader> read_sequence_header(std::span<const uint8_t> data, size_t& used);

// True if data begins with a sequence header that read_sequence_header refuses for its version or
// its features, not for damage.
bool is_other_version(std::span<const uint8_t> data);

// What this build decodes: at most max_pixels of padded area. Code::resources beyond.
inline constexpr uint64_t kMaxPixels = 4096 * 2304;
Status check_size(const SequenceHeader& header, uint64_t max_pixels = kMaxPixels);

}  // namespace gvc::bitstream
