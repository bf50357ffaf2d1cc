#include "bitstream/index.h"

#include "base/bytes.h"
#include "bitstream/fields.h"

namespace gvc::bitstream {
namespace {

constexpr size_t kMinEntryBytes = 2;
constexpr size_t kEndPayloadBytes = 8;

// Each number is the difference to the entry before.
template <typename Visitor>
void visit_entry(Visitor& v, IndexEntry& difference) {
    v.varint(difference.offset);
    v.varint(difference.start);
}

}  // namespace

Result<std::vector<uint8_t>> write_index(const std::vector<IndexEntry>& entries) {
    FieldWriter writer;
    writer.varint(entries.size());
    IndexEntry before;
    for (const IndexEntry& entry : entries) {
        writer.require(entry.offset >= before.offset && entry.start >= before.start);
        IndexEntry difference{entry.offset - before.offset, entry.start - before.start};
        visit_entry(writer, difference);
        before = entry;
    }
    if (!writer.good()) return {Code::internal, "the keyframes of an index are out of order"};
    return writer.finish();
}

Result<std::vector<IndexEntry>> read_index(std::span<const uint8_t> payload) {
    FieldReader reader(payload);
    uint64_t count = 0;
    reader.varint(count);
    reader.require(count <= payload.size() / kMinEntryBytes);
    std::vector<IndexEntry> entries;
    IndexEntry at;
    for (uint64_t i = 0; reader.good() && i < count; ++i) {
        IndexEntry difference;
        visit_entry(reader, difference);
        reader.require(difference.offset <= UINT64_MAX - at.offset &&
                       difference.start <= UINT64_MAX - at.start);
        at = {at.offset + difference.offset, at.start + difference.start};
        entries.push_back(at);
    }
    if (!reader.good()) return {Code::corrupt, "the index is damaged"};
    return entries;
}

std::vector<uint8_t> write_end(const EndMark& end) {
    std::vector<uint8_t> out(kEndPayloadBytes);
    store_le(out.data(), end.index_distance);
    store_le(&out[4], end.frames);
    return out;
}

Result<EndMark> read_end(std::span<const uint8_t> payload) {
    if (payload.size() < kEndPayloadBytes) return {Code::corrupt, "the end packet is damaged"};
    return EndMark{load_le<uint32_t>(payload.data()), load_le<uint32_t>(&payload[4])};
}

}  // namespace gvc::bitstream
