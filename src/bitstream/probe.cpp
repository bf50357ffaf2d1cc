// The C interface of gvc/format.h.
#include <array>

#include "base/bytes.h"
#include "bitstream/packet.h"
#include "bitstream/sequence_header.h"
#include "gvc/format.h"

namespace gvc::bitstream {
namespace {

gvc_stream_info info_of(const SequenceHeader& s) {
    const Rational aspect = s.sample_aspect.value_or(Rational{1, 1});
    return {.width = s.width,
            .height = s.height,
            .frame_rate_num = s.frame_rate.num,
            .frame_rate_den = s.frame_rate.den,
            .ticks_per_frame = s.ticks_per_frame,
            .sample_aspect_num = aspect.num,
            .sample_aspect_den = aspect.den,
            .fingerprint = s.fingerprint,
            .format_major = s.format_major,
            .format_minor = s.format_minor,
            .bit_depth = s.colour.bit_depth,
            .primaries = s.colour.primaries,
            .transfer = s.colour.transfer,
            .matrix = s.colour.matrix,
            .full_range = s.colour.full_range,
            .rotation = s.rotation,
            .mirrored = s.mirrored,
            .generated = s.generated};
}

gvc_probe_result probe(std::span<const uint8_t> data, gvc_stream_info& info) {
    std::span<const uint8_t> header = data;
    if (data.size() < 4 || load_le<uint32_t>(data.data()) != kMagic) {
        const auto packet = read_packet(data);
        if (!packet.ok()) {
            return packet.status().code() == Code::again ? GVC_PROBE_NEED_MORE : GVC_PROBE_NOT_GVC;
        }
        const bool has_header =
            packet->header.has_sequence || packet->header.kind == PacketKind::sequence;
        // A first fragment holds all of the header: fragments are longer than it.
        if (!has_header || packet->header.fragment != 0) return GVC_PROBE_NOT_GVC;
        header = packet->payload;
    }
    size_t used = 0;
    const auto sequence = read_sequence_header(header, used);
    if (sequence.ok()) {
        info = info_of(*sequence);
        return GVC_PROBE_OK;
    }
    const bool refused = is_other_version(header);
    return refused ? GVC_PROBE_UNSUPPORTED : GVC_PROBE_NOT_GVC;
}

}  // namespace
}  // namespace gvc::bitstream

gvc_probe_result gvc_probe(const uint8_t* data, size_t size, gvc_stream_info* info) {
    return gvc::bitstream::probe({data, size}, *info);
}

const char* gvc_probe_result_name(gvc_probe_result result) {
    constexpr std::array<const char*, GVC_PROBE_RESULT_COUNT> kNames = {"ok", "need more",
                                                                        "not gvc", "unsupported"};
    const auto i = static_cast<size_t>(result);
    return i < kNames.size() ? kNames[i] : "unknown";
}
