// From packets to headers and coded slices: the reading side of gop_writer.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "bitstream/gop_layout.h"
#include "bitstream/packet.h"

namespace gvc::bitstream {

struct CodedSlice {
    int unit = 0;
    int slice = 0;
    std::span<const uint8_t> bytes;
};

// What one packet (or the join of a packet's fragments) holds.
struct PacketContent {
    PacketHeader header;
    std::optional<SequenceHeader> sequence;  // if it carries one
    std::optional<Descriptor> descriptor;    // if it starts a GOP
    std::optional<uint32_t> token_crc;       // if it is its GOP's last
    std::vector<CodedSlice> slices;          // in order; for a base, one blob
    std::span<const uint8_t> rest;           // payload of text, index, end and unknown kinds
    size_t sequence_bytes = 0;
    size_t descriptor_bytes = 0;
};

// Keeps the sequence header and the current GOP's layout between packets. Spans in the content are
// valid until the next call and as long as the packet's data.
class PacketParser {
  public:
    // Code::again: a fragment was kept, others must follow. Code::corrupt: the packet contradicts
    // itself, or the start of its GOP (or an earlier fragment of it) was not seen; parsing can go
    // on with the next packet.
    Result<PacketContent> parse(const Packet& packet);

    const std::optional<SequenceHeader>& sequence() const { return sequence_; }
    // Of the GOP whose first packet was parsed last.
    const Descriptor& descriptor() const { return descriptor_; }
    const GopLayout& layout() const { return layout_; }

    // For containers that keep the sequence header apart from the packets.
    void set_sequence(const SequenceHeader& sequence) { sequence_ = sequence; }

  private:
    Result<std::span<const uint8_t>> join(const Packet& packet);
    Status parse_sections(PacketContent& content, std::span<const uint8_t>& payload);
    Status parse_slices(PacketContent& content, std::span<const uint8_t> payload) const;

    std::optional<SequenceHeader> sequence_;
    Descriptor descriptor_;
    GopLayout layout_;
    std::optional<uint8_t> gop_;  // counter of the GOP that layout_ belongs to
    std::vector<uint8_t> joined_;
    PacketHeader joining_;
    int next_fragment_ = 0;  // 0: none is awaited
};

}  // namespace gvc::bitstream
