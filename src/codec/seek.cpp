#include "codec/seek.h"

#include <algorithm>

namespace gvc::codec {

Status seek(bitstream::FileReader& reader, Decoder& decoder, uint64_t pts) {
    GVC_ASSIGN_OR_RETURN(const auto entries, reader.keyframes());
    auto after = std::upper_bound(entries.begin(), entries.end(), pts,
                                  [](uint64_t t, const auto& entry) { return t < entry.start; });
    if (after != entries.begin()) --after;
    GVC_RETURN_IF_ERROR(reader.seek(after == entries.end() ? 0 : after->offset));
    decoder.reset(pts);
    return {};
}

}  // namespace gvc::codec
