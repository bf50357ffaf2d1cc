#include "codec/gop_source.h"

#include <algorithm>

#include "codec/timing.h"
#include "models/config.h"

namespace gvc::codec {
namespace {

constexpr int kSeedStep = 0x9E37;  // odd: 65,536 GOPs have different noise

}  // namespace

int GopSource::chunks() const {
    return (frames() - 1 + models::kChunkFrames - 1) / models::kChunkFrames;
}

const WaitingPicture& GopSource::coded(size_t i) const {
    return pictures[kept[std::min(i, kept.size() - 1)]];
}

double GopSource::seconds(const bitstream::SequenceHeader& sequence) const {
    return static_cast<double>(end_pts - pictures.front().pts) * tick_seconds(sequence);
}

bool GopSource::thin_out() {
    if (kept.size() == 1) return false;
    for (size_t i = 0; 2 * i < kept.size(); ++i) kept[i] = kept[2 * i];
    kept.resize((kept.size() + 1) / 2);
    return true;
}

bitstream::Descriptor describe(const GopSource& source, const bitstream::SequenceHeader& sequence,
                               uint32_t number, uint16_t seed) {
    bitstream::Descriptor descriptor;
    descriptor.frames = static_cast<uint8_t>(source.frames());
    descriptor.seed = static_cast<uint16_t>(seed + number * kSeedStep);
    descriptor.start = source.coded(0).pts;
    std::vector<uint32_t> durations;
    bool regular = true;
    for (size_t i = 1; i < source.kept.size(); ++i) {
        const uint64_t ticks = source.coded(i).pts - source.coded(i - 1).pts;
        durations.push_back(static_cast<uint32_t>(std::min<uint64_t>(ticks, UINT32_MAX)));
        regular = regular && ticks == sequence.ticks_per_frame;
    }
    if (!regular) descriptor.durations = std::move(durations);
    return descriptor;
}

}  // namespace gvc::codec
