// From the coded slices of a GOP to its packets.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "bitstream/descriptor.h"
#include "bitstream/packet.h"
#include "bitstream/sequence_header.h"

namespace gvc::bitstream {

using Bytes = std::vector<uint8_t>;

size_t size_of(const std::vector<Bytes>& pieces);  // all together

struct CodedGop {
    PacketKind kind = PacketKind::keyframe;  // keyframe, pkey, or base
    uint8_t counter = 0;                     // GOPs so far, modulo 32
    std::optional<SequenceHeader> sequence;  // written into the first packet if there
    Descriptor descriptor;
    // [unit][slice]; a base has one unit: its detail code, if the descriptor says so, and its data.
    std::vector<std::vector<Bytes>> units;
    uint32_t token_crc = 0;  // TokenHash of the GOP; for a base, CRC-32C of its slices
};

struct PackOptions {
    size_t max_packet = 1200;  // neighbouring slices share a packet up to this size
    bool fragment = false;     // cut packets that are larger (for datagrams)
};

// The GOP's packets in order. Code::internal if it contradicts itself (a slice missing, a field
// out of range).
Result<std::vector<Bytes>> pack_gop(const CodedGop& gop, const SequenceHeader& sequence,
                                    const PackOptions& options = {});

}  // namespace gvc::bitstream
