#include "bitstream/gop_writer.h"

#include "base/bytes.h"
#include "bitstream/fields.h"
#include "bitstream/gop_layout.h"

namespace gvc::bitstream {
namespace {


void append(Bytes& to, const Bytes& from) { to.insert(to.end(), from.begin(), from.end()); }

Bytes length_field(size_t length) {
    FieldWriter writer;
    writer.varint(length);
    return writer.finish();
}

// A packet being filled: sections first, then the slices, whose last one has length 0 ("the rest").
struct Draft {
    PacketHeader header;
    Bytes sections;
    std::vector<const Bytes*> slices;

    size_t size_with(size_t more_bytes) const {
        size_t size = sections.size() + kMaxHeaderBytes + 1 + more_bytes;
        for (const Bytes* slice : slices)
            size += slice->size() + length_field(slice->size()).size();
        return size;
    }
    Bytes payload() const {
        Bytes out = sections;
        for (const Bytes* slice : slices) {
            append(out, length_field(slice == slices.back() ? 0 : slice->size()));
            append(out, *slice);
        }
        return out;
    }
};

bool matches(const CodedGop& gop, const GopLayout& layout) {
    if (gop.units.size() != static_cast<size_t>(layout.units)) return false;
    for (int unit = 0; unit < layout.units; ++unit) {
        const auto& slices = gop.units[static_cast<size_t>(unit)];
        if (slices.size() != static_cast<size_t>(layout.slices_of(unit))) return false;
    }
    return true;
}

// Slices in order, put together as long as they fit.
std::vector<Draft> group(const CodedGop& gop, Bytes first_sections, size_t max_packet) {
    std::vector<Draft> drafts(1);
    drafts[0].header.kind = gop.kind;
    drafts[0].sections = std::move(first_sections);
    for (size_t unit = 0; unit < gop.units.size(); ++unit) {
        for (size_t slice = 0; slice < gop.units[unit].size(); ++slice) {
            const Bytes& bytes = gop.units[unit][slice];
            const bool is_last =
                unit + 1 == gop.units.size() && slice + 1 == gop.units[unit].size();
            const size_t needs = bytes.size() + (is_last ? kCrcBytes : 0);
            // A base is one packet: without its data the rest is worth nothing.
            if (gop.kind != PacketKind::base && !drafts.back().slices.empty() &&
                drafts.back().size_with(needs) > max_packet) {
                Draft next;
                next.header.kind = unit == 0 ? gop.kind : PacketKind::chunk;
                next.header.unit = static_cast<uint8_t>(unit);
                next.header.slice = static_cast<uint8_t>(slice);
                drafts.push_back(std::move(next));
            }
            drafts.back().slices.push_back(&bytes);
        }
    }
    return drafts;
}

}  // namespace

size_t size_of(const std::vector<Bytes>& pieces) {
    size_t size = 0;
    for (const Bytes& piece : pieces) size += piece.size();
    return size;
}

Result<std::vector<Bytes>> pack_gop(const CodedGop& gop, const SequenceHeader& sequence,
                                    const PackOptions& options) {
    GVC_ASSIGN_OR_RETURN(const GopLayout layout, gop_layout(sequence, gop.descriptor, gop.kind));
    if (!matches(gop, layout)) return {Code::internal, "a GOP lacks slices or has too many"};

    Bytes sections;
    if (gop.sequence) {
        GVC_ASSIGN_OR_RETURN(sections, write_sequence_header(*gop.sequence));
    }
    GVC_ASSIGN_OR_RETURN(const Bytes descriptor, write_descriptor(gop.descriptor));
    append(sections, descriptor);
    std::vector<Draft> drafts = group(gop, std::move(sections), options.max_packet);
    drafts.front().header.has_sequence = gop.sequence.has_value();
    drafts.back().header.last_of_gop = true;
    Bytes& last = drafts.back().sections;
    last.resize(last.size() + kCrcBytes);
    store_le(&last[last.size() - kCrcBytes], gop.token_crc);

    std::vector<Bytes> packets;
    for (Draft& draft : drafts) {
        draft.header.gop = gop.counter % kGopCounters;
        const size_t limit = options.fragment ? options.max_packet : kMaxHeaderBytes + kMaxPayload;
        GVC_ASSIGN_OR_RETURN(auto pieces, write_fragments(draft.header, draft.payload(), limit));
        for (Bytes& piece : pieces) packets.push_back(std::move(piece));
    }
    return packets;
}

}  // namespace gvc::bitstream
