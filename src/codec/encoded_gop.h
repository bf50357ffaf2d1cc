// What an encoder hands out.
#pragma once

#include <cstdint>
#include <vector>

#include "bitstream/descriptor.h"
#include "bitstream/gop_writer.h"
#include "codec/timing.h"

namespace gvc::codec {

struct EncodedGop {
    // Empty: maxrate left no room even for one picture; the GOP before is shown on.
    std::vector<bitstream::Bytes> packets;
    bool random_access = true;         // begins with a keyframe
    bitstream::Descriptor descriptor;  // frames, qps, first timestamp
    int source_frames = 0;   // taken in; more than descriptor.frames where maxrate dropped some
    size_t bytes = 0;        // of the packets
    size_t first_bytes = 0;  // of these: the keyframe's or P-key's slices
    size_t chunk_bytes = 0;  // and the chunks' slices
    int tries = 1;
    StageCosts costs;  // of all tries
    // The base pictures that a decoder on this machine shows with steps = 0; neural base only.
    std::vector<std::vector<float>> reconstruction;
    bitstream::Bytes base_data;          // of a hybrid base: its codec's data,
    bitstream::Bytes detail;             // its detail code, empty if it has none,
    std::vector<int8_t> detail_symbols;  // and what that says
};

}  // namespace gvc::codec
