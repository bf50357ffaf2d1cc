#include "bitstream/descriptor.h"

#include <algorithm>

#include "bitstream/fields.h"
#include "entropy/token_config.h"

namespace gvc::bitstream {
namespace {

template <typename Visitor>
void visit_motion(Visitor& v, Affine& motion) {
    for (int16_t* value :
         {&motion.xx, &motion.xy, &motion.yx, &motion.yy, &motion.tx, &motion.ty}) {
        v.signed_bits(16, *value);
    }
}

template <typename Visitor>
void visit_slices(Visitor& v, std::array<uint32_t, 2>& slices) {
    for (uint32_t& count : slices) {
        uint32_t less_one = count - 1;
        v.bits(8, less_one);
        count = less_one + 1;
    }
}

template <typename Visitor>
void visit_fields(Visitor& v, Descriptor& d) {
    v.bits(2, d.base);
    v.require(d.base <= BaseKind::still);
    if (d.base == BaseKind::av1) {
        v.bits(2, d.refinement);
        v.bits(1, d.detail);
    }
    v.bits(5, d.frames);
    v.require(d.frames >= 1 && d.frames <= kMaxFrames);
    v.bits(5, d.qp);
    v.optional(d.chunk_qps, [&](auto& qps) {
        for (uint8_t& qp : qps) v.bits(5, qp);
    });
    if (!d.chunk_qps) v.signed_bits(4, d.chunk_qp_offset);
    v.bits(16, d.seed);
    v.optional(d.durations, [&](std::vector<uint32_t>& durations) {
        // At most 28 values, whatever the data says: frames was checked above.
        durations.resize(std::clamp<size_t>(d.frames, 1, kMaxFrames) - 1);
        for (uint32_t& ticks : durations) v.varint(ticks);
    });
    v.optional(d.slices, [&](auto& slices) { visit_slices(v, slices); });
    v.optional(d.motion, [&](Affine& motion) { visit_motion(v, motion); });
    v.optional(d.gain, [&](Gain& gain) {
        v.bits(8, gain.luma);
        v.bits(8, gain.chroma);
    });
    v.optional(d.style, [&](auto& style) {
        for (uint8_t& symbol : style) v.bits(4, symbol);
    });
    v.optional(d.grain, [&](uint8_t& grain) { v.bits(8, grain); });
    v.varint(d.start);
    v.optional(d.text, [&](std::string& text) { v.text(text, kMaxDescriptorText); });
    v.extension();
}

}  // namespace

int chunk_count(const Descriptor& descriptor) {
    if (descriptor.base != BaseKind::neural) return 0;
    return (descriptor.frames - 1 + kFramesPerChunk - 1) / kFramesPerChunk;
}

int unit_qp(const Descriptor& descriptor, int unit) {
    if (unit == 0) return descriptor.qp;
    if (descriptor.chunk_qps) return (*descriptor.chunk_qps)[static_cast<size_t>(unit - 1)];
    return std::clamp(descriptor.qp + descriptor.chunk_qp_offset, 0, entropy::kQpCount - 1);
}

Result<std::vector<uint8_t>> write_descriptor(const Descriptor& descriptor) {
    Descriptor copy = descriptor;
    FieldWriter writer;
    if (copy.durations) writer.require(copy.durations->size() + 1 == copy.frames);
    visit_fields(writer, copy);
    if (!writer.good()) return {Code::internal, "a descriptor field is out of range"};
    return writer.finish();
}

Result<Descriptor> read_descriptor(std::span<const uint8_t> data, size_t& used) {
    Descriptor descriptor;
    FieldReader reader(data);
    visit_fields(reader, descriptor);
    if (!reader.good()) return {Code::corrupt, "the descriptor of a GOP is damaged"};
    used = reader.bytes_used();
    return descriptor;
}

}  // namespace gvc::bitstream
