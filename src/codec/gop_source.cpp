#include "codec/gop_source.h"

#include <algorithm>
#include <numeric>

#include "codec/timing.h"
#include "models/config.h"

namespace gvc::codec {
namespace {

constexpr int kSeedStep = 0x9E37;  // odd: 65,536 GOPs have different noise
// Of a part, at most one more: two chunks and a bit around its keyframe.
constexpr int kPartFrames = 10;

}  // namespace

int GopSource::chunks() const { return models::chunk_count(frames()); }

const WaitingPicture& GopSource::coded(size_t i) const {
    return *pictures[kept[std::min(i, kept.size() - 1)]];
}

double GopSource::seconds(const bitstream::SequenceHeader& sequence) const {
    return static_cast<double>(end_pts - pictures.front()->pts) * tick_seconds(sequence);
}

bool GopSource::thin_out() {
    if (kept.size() == 1) return false;
    for (size_t i = 0; 2 * i < kept.size(); ++i) kept[i] = kept[2 * i];
    kept.resize((kept.size() + 1) / 2);
    return true;
}

int GopSource::part_count() const { return (plan.frames + kPartFrames - 2) / kPartFrames; }

std::vector<GopSource> GopSource::parts(int count) const {
    std::vector<GopSource> parts;
    const auto all = static_cast<int>(pictures.size());
    for (int i = 0; i < count; ++i) {
        const int begin = i * all / count, end = (i + 1) * all / count;
        GopSource& part = parts.emplace_back();
        part.pictures.assign(pictures.begin() + begin, pictures.begin() + end);
        part.kept.resize(part.pictures.size());
        std::iota(part.kept.begin(), part.kept.end(), size_t{0});
        part.end_pts = end < all ? pictures[static_cast<size_t>(end)]->pts : end_pts;
        part.usual_frames = end - begin;
        part.lead = lead;
        part.refresh = refresh;
        part.alone = alone && i == 0;
        part.lent = i == 0 ? lent.value_or(0) : 0;
        part.plan = {end - begin, true, plan.cut && i == 0, plan.last && i + 1 == count,
                     plan.scene_ends && i + 1 == count};
    }
    return parts;
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
