// A GOP's base apart from its packets, for containers where it is a track that any player shows
// (docs/format.md, section 8).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "bitstream/gop_writer.h"

namespace gvc::bitstream {

struct SplitGop {
    Bytes packets;  // one after the other, fragments joined
    Bytes base;     // what they lack now; empty if the GOP has no such base
};

// The packets of one whole GOP that begins with a sequence header. Code::corrupt if they are not.
Result<SplitGop> take_out_base(std::span<const Bytes> packets);

// True if the base of the GOP in these packets (one after the other) was taken out.
bool lacks_base(std::span<const uint8_t> packets);

// The packets with the base where it belongs. Damaged ones, and those that lack none, stay as they
// are; so does all behind a damaged one.
Bytes put_in_base(std::span<const uint8_t> packets, std::span<const uint8_t> base);

}  // namespace gvc::bitstream
