// Any bytes as a stream: scanner, packets, headers, index, and the tokens behind them.
//
// A fuzzer cannot guess CRCs, so the first byte chooses: the rest is a stream as it is, or one
// payload that gets a right header.
#include <cstdlib>

#include "bitstream/index.h"
#include "bitstream/packet_scanner.h"
#include "bitstream/unit_coder.h"
#include "entropy/token_model_testonly.h"
#include "gvc/format.h"

namespace {

using namespace gvc::bitstream;

constexpr uint64_t kMaxPixels = 512 * 512;  // larger ones only take time

const gvc::entropy::TokenModel& model() {
    static const auto loaded = gvc::entropy::test_token_model(1);
    return loaded;
}

void read_stream(std::span<const uint8_t> stream) {
    PacketScanner scanner;
    scanner.feed(stream);
    scanner.finish();
    PacketParser parser;
    UnitDecoder decoder(model());
    bool decoding = false;
    for (auto packet = scanner.next(); packet.ok(); packet = scanner.next()) {
        if (packet->header.kind == PacketKind::index) (void)read_index(packet->payload).ok();
        if (packet->header.kind == PacketKind::end) (void)read_end(packet->payload).ok();
        auto content = parser.parse(*packet);
        if (!content.ok()) continue;
        if (content->descriptor) {
            SequenceHeader sequence = *parser.sequence();
            sequence.fingerprint = model().fingerprint();
            decoding =
                parser.layout().kind != PacketKind::base && check_size(sequence, kMaxPixels).ok() &&
                decoder
                    .begin_gop(sequence, parser.descriptor(), parser.layout(), packet->header.gop)
                    .ok();
        }
        for (const CodedSlice& slice : content->slices) {
            if (decoding) (void)decoder.add(slice).ok();
        }
    }
    if (scanner.position() != stream.size() || scanner.skipped_bytes() > stream.size()) abort();
}

// What the reader accepts, the writer can write, and that reads the same.
void round_trip(std::span<const uint8_t> payload) {
    size_t used = 0;
    if (const auto s = read_sequence_header(payload, used); s.ok()) {
        const auto again = write_sequence_header(*s);
        if (!again.ok() || *read_sequence_header(*again, used) != *s) abort();
    }
    if (const auto d = read_descriptor(payload, used); d.ok()) {
        const auto again = write_descriptor(*d);
        if (!again.ok() || *read_descriptor(*again, used) != *d) abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    const std::span<const uint8_t> rest(data + 1, size - 1);
    gvc_stream_info info;
    if (gvc_probe(rest.data(), rest.size(), &info) >= GVC_PROBE_RESULT_COUNT) abort();
    if ((data[0] & 1) != 0) {
        read_stream(rest);
        return 0;
    }
    round_trip(rest);
    PacketHeader header;
    header.kind = static_cast<PacketKind>(data[0] >> 1 & 7);
    header.has_sequence = (data[0] & 16) != 0;
    header.last_of_gop = (data[0] & 32) != 0;
    header.is_fragment = (data[0] & 64) != 0;
    header.unit = data[0] >> 7;
    const auto packet = write_packet(header, rest);
    if (packet.ok()) read_stream(*packet);
    return 0;
}
