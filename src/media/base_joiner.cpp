#include "media/base_joiner.h"

#include <utility>

#include "bitstream/base_track.h"
#include "bitstream/packet.h"
#include "media/av1.h"

namespace gvc::media {
namespace {

// Both tracks round the same time, each to its own time base, Matroska to milliseconds.
constexpr double kSameTime = 0.0015;
// What may wait for the other track: far more than muxers let tracks drift apart.
constexpr size_t kMostWaiting = 64;

}  // namespace

void BaseJoiner::add_unit(std::span<const uint8_t> unit, double seconds, bool key) {
    unit = without_delimiter(unit);  // other muxers may add them
    if (key) bases_.push_back({seconds, {}});
    if (bases_.size() > kMostWaiting) bases_.pop_front();
    if (bases_.empty()) return;
    std::vector<uint8_t>& data = bases_.back().data;
    if (data.size() + unit.size() > bitstream::kMaxPayload) return;  // no GOP's: it fits no packet
    data.insert(data.end(), unit.begin(), unit.end());
}

void BaseJoiner::add_gop(GvcPacket packet, double seconds) {
    const bool lacks_base = bitstream::lacks_base(packet.payload);
    gops_.push_back({std::move(packet), seconds, lacks_base});
}

std::optional<GvcPacket> BaseJoiner::next() {
    if (gops_.empty()) return std::nullopt;
    Gop& gop = gops_.front();
    if (gop.lacks_base) {
        while (!bases_.empty() && bases_.front().seconds < gop.seconds - kSameTime) {
            bases_.pop_front();
        }
        const bool here = !bases_.empty() && bases_.front().seconds <= gop.seconds + kSameTime;
        const bool whole = here && bases_.size() > 1;
        const bool missing = !here && !bases_.empty();
        if (!whole && !missing && !finished_ && gops_.size() < kMostWaiting) return std::nullopt;
        if (here) {
            gop.packet.payload = bitstream::put_in_base(gop.packet.payload, bases_.front().data);
            bases_.pop_front();
        }
    }
    std::optional<GvcPacket> out(std::move(gop.packet));
    gops_.pop_front();
    return out;
}

}  // namespace gvc::media
