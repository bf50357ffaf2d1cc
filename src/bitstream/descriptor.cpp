#include "bitstream/descriptor.h"

#include <algorithm>

#include "bitstream/fields.h"
#include "entropy/token_config.h"

namespace gvc::bitstream {
namespace {

// However wrong the number of frames is.
int unit_count(const Descriptor& d) { return std::min(1 + chunk_count(d), kMaxUnits); }

// Each unit's as the difference to the last one that has any: cameras seldom jerk.
template <typename Visitor>
void visit_motion(Visitor& v, std::span<CommonMotion> motions) {
    Affine last;
    for (CommonMotion& unit : motions) {
        Affine& motion = unit.end;
        bool moves = motion != Affine();
        v.bits(1, moves);
        if (!moves) continue;
        for (const auto entry :
             {&Affine::xx, &Affine::xy, &Affine::yx, &Affine::yy, &Affine::tx, &Affine::ty}) {
            int difference = motion.*entry - last.*entry;
            v.signed_nibbles(difference);
            const int64_t value = int64_t{last.*entry} + difference;
            motion.*entry = static_cast<int16_t>(value);
            v.require(motion.*entry == value);
        }
        last = motion;
    }
}

template <typename Visitor>
void visit_order_and_motion(Visitor& v, Descriptor& d) {
    const auto first = d.motion.begin(), end = first + unit_count(d);
    const auto still = [](const CommonMotion& motion) { return motion.end == Affine(); };
    bool any = d.chunks_before > 0 || !std::all_of(first, end, still);
    v.bits(1, any);
    if (!any) return;
    v.bits(3, d.chunks_before);
    v.require(d.chunks_before <= chunk_count(d) && kFramesPerChunk * d.chunks_before < d.frames);
    visit_motion(v, std::span(d.motion).first(static_cast<size_t>(unit_count(d))));
}

bool shakes(const CommonMotion& motion) { return motion.jitter != CommonMotion().jitter; }

// Fields that came later: for each unit, whether its pictures shake, and how.
template <typename Visitor>
void visit_shakes(Visitor& v, std::span<CommonMotion> motions) {
    for (CommonMotion& motion : motions) {
        bool any = shakes(motion);
        v.bits(1, any);
        if (!any) continue;
        for (Shift& shift : motion.jitter) {
            v.signed_nibbles(shift.x);
            v.signed_nibbles(shift.y);
        }
    }
}

template <typename Visitor>
void visit_refresh(Visitor& v, Descriptor& d) {
    v.bits(8, d.refreshed);
    v.require(d.refreshed != 0 && d.refreshed >> unit_count(d) == 0);
    v.bits(5, d.refresh_qp);
    v.require(d.refreshed > 1 || d.refresh_qp == 0);
}

template <typename Visitor>
void visit_slices(Visitor& v, std::array<uint32_t, 2>& slices) {
    for (uint32_t& count : slices) {
        uint32_t less_one = count - 1;
        v.bits(8, less_one);
        count = less_one + 1;
    }
}

// Whether it is one with more frames than other GOPs may have.
template <typename Visitor>
bool visit_base(Visitor& v, Descriptor& d) {
    constexpr uint8_t kLongAv1 = 3;
    const bool many = d.base == BaseKind::av1 && d.frames > kMaxFrames;
    uint8_t code = many ? kLongAv1 : static_cast<uint8_t>(d.base);
    v.bits(2, code);
    d.base = code == kLongAv1 ? BaseKind::av1 : static_cast<BaseKind>(code);
    return code == kLongAv1;
}

template <typename Visitor>
void visit_fields(Visitor& v, Descriptor& d) {
    const bool many = visit_base(v, d);
    if (d.base == BaseKind::av1) {
        v.bits(2, d.refinement);
        v.bits(1, d.detail);
    }
    const int most = many ? kMaxBaseFrames : kMaxFrames;
    v.bits(many ? 9 : 5, d.frames);
    v.require(d.frames > (many ? kMaxFrames : 0) && d.frames <= most);
    v.bits(5, d.qp);
    v.optional(d.chunk_qps, [&](auto& qps) {
        for (uint8_t& qp : qps) v.bits(5, qp);
    });
    if (!d.chunk_qps) v.signed_bits(4, d.chunk_qp_offset);
    v.bits(16, d.seed);
    v.optional(d.durations, [&](std::vector<uint32_t>& durations) {
        // No more values, whatever the data says: frames was checked above.
        durations.resize(static_cast<size_t>(std::clamp<int>(d.frames, 1, most)) - 1);
        for (uint32_t& ticks : durations) v.varint(ticks);
    });
    v.optional(d.slices, [&](auto& slices) { visit_slices(v, slices); });
    visit_order_and_motion(v, d);
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
    const auto units = std::span(d.motion).first(static_cast<size_t>(unit_count(d)));
    const bool any = d.refreshed != 0 || std::any_of(units.begin(), units.end(), shakes);
    v.extension(any, [&](auto& later) {
        visit_shakes(later, units);
        later.later(d.refreshed != 0, [&] { visit_refresh(later, d); });
    });
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

UnitFrames unit_frames(const Descriptor& descriptor, int unit) {
    const int key = kFramesPerChunk * descriptor.chunks_before;
    if (unit == 0) return {key, chunk_count(descriptor) > 0 ? 1 : descriptor.frames - key, false};
    if (unit <= descriptor.chunks_before)
        return {key - kFramesPerChunk * unit, kFramesPerChunk, true};
    const int first = 1 + kFramesPerChunk * (unit - 1);
    return {first, std::min(kFramesPerChunk, descriptor.frames - first), false};
}

Result<std::vector<uint8_t>> write_descriptor(const Descriptor& descriptor) {
    Descriptor copy = descriptor;
    FieldWriter writer;
    writer.require(copy.refreshed != 0 || copy.refresh_qp == 0);
    if (copy.durations) writer.require(copy.durations->size() + 1 == copy.frames);
    const auto beyond = copy.motion.begin() + unit_count(copy);
    writer.require(std::all_of(beyond, copy.motion.end(),
                               [](const CommonMotion& m) { return m == CommonMotion(); }));
    visit_fields(writer, copy);
    if (!writer.good()) return {Code::internal, "a descriptor field is out of range"};
    return writer.finish();
}

size_t motion_bytes(const Descriptor& descriptor) {
    Descriptor still = descriptor;
    still.motion = {};
    const auto all = write_descriptor(descriptor), rest = write_descriptor(still);
    return all.ok() && rest.ok() ? all->size() - rest->size() : 0;
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
