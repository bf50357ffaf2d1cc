#include "bitstream/base_track.h"

#include "bitstream/packet_parser.h"

namespace gvc::bitstream {
namespace {


void append(Bytes& to, std::span<const uint8_t> from) {
    to.insert(to.end(), from.begin(), from.end());
}

// The packet that ends a GOP with a conventional base: the base is, or was, its last slice.
bool ends_base(const PacketContent& content) {
    return content.header.kind == PacketKind::base && content.header.last_of_gop;
}

bool has_base(const PacketContent& content, const GopLayout& layout) {
    return !content.slices.empty() && content.slices.back().slice + 1 == layout.slices_of(0);
}

// Bytes of the payload before its last slice's length.
size_t size_without_last(const PacketContent& content, std::span<const uint8_t> payload) {
    const auto& slices = content.slices;
    if (slices.size() == 1) return content.sequence_bytes + content.descriptor_bytes + kCrcBytes;
    const std::span<const uint8_t> before = slices[slices.size() - 2].bytes;
    return static_cast<size_t>(before.data() + before.size() - payload.data());
}

}  // namespace

Result<SplitGop> take_out_base(std::span<const Bytes> packets) {
    SplitGop out;
    PacketParser parser;
    Bytes payload;  // of the packet in hand, its fragments joined
    for (const Bytes& bytes : packets) {
        GVC_ASSIGN_OR_RETURN(Packet packet, read_packet(bytes));
        append(payload, packet.payload);
        if (!packet.header.last_fragment) continue;
        packet.header.is_fragment = false;
        packet.header.fragment = 0;
        packet.payload = payload;
        GVC_ASSIGN_OR_RETURN(const PacketContent content, parser.parse(packet));
        if (ends_base(content) && has_base(content, parser.layout())) {
            const std::span<const uint8_t> base = content.slices.back().bytes;
            out.base.assign(base.begin(), base.end());
            payload.resize(size_without_last(content, payload));
        }
        GVC_ASSIGN_OR_RETURN(const Bytes rewritten, write_packet(packet.header, payload));
        append(out.packets, rewritten);
        payload.clear();
    }
    return out;
}

bool lacks_base(std::span<const uint8_t> packets) {
    PacketParser parser;
    while (!packets.empty()) {
        const auto packet = read_packet(packets);
        if (!packet.ok()) return false;
        const auto content = parser.parse(*packet);
        if (content.ok() && ends_base(*content)) return !has_base(*content, parser.layout());
        packets = packets.subspan(packet->size);
    }
    return false;
}

Bytes put_in_base(std::span<const uint8_t> packets, std::span<const uint8_t> base) {
    Bytes out;
    PacketParser parser;
    while (!packets.empty()) {
        const auto packet = read_packet(packets);
        if (!packet.ok()) break;
        const auto content = parser.parse(*packet);
        if (content.ok() && ends_base(*content) && !has_base(*content, parser.layout())) {
            Bytes payload(packet->payload.begin(), packet->payload.end());
            payload.push_back(0);  // the slice is all that is left
            append(payload, base);
            const auto whole = write_packet(packet->header, payload);
            if (!whole.ok()) break;
            append(out, *whole);
        } else {
            append(out, packets.first(packet->size));
        }
        packets = packets.subspan(packet->size);
    }
    append(out, packets);
    return out;
}

}  // namespace gvc::bitstream
