// The descriptor of a GOP: everything about it that is not a token.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/affine.h"
#include "base/result.h"

namespace gvc::bitstream {

inline constexpr int kMaxFrames = 29;  // of a GOP: one keyframe and seven chunks of four
// Of a GOP with an AV1 base, which has no chunks; fewer of large pictures (max_base_frames).
inline constexpr int kMaxBaseFrames = 300;
inline constexpr int kFramesPerChunk = 4;
inline constexpr int kMaxChunks = 7;
inline constexpr int kMaxUnits = 1 + kMaxChunks;
inline constexpr size_t kMaxDescriptorText = 1024;

enum class BaseKind : uint8_t { neural = 0, av1 = 1, still = 2 };  // still: the keyframe, held

struct Gain {  // 128 stands for 1.0
    uint8_t luma = 128, chroma = 128;
    bool operator==(const Gain&) const = default;
};

// How much of the refiner's change to an AV1 base's pictures is shown, in thirds.
inline constexpr int kFullRefinement = 3;

struct Descriptor {
    BaseKind base = BaseKind::neural;
    uint8_t refinement = kFullRefinement;  // 0 ... 3, of an AV1 base; others are always refined
    bool detail = false;  // of an AV1 base: a slice with a detail code comes before its data
    // Shown, 1 ... 29, of an AV1 base to kMaxBaseFrames; the last chunk's other frames are dropped.
    uint16_t frames = 1;
    uint8_t qp = 0;              // 0 ... 31, of the keyframe or P-key
    int8_t chunk_qp_offset = 0;  // -8 ... 7: chunks have qp + offset, cut to 0 ... 31
    std::optional<std::array<uint8_t, kMaxChunks>>
        chunk_qps;       // instead of the offset (not written)
    uint16_t seed = 0;   // of the noise
    uint64_t start = 0;  // timestamp of the first frame, in ticks
    // Ticks from each frame to the next, frames - 1 values; none: ticks_per_frame each.
    std::optional<std::vector<uint32_t>> durations;
    std::optional<std::array<uint32_t, 2>> slices;  // {key, chunk}; none: the sequence's
    // Chunks that are shown before the keyframe and coded away from it, back in time: no picture is
    // then far from it. 0 ... 7.
    uint8_t chunks_before = 0;
    // What each unit's pictures do as a whole, on the way to the last of them in coding order; zero
    // beyond the GOP's units.
    std::array<CommonMotion, kMaxUnits> motion{};
    // Bit u: unit u, a chunk, has a slice more. It codes cells of its last picture (in coding
    // order) anew, as a keyframe's are, with refresh_qp. Bit 0: a P-key is made of nothing else,
    // with qp (GopLayout::of_cells).
    uint8_t refreshed = 0;
    uint8_t refresh_qp = 0;  // 0 ... 31; 0 where no chunk refreshes cells
    std::optional<Gain> gain;
    std::optional<std::array<uint8_t, 8>> style;  // symbols 0 ... 15
    std::optional<uint8_t> grain;
    std::optional<std::string> text;  // UTF-8, at most 1,024 bytes

    bool operator==(const Descriptor&) const = default;
};

// Chunks that the GOP's frames need; 0 for a still or a base that is not neural.
int chunk_count(const Descriptor& descriptor);
// The qp of unit 0 (keyframe or P-key) or of chunk unit - 1.
int unit_qp(const Descriptor& descriptor, int unit);
// The qp of the cells that a unit codes anew.
inline int cell_qp(const Descriptor& descriptor, int unit) {
    return unit == 0 ? descriptor.qp : descriptor.refresh_qp;
}

// The shown frames of unit 0 (keyframe or P-key, or all that a GOP without chunks shows) or of
// chunk unit - 1. Chunks before the keyframe are coded backwards.
struct UnitFrames {
    int first = 0, count = 0;
    bool reversed = false;
};
UnitFrames unit_frames(const Descriptor& descriptor, int unit);

// Code::internal if a field is out of range.
Result<std::vector<uint8_t>> write_descriptor(const Descriptor& descriptor);
// How much of a descriptor that can be written is its units' motion: content, not overhead.
size_t motion_bytes(const Descriptor& descriptor);
// Reads a descriptor at the beginning of data and says how long it is. Code::corrupt if damaged.
Result<Descriptor> read_descriptor(std::span<const uint8_t> data, size_t& used);

}  // namespace gvc::bitstream
