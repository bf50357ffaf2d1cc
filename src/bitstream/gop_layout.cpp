#include "bitstream/gop_layout.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"

namespace gvc::bitstream {

int max_base_frames(const SequenceHeader& sequence) {
    constexpr uint64_t kMostPixels = 1 << 27;  // 200 MB as 8-bit 4:2:0
    const uint64_t pixels = std::max<uint64_t>(uint64_t{sequence.width} * sequence.height, 1);
    return static_cast<int>(std::clamp<uint64_t>(kMostPixels / pixels, kMaxFrames, kMaxBaseFrames));
}

Result<GopLayout> gop_layout(const SequenceHeader& sequence, const Descriptor& descriptor,
                             PacketKind kind) {
    const auto slices =
        descriptor.slices.value_or(std::array{sequence.key_slices, sequence.chunk_slices});
    const auto rows = static_cast<uint32_t>(plane_size(sequence).h64);
    if (slices[0] > rows || slices[1] > rows) {
        return {Code::corrupt, "a GOP has more slices than rows"};
    }
    GopLayout layout;
    layout.kind = kind;
    layout.refreshed = descriptor.refreshed;
    if (layout.of_cells() && kind != PacketKind::pkey) {
        return {Code::corrupt, "a GOP that is no P-key is made of cells"};
    }
    if (kind == PacketKind::pkey && !layout.of_cells() && descriptor.chunks_before > 0) {
        return {Code::corrupt, "a P-key has chunks before it"};
    }
    if (descriptor.frames > max_base_frames(sequence)) {
        return {Code::corrupt, "an AV1 base has too many pictures for their size"};
    }
    const bool has_detail = descriptor.base == BaseKind::av1 && descriptor.detail;
    layout.units = 1 + chunk_count(descriptor);
    layout.chunk_slices = static_cast<int>(slices[1]);
    layout.key_slices = layout.of_cells()              ? 0
                        : kind == PacketKind::keyframe ? static_cast<int>(slices[0])
                        : kind == PacketKind::pkey     ? layout.chunk_slices
                        : has_detail                   ? 2
                                                       : 1;
    return layout;
}

void TokenHash::add(std::span<const int16_t> plane) {
    std::array<uint8_t, 4096> buffer;
    while (!plane.empty()) {
        const size_t n = std::min(plane.size(), buffer.size() / 2);
        for (size_t i = 0; i < n; ++i) store_le(&buffer[2 * i], static_cast<uint16_t>(plane[i]));
        crc_ = crc32c(std::span<const uint8_t>(buffer).first(2 * n), crc_);
        plane = plane.subspan(n);
    }
}

}  // namespace gvc::bitstream
