#include "bitstream/packet.h"

#include <algorithm>
#include <array>

#include "base/bytes.h"
#include "base/crc32c.h"
#include "bitstream/fields.h"

namespace gvc::bitstream {
namespace {


// The header's fields but the CRC.
template <typename Visitor>
void visit_fields(Visitor& v, PacketHeader& h, uint32_t& length) {
    for (uint8_t sync : kSync) {
        uint8_t byte = sync;
        v.bits(8, byte);
        v.require(byte == sync);
    }
    v.bits(4, h.kind);
    v.bits(1, h.has_sequence);
    v.bits(1, h.last_of_gop);
    bool has_slice = h.slice != 0;
    v.bits(1, has_slice);
    v.bits(1, h.is_fragment);
    v.bits(5, h.gop);
    v.bits(3, h.unit);
    if (has_slice) {
        v.bits(8, h.slice);
        v.require(h.slice != 0);
    }
    if (h.is_fragment) {
        v.bits(7, h.fragment);
        v.bits(1, h.last_fragment);
    }
    v.varint(length);
    v.require(length <= kMaxPayload);
    // Twelve bytes are the most that a header takes.
    if (has_slice && h.is_fragment) v.require(length < 1u << 14);
}

}  // namespace

const char* packet_kind_name(PacketKind kind) {
    constexpr std::array<const char*, kPacketKinds> kNames = {
        "keyframe", "p-key", "chunk", "base", "text", "index", "end", "sequence"};
    const auto i = static_cast<size_t>(kind);
    return i < kNames.size() ? kNames[i] : "unknown";
}

size_t header_size(const PacketHeader& header, size_t payload_size) {
    const size_t length_bytes = payload_size < 1u << 7 ? 1 : payload_size < 1u << 14 ? 2 : 3;
    return 4 + (header.slice != 0 ? 1 : 0) + (header.is_fragment ? 1 : 0) + length_bytes +
           kCrcBytes;
}

Result<std::vector<uint8_t>> write_packet(const PacketHeader& header,
                                          std::span<const uint8_t> payload) {
    PacketHeader copy = header;
    auto length = static_cast<uint32_t>(std::min(payload.size(), kMaxPayload + 1));
    FieldWriter writer;
    visit_fields(writer, copy, length);
    if (!writer.good()) return {Code::internal, "a packet header field is out of range"};
    std::vector<uint8_t> out = writer.finish();
    const uint32_t crc = crc32c(payload, crc32c(out));
    out.resize(out.size() + kCrcBytes);
    store_le(&out[out.size() - kCrcBytes], crc);
    out.insert(out.end(), payload.begin(), payload.end());
    return out;
}

Result<Packet> read_packet(std::span<const uint8_t> data) {
    const Status again(Code::again, "the packet goes on");
    const Status corrupt(Code::corrupt, "not a packet, or a damaged one");
    Packet packet;
    uint32_t length = 0;
    FieldReader reader(data.first(std::min(data.size(), kMaxHeaderBytes)));
    visit_fields(reader, packet.header, length);
    if (!reader.good()) {
        const size_t seen = std::min<size_t>(data.size(), 2);
        const bool may_begin = std::equal(data.begin(), data.begin() + seen, kSync);
        return may_begin && data.size() < kMaxHeaderBytes ? again : corrupt;
    }
    const size_t before_crc = reader.bytes_used();
    packet.size = before_crc + kCrcBytes + length;
    if (data.size() < packet.size) return again;
    packet.payload = data.subspan(before_crc + kCrcBytes, length);
    const uint32_t crc = crc32c(packet.payload, crc32c(data.first(before_crc)));
    if (crc != load_le<uint32_t>(&data[before_crc])) return corrupt;
    return packet;
}

Result<std::vector<std::vector<uint8_t>>> write_fragments(const PacketHeader& header,
                                                          std::span<const uint8_t> payload,
                                                          size_t max_packet) {
    std::vector<std::vector<uint8_t>> packets;
    if (payload.size() + header_size(header, payload.size()) <= max_packet) {
        GVC_ASSIGN_OR_RETURN(std::vector<uint8_t> whole, write_packet(header, payload));
        packets.push_back(std::move(whole));
        return packets;
    }
    PacketHeader part = header;
    part.is_fragment = true;
    const size_t room = std::max<size_t>(max_packet, 64) - kMaxHeaderBytes;
    const size_t count = (payload.size() + room - 1) / room;
    if (count > kMaxFragments) return {Code::internal, "a payload needs too many fragments"};
    for (size_t i = 0; i < count; ++i) {
        part.fragment = static_cast<uint8_t>(i);
        part.last_fragment = i + 1 == count;
        const size_t begin = payload.size() * i / count;
        const size_t end = payload.size() * (i + 1) / count;
        GVC_ASSIGN_OR_RETURN(std::vector<uint8_t> piece,
                             write_packet(part, payload.subspan(begin, end - begin)));
        packets.push_back(std::move(piece));
    }
    return packets;
}

}  // namespace gvc::bitstream
