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

GopSource GopSource::part(int begin, int end) const {
    const auto all = static_cast<int>(pictures.size());
    GopSource part;
    part.pictures.assign(pictures.begin() + begin, pictures.begin() + end);
    part.kept.resize(part.pictures.size());
    std::iota(part.kept.begin(), part.kept.end(), size_t{0});
    part.end_pts = end < all ? pictures[static_cast<size_t>(end)]->pts : end_pts;
    part.lead = lead;
    part.refresh = refresh;
    part.alone = alone && begin == 0;
    part.plan = {end - begin, true, plan.cut && begin == 0, plan.last && end == all,
                 plan.scene_ends && end == all};
    return part;
}

std::vector<GopSource> GopSource::parts(int count) const {
    std::vector<GopSource> parts;
    const auto all = static_cast<int>(pictures.size());
    for (int i = 0; i < count; ++i) {
        parts.push_back(part(i * all / count, (i + 1) * all / count));
        parts.back().usual_frames = parts.back().plan.frames;
        parts.back().lent = i == 0 ? lent.value_or(0) : 0;
    }
    return parts;
}

std::vector<GopSource> GopSource::gops(int frames) const {
    std::vector<GopSource> gops;
    const auto all = static_cast<int>(pictures.size());
    for (int begin = 0; begin < all; begin += frames) {
        gops.push_back(part(begin, std::min(begin + frames, all)));
        gops.back().usual_frames = usual_frames;
    }
    return gops;
}

bitstream::Descriptor describe(const GopSource& source, const bitstream::SequenceHeader& sequence,
                               uint32_t number, uint16_t seed) {
    bitstream::Descriptor descriptor;
    descriptor.frames = static_cast<uint16_t>(source.frames());
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
