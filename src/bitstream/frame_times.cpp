#include "bitstream/frame_times.h"

namespace gvc::bitstream {

std::vector<uint64_t> frame_times(const SequenceHeader& sequence, const Descriptor& descriptor) {
    std::vector<uint64_t> times = {descriptor.start};
    for (size_t i = 1; i < descriptor.frames; ++i) {
        const uint64_t ticks =
            descriptor.durations ? (*descriptor.durations)[i - 1] : sequence.ticks_per_frame;
        times.push_back(times.back() + ticks);
    }
    return times;
}

}  // namespace gvc::bitstream
