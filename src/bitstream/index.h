// The payloads of the packets that end a file: the index of keyframes and the end.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace gvc::bitstream {

struct IndexEntry {
    uint64_t offset = 0;  // of the keyframe's first packet, from the file's beginning
    uint64_t start = 0;   // timestamp of its first frame, in ticks
    bool operator==(const IndexEntry&) const = default;
};

struct EndMark {
    uint32_t index_distance = 0;  // bytes from the index packet to the end packet; 0: no index
    uint32_t frames = 0;          // in the whole stream
    bool operator==(const EndMark&) const = default;
};

// An end packet is always this long, so that it is found from the end of a file.
inline constexpr size_t kEndPacketBytes = 9 + 8;

// Entries must ascend in both members. Code::internal if they do not.
Result<std::vector<uint8_t>> write_index(const std::vector<IndexEntry>& entries);
Result<std::vector<IndexEntry>> read_index(std::span<const uint8_t> payload);

std::vector<uint8_t> write_end(const EndMark& end);
Result<EndMark> read_end(std::span<const uint8_t> payload);

}  // namespace gvc::bitstream
