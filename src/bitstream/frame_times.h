// When the frames of a GOP are shown.
#pragma once

#include <cstdint>
#include <vector>

#include "bitstream/descriptor.h"
#include "bitstream/sequence_header.h"

namespace gvc::bitstream {

// In ticks, ascending, one for each frame.
std::vector<uint64_t> frame_times(const SequenceHeader& sequence, const Descriptor& descriptor);

}  // namespace gvc::bitstream
