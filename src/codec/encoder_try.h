// A GOP with a neural base while the encoder tries what to make of it.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "bitstream/gop_writer.h"
#include "codec/encoder.h"
#include "codec/followers.h"

namespace gvc::codec {

struct Encoder::Try {
    Try(const bitstream::UnitEncoder& encoder, const models::DecoderState& before)
        : unit_encoder(encoder), state(before) {}

    bitstream::CodedGop coded;
    bitstream::GopLayout layout;
    bitstream::UnitEncoder unit_encoder;
    models::DecoderState state, key_state;  // key_state: after unit 0
    std::vector<int> chunk_qps;
    std::optional<int> first_qp;  // where it is settled; else by rate control
    bool follow = false;          // fill followers, for a search to come
    std::vector<Follower> followers;
    bool search = false;             // for the keyframe's symbols, and its chunks'
    std::vector<float> key_weights;  // for that search, as KeyframeToSearch has them
    std::vector<bitstream::Bytes> packets;
    std::vector<std::vector<float>> reconstruction;
    enum class Keep { nothing, judged, all } keep = Keep::nothing;  // how far to fill it

    // Looked at and compared: what the search gains comes later.
    void be_judged() { keep = std::max(keep, Keep::judged); }
    // Of a unit's pictures the one that stands for all of them.
    static int judged(bitstream::UnitFrames frames) { return frames.first + frames.count / 2; }

    size_t unit_bytes(int unit) const {
        return bitstream::size_of(coded.units[static_cast<size_t>(unit)]);
    }
    double bits() const { return 8.0 * static_cast<double>(bitstream::size_of(packets)); }
    double unit_bits(int unit) const { return 8.0 * static_cast<double>(unit_bytes(unit)); }
    double first_bits() const { return unit_bits(0); }
    double chunk_bits() const {
        double bits = 0;
        for (int unit = 1; unit < layout.units; ++unit) bits += unit_bits(unit);
        return bits;
    }
};

}  // namespace gvc::codec
