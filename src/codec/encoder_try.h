// A GOP with a neural base while the encoder tries what to make of it.
#pragma once

#include <vector>

#include "bitstream/gop_writer.h"
#include "codec/encoder.h"

namespace gvc::codec {

struct Encoder::Try {
    Try(const bitstream::UnitEncoder& encoder, const models::DecoderState& before)
        : unit_encoder(encoder), state(before) {}

    bitstream::CodedGop coded;
    bitstream::GopLayout layout;
    bitstream::UnitEncoder unit_encoder;
    models::DecoderState state, key_state;  // key_state: after unit 0
    std::vector<int> chunk_qps;
    std::vector<int> given_qps;  // of the units, where they are settled; else by rate control
    bool search = false;         // for the keyframe's symbols
    std::vector<bitstream::Bytes> packets;
    std::vector<std::vector<float>> reconstruction;
    bool keep = false;  // fill it

    // Looked at and compared: what the search gains comes later.
    void be_judged() {
        keep = true;
        search = false;
    }

    size_t unit_bytes(int unit) const {
        return bitstream::size_of(coded.units[static_cast<size_t>(unit)]);
    }
    double first_bits() const { return 8.0 * static_cast<double>(unit_bytes(0)); }
};

}  // namespace gvc::codec
