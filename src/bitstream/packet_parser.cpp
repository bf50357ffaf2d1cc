#include "bitstream/packet_parser.h"

#include <algorithm>

#include "base/bytes.h"
#include "bitstream/fields.h"

namespace gvc::bitstream {
namespace {

constexpr size_t kMinSliceBytes = 4;  // the state of the entropy coder

// Equal but for the number of the fragment.
bool same_payload(const PacketHeader& a, PacketHeader b) {
    b.fragment = a.fragment;
    b.last_fragment = a.last_fragment;
    return a == b;
}

bool carries_slices(PacketKind kind) { return kind <= PacketKind::base; }

}  // namespace

Result<std::span<const uint8_t>> PacketParser::join(const Packet& packet) {
    const PacketHeader& header = packet.header;
    if (!header.is_fragment) {
        next_fragment_ = 0;
        return packet.payload;
    }
    const bool continues =
        header.fragment != 0 && header.fragment == next_fragment_ && same_payload(header, joining_);
    if (header.fragment == 0) {
        joined_.clear();
        joining_ = header;
    } else if (!continues) {
        next_fragment_ = 0;
        return {Code::corrupt, "a fragment of a packet is missing"};
    }
    joined_.insert(joined_.end(), packet.payload.begin(), packet.payload.end());
    next_fragment_ = header.last_fragment ? 0 : header.fragment + 1;
    if (joined_.size() > kMaxPayload) return {Code::corrupt, "a packet's fragments are too long"};
    if (!header.last_fragment) return {Code::again, "other fragments follow"};
    return std::span<const uint8_t>(joined_);
}

Status PacketParser::parse_sections(PacketContent& content, std::span<const uint8_t>& payload) {
    const PacketHeader& header = content.header;
    if (header.has_sequence || header.kind == PacketKind::sequence) {
        GVC_ASSIGN_OR_RETURN(content.sequence,
                             read_sequence_header(payload, content.sequence_bytes));
        payload = payload.subspan(content.sequence_bytes);
        sequence_ = content.sequence;
    }
    if (header.starts_gop()) {
        gop_.reset();
        if (!sequence_) return {Code::corrupt, "a GOP comes before any sequence header"};
        GVC_ASSIGN_OR_RETURN(content.descriptor,
                             read_descriptor(payload, content.descriptor_bytes));
        payload = payload.subspan(content.descriptor_bytes);
        if ((header.kind == PacketKind::base) != (content.descriptor->base == BaseKind::av1)) {
            return {Code::corrupt, "a GOP's packet and its descriptor contradict each other"};
        }
        GVC_ASSIGN_OR_RETURN(layout_, gop_layout(*sequence_, *content.descriptor, header.kind));
        descriptor_ = *content.descriptor;
        gop_ = header.gop;
    }
    if (carries_slices(header.kind) && header.last_of_gop) {
        if (payload.size() < kCrcBytes) return {Code::corrupt, "a packet lacks its GOP's CRC"};
        content.token_crc = load_le<uint32_t>(payload.data());
        payload = payload.subspan(kCrcBytes);
    }
    return {};
}

Status PacketParser::parse_slices(PacketContent& content, std::span<const uint8_t> payload) const {
    if (gop_ != content.header.gop) {
        return {Code::corrupt, "a packet belongs to a GOP whose start is missing"};
    }
    CodedSlice at{content.header.unit, content.header.slice, {}};
    while (!payload.empty()) {
        if (at.unit >= layout_.units || at.slice >= layout_.slices_of(at.unit)) {
            return {Code::corrupt, "a packet has slices beyond its GOP"};
        }
        FieldReader reader(payload);
        uint64_t length = 0;
        reader.varint(length);
        payload = payload.subspan(std::min(reader.bytes_used(), payload.size()));
        if (length == 0) length = payload.size();
        if (!reader.good() || length < kMinSliceBytes || length > payload.size()) {
            return {Code::corrupt, "a slice has a wrong length"};
        }
        at.bytes = payload.first(length);
        payload = payload.subspan(length);
        content.slices.push_back(at);
        if (++at.slice == layout_.slices_of(at.unit)) {
            at.slice = 0;
            ++at.unit;
        }
    }
    return {};
}

Result<PacketContent> PacketParser::parse(const Packet& packet) {
    GVC_ASSIGN_OR_RETURN(std::span<const uint8_t> payload, join(packet));
    PacketContent content;
    content.header = packet.header;
    GVC_RETURN_IF_ERROR(parse_sections(content, payload));
    if (carries_slices(packet.header.kind)) {
        GVC_RETURN_IF_ERROR(parse_slices(content, payload));
    } else {
        content.rest = payload;
    }
    return content;
}

}  // namespace gvc::bitstream
