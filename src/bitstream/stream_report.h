// What a stream consists of: the facts that `gvc inspect` prints.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "bitstream/file_reader.h"
#include "bitstream/packet_parser.h"
#include "entropy/token_model.h"

namespace gvc::bitstream {

struct PacketFacts {
    uint64_t offset = 0;
    size_t size = 0;
    PacketHeader header;
    size_t slices = 0;
    size_t payload = 0;  // coded bytes of the slices
};

struct GopFacts {
    PacketKind kind = PacketKind::keyframe;
    Descriptor descriptor;
    uint64_t bytes = 0;                  // of all its packets
    std::optional<uint32_t> token_hash;  // of the decoded tokens, if they were decoded whole
    std::optional<uint32_t> token_crc;   // as the stream states it
};

struct StreamReport {
    std::optional<SequenceHeader> sequence;  // the first
    uint64_t total_bytes = 0;                // everything, damage included
    uint64_t damaged_bytes = 0;              // outside any intact packet
    uint64_t packets = 0;
    uint64_t bad_packets = 0;  // intact but contradictory, or without their GOP
    uint64_t frames = 0;
    bool ended = false;  // an end packet was there
    // Coded bytes by kind; what is left of the total is overhead (headers, CRCs, lengths, index).
    uint64_t key_bytes = 0, pkey_bytes = 0, chunk_bytes = 0, base_bytes = 0, text_bytes = 0;
    uint64_t refresh_bytes = 0;     // cells that chunks code anew
    uint64_t detail_bytes = 0;      // the detail codes of AV1 bases
    uint64_t motion_bytes = 0;      // what whole pictures do, in the descriptors
    uint64_t descriptor_bytes = 0;  // the rest of them, part of the overhead
    std::vector<GopFacts> gops;
    std::vector<PacketFacts> packet_list;  // only if asked for

    uint64_t coded_bytes() const {
        return key_bytes + pkey_bytes + chunk_bytes + refresh_bytes + base_bytes + detail_bytes +
               motion_bytes;
    }
    uint64_t overhead_bytes() const {
        return total_bytes - damaged_bytes - coded_bytes() - text_bytes;
    }
    double bits_per_pixel() const;  // of the whole file; 0 without frames
    double overhead_share() const;  // over the coded bytes
    bool intact() const;            // nothing damaged, every hash that was taken is right
};

// Reads to the end. With a model the tokens are decoded and hashed. Code::corrupt if there is not
// one intact packet; Code::model if the stream was made with other weights.
Result<StreamReport> report_stream(FileReader& reader, const entropy::TokenModel* model,
                                   bool list_packets);

}  // namespace gvc::bitstream
