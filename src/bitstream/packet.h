// Packets: the smallest pieces of a stream that are framed and checked on their own.
//
//   sync 2 | kind, flags 1 | GOP, unit 1 | [slice 1] | [fragment 1] | length 1-3 | CRC-32C 4 |
//   payload
//
// The CRC covers the bytes before it and the payload.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"

namespace gvc::bitstream {

inline constexpr uint8_t kSync[2] = {0x47, 0xB6};
inline constexpr size_t kMaxHeaderBytes = 12;
inline constexpr size_t kCrcBytes = 4;
inline constexpr size_t kMaxPayload = (1u << 21) - 1;
inline constexpr int kMaxFragments = 128;
inline constexpr int kGopCounters = 32;  // the GOP counter wraps here

enum class PacketKind : uint8_t {
    keyframe = 0,  // unit 0 of a GOP that decodes alone; chunks may follow in the same packet
    pkey = 1,      // unit 0 of a GOP chained to the one before; chunks may follow
    chunk = 2,     // chunks
    base = 3,      // data of a conventional codec; starts a GOP where its unit is 0
    text = 4,      // UTF-8
    index = 5,     // where the keyframes are
    end = 6,       // nothing follows
    sequence = 7   // a sequence header alone (private data of a container, start of a live stream)
};
inline constexpr int kPacketKinds = 8;
const char* packet_kind_name(PacketKind kind);

struct PacketHeader {
    PacketKind kind = PacketKind::keyframe;
    bool has_sequence = false;  // the payload begins with a sequence header
    bool last_of_gop = false;   // the payload carries the CRC of the GOP's tokens
    uint8_t gop = 0;            // counter, 0 ... 31
    uint8_t unit = 0;           // of the first slice: 0 keyframe or P-key, 1 ... 7 chunks
    uint8_t slice = 0;          // the first slice
    bool is_fragment = false;   // a piece of a larger payload
    uint8_t fragment = 0;       // which piece, 0 ... 127
    bool last_fragment = true;

    bool operator==(const PacketHeader&) const = default;
    // True if the (joined) payload has a descriptor.
    bool starts_gop() const {
        return kind <= PacketKind::pkey ? unit == 0 && slice == 0
                                        : kind == PacketKind::base && unit == 0;
    }
};

struct Packet {
    PacketHeader header;
    std::span<const uint8_t> payload;  // inside the data that was parsed
    size_t size = 0;                   // of the packet, header included
};

// Bytes of the header that a packet with this payload size gets, CRC included.
size_t header_size(const PacketHeader& header, size_t payload_size);

// Code::internal if a field is out of range or the payload too long.
Result<std::vector<uint8_t>> write_packet(const PacketHeader& header,
                                          std::span<const uint8_t> payload);

// The packet at the beginning of data. Code::again if data may be the beginning of a longer one,
// Code::corrupt if it is not a packet or damaged.
Result<Packet> read_packet(std::span<const uint8_t> data);

// The same packet in pieces of at most max_packet bytes each (at least 64), as fragments if there
// is more than one. Code::internal if that takes more than 128.
Result<std::vector<std::vector<uint8_t>>> write_fragments(const PacketHeader& header,
                                                          std::span<const uint8_t> payload,
                                                          size_t max_packet);

}  // namespace gvc::bitstream
