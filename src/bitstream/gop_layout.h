// How a GOP is cut into units and slices, and the CRC over its tokens.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "base/crc32c.h"
#include "bitstream/descriptor.h"
#include "bitstream/packet.h"
#include "bitstream/sequence_header.h"
#include "entropy/token_config.h"

namespace gvc::bitstream {

struct GopLayout {
    PacketKind kind = PacketKind::keyframe;  // keyframe, pkey or base
    int units = 1;                           // unit 0 and the chunks
    int key_slices = 1;                      // of unit 0
    int chunk_slices = 1;
    uint8_t refreshed = 0;  // as Descriptor has it

    bool refreshes(int unit) const { return (refreshed >> unit & 1) != 0; }
    // A P-key of cells is the keyframe before, of which some cells are coded anew. It has no bands.
    bool of_cells() const { return refreshes(0); }
    // Whether what follows starts from unit 0 anew.
    bool has_keyframe() const { return kind == PacketKind::keyframe || of_cells(); }
    // Slices that are bands of a unit's planes, and all.
    int bands_of(int unit) const { return unit == 0 ? key_slices : chunk_slices; }
    int slices_of(int unit) const { return bands_of(unit) + (refreshes(unit) ? 1 : 0); }
    // Whether that slice of a unit is the one that refreshes cells.
    bool is_refresh(int unit, int slice) const { return slice == bands_of(unit); }
};

// Frames of a GOP with an AV1 base, at most: its pictures are decoded together, and memory is to
// hold them. 29 ... kMaxBaseFrames.
int max_base_frames(const SequenceHeader& sequence);

// The layout of a GOP whose first packet has this kind. Code::corrupt if there would be more slices
// than rows, chunks before a P-key that is not of cells, cells of a keyframe, or an AV1 base with
// more frames than it may have.
Result<GopLayout> gop_layout(const SequenceHeader& sequence, const Descriptor& descriptor,
                             PacketKind kind);

// The tables of a unit's tokens: only the keyframe itself, and what is made of its cells, uses
// those of keys.
inline entropy::TokenKind token_kind(const GopLayout& layout, int unit) {
    return layout.has_keyframe() && unit == 0 ? entropy::TokenKind::key : entropy::TokenKind::chunk;
}

// Rows of z, [first, end), of slice i out of count: i*h64/count rounded down, and so on.
inline std::pair<int, int> slice_rows(int h64, int count, int i) {
    return {h64 * i / count, h64 * (i + 1) / count};
}

// CRC-32C of a GOP's tokens as the decoder has them: for each unit in order, the whole z plane and
// then the whole y plane, int16 little-endian.
class TokenHash {
  public:
    void add(std::span<const int16_t> plane);
    uint32_t value() const { return crc_; }

  private:
    uint32_t crc_ = 0;
};

}  // namespace gvc::bitstream
