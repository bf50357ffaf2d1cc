#include "token_check.h"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

#include "bitstream/stream_report.h"
#include "media/mux.h"
#include "packet_source.h"

namespace gvc::app {
namespace {

Status copy_packets(media::GvcDemuxer& demuxer, int descriptor) {
    while (true) {
        GVC_ASSIGN_OR_RETURN(const auto packet, demuxer.next());
        if (!packet) return {};
        for (size_t done = 0; done < packet->payload.size();) {
            const ssize_t n =
                write(descriptor, packet->payload.data() + done, packet->payload.size() - done);
            if (n <= 0) return {Code::resources, "no memory for the container's packets"};
            done += static_cast<size_t>(n);
        }
    }
}

}  // namespace

Result<BareStream> BareStream::open(const std::string& name) {
    BareStream stream;
    stream.path_ = name;
    if (name == "-" || !is_container_file(name)) return stream;
    GVC_ASSIGN_OR_RETURN(const auto demuxer, media::GvcDemuxer::open(name, {}));
    stream.descriptor_ = memfd_create("gvc", MFD_CLOEXEC);
    if (stream.descriptor_ < 0) return {Code::resources, "no memory for the container's packets"};
    stream.path_ = "/proc/self/fd/" + std::to_string(stream.descriptor_);
    GVC_RETURN_IF_ERROR(copy_packets(*demuxer, stream.descriptor_));
    return stream;
}

BareStream::BareStream(BareStream&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

BareStream::~BareStream() {
    if (descriptor_ >= 0) close(descriptor_);
}

Result<TokenCheck> check_tokens(const std::string& name, const ModelFiles& model) {
    GVC_ASSIGN_OR_RETURN(const BareStream stream, BareStream::open(name));
    GVC_ASSIGN_OR_RETURN(const auto file, weights::SafetensorsFile::open(model.tokeniser));
    GVC_ASSIGN_OR_RETURN(const auto tokens, entropy::TokenModel::load(file));
    GVC_ASSIGN_OR_RETURN(auto reader, bitstream::FileReader::open(stream.path()));
    GVC_ASSIGN_OR_RETURN(const auto report, bitstream::report_stream(reader, &tokens, false));
    TokenCheck check;
    check.frames = report.frames;
    check.gops = report.gops.size();
    check.damaged_bytes = report.damaged_bytes;
    for (const auto& gop : report.gops) {
        if (!gop.token_hash || gop.token_hash != gop.token_crc) ++check.wrong_gops;
    }
    return check;
}

}  // namespace gvc::app
