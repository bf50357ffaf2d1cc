// A GOP with a neural base while the encoder tries what to make of it, and cells of its pictures.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "bitstream/gop_writer.h"
#include "codec/encoder.h"
#include "codec/followers.h"

namespace gvc::codec {

// A picture's tokens with its cells, as the keyframe's networks make them.
struct Encoder::CellTokens {
    bitstream::UnitTokens::Refresh tokens;
    nn::Tensor means, exact;  // of y; y minus its means, not rounded
};

struct Encoder::Try {
    Try(const bitstream::UnitEncoder& encoder, const models::DecoderState& before)
        : unit_encoder(encoder), state(before) {}

    bitstream::CodedGop coded;
    bitstream::GopLayout layout;
    bitstream::UnitEncoder unit_encoder;
    models::DecoderState state, key_state;  // key_state: after unit 0
    models::DecoderState plain_key_state;   // the same, had there not been a search
    std::vector<int> chunk_qps;
    std::optional<int> first_qp;  // where it is settled; else by rate control
    bool follow = false;          // fill followers, for a search to come
    std::vector<Follower> followers;
    // Whether chunks may refresh cells, and which each does (none: empty), once they are chosen:
    // in the first try of a GOP.
    bool refreshes = false, cells_chosen = false;
    std::array<std::vector<uint8_t>, bitstream::kMaxUnits> cells;
    // Of the keyframe's cells from their original, and the mean of all, where changed and lost ones
    // are told by them: without a search.
    std::vector<double> key_distances;
    double key_distance = 0;
    // Of a P-key of cells: how far the keyframe before is from the original, by cells.
    std::vector<double> key_changes;
    bool search = false;             // for the keyframe's symbols, and its chunks'
    std::vector<float> key_weights;  // for that search, as KeyframeToSearch has them
    std::vector<bitstream::Bytes> packets;
    std::vector<std::vector<float>> reconstruction;
    enum class Keep { nothing, judged, all } keep = Keep::nothing;  // how far to fill it

    // Looked at and compared: what the search gains comes later.
    void be_judged() { keep = std::max(keep, Keep::judged); }
    // Of a unit's pictures those that stand for all of them: one in their middle; where cells are
    // refreshed, the second, in which they are half there, and the last (in the order of decoding).
    struct Judged {
        int decoded, picture, pictures;  // in that order; which of the GOP's, and for how many
    };
    std::vector<Judged> judged(int unit) const {
        const int count = bitstream::unit_frames(coded.descriptor, unit).count;
        if (unit == 0 || !layout.refreshes(unit)) return {judged(unit, count / 2, count)};
        return {judged(unit, 1, count - 1), judged(unit, count - 1, 1)};
    }
    Judged judged(int unit, int decoded, int pictures) const {
        const bitstream::UnitFrames frames = bitstream::unit_frames(coded.descriptor, unit);
        const int last = frames.first + frames.count - 1;
        return {decoded, frames.reversed ? last - decoded : frames.first + decoded, pictures};
    }
    // Those of a unit's pictures that are kept.
    std::vector<Judged> kept(int unit) const {
        std::vector<Judged> all;
        if (keep == Keep::judged) return judged(unit);
        for (int i = 0; i < bitstream::unit_frames(coded.descriptor, unit).count; ++i)
            all.push_back(judged(unit, i, 1));
        return all;
    }
    // So many of a chunk's pictures, up to its last, have to be decoded to keep those.
    int decoded(int unit) const {
        if (keep == Keep::nothing) return 1;
        if (keep == Keep::all) return models::kChunkFrames;
        const int count = bitstream::unit_frames(coded.descriptor, unit).count;
        return models::kChunkFrames - (refreshes ? std::min(1, count / 2) : count / 2);
    }

    // So many pictures are made of a chunk's last one, itself included; 0 where it is not shown.
    int made_of(int unit) const {
        const bitstream::UnitFrames frames = bitstream::unit_frames(coded.descriptor, unit);
        if (frames.count < models::kChunkFrames) return 0;
        return 1 + (frames.reversed ? frames.first
                                    : coded.descriptor.frames - frames.first - frames.count);
    }

    size_t unit_bytes(int unit) const {
        return bitstream::size_of(coded.units[static_cast<size_t>(unit)]);
    }
    double bits() const { return 8.0 * static_cast<double>(bitstream::size_of(packets)); }
    double unit_bits(int unit) const { return 8.0 * static_cast<double>(unit_bytes(unit)); }
    double unit_refresh_bits(int unit) const {
        if (!layout.refreshes(unit)) return 0;
        return 8.0 * static_cast<double>(coded.units[static_cast<size_t>(unit)].back().size());
    }
    double refresh_bits() const {
        double bits = 0;
        for (int unit = 1; unit < layout.units; ++unit) bits += unit_refresh_bits(unit);
        return bits;
    }
    // Of all the GOP, told from the units that are coded.
    double bits_to_come() const {
        double bits = first_bits();
        const auto coded_chunks = static_cast<int>(coded.units.size()) - 1;
        for (int unit = 1; unit <= coded_chunks; ++unit) bits += unit_bits(unit);
        const int rest = layout.units - 1 - coded_chunks;
        return coded_chunks > 0 ? bits + rest * unit_bits(coded_chunks) : bits;
    }
    double first_bits() const { return unit_bits(0); }
    double chunk_bits() const {
        double bits = 0;
        for (int unit = 1; unit < layout.units; ++unit) bits += unit_bits(unit);
        return bits - refresh_bits();
    }
};

}  // namespace gvc::codec
