// A small coded stream for tests: random tokens through the test token model, the real coder and
// the real packets.
#pragma once

#include <vector>

#include "bitstream/gop_layout.h"
#include "bitstream/gop_writer.h"
#include "bitstream/unit_coder.h"
#include "entropy/token_model_testonly.h"

namespace gvc::bitstream {

struct TestStreamOptions {
    int gops = 3;
    uint32_t width = 200, height = 180;
    uint32_t key_slices = 2, chunk_slices = 1;
    int frames = 13;      // of each GOP
    bool chained = true;  // every second GOP begins with a P-key
    ContextMode context = ContextMode::chain;
    uint32_t token_range = 40;  // one token in so many is not zero
    bool key_cells = false;     // P-keys are of cells
    uint8_t refreshed = 0;      // Descriptor::refreshed of GOPs that begin with a keyframe
    PackOptions pack;
};

struct TestStream {
    SequenceHeader sequence;
    std::vector<std::vector<Bytes>> gops;  // packets
    std::vector<uint32_t> hashes;          // of each GOP's tokens
    std::vector<bool> random_access;

    Bytes joined() const {
        Bytes out;
        for (const auto& gop : gops) {
            for (const Bytes& packet : gop) out.insert(out.end(), packet.begin(), packet.end());
        }
        return out;
    }
};

inline std::vector<int16_t> sparse_tokens(entropy::TestRandom& random, size_t count,
                                          uint32_t range) {
    std::vector<int16_t> tokens(count);
    for (auto& t : tokens) {
        if (random.next() % range == 0) t = static_cast<int16_t>(random.range(-3, 3));
    }
    return tokens;
}

inline constexpr int kRefreshQp = 17;  // of chunks' cells

// Every second cell, coded anew.
inline Bytes refreshed_cells(entropy::TestRandom& random, UnitEncoder& encoder,
                             entropy::SliceSize plane, int qp) {
    UnitTokens::Refresh refresh;
    for (size_t i = 0; i < plane.z_positions(); ++i) refresh.cells.push_back(i % 2);
    refresh.z = sparse_tokens(random, plane.z_count(), 9);
    for (size_t i = 0; i < refresh.z.size(); ++i)
        if (refresh.cells[i / entropy::kZChannels] == 0) refresh.z[i] = 0;
    refresh.y = sparse_tokens(random, plane.y_count(), 9);
    const auto rows = encoder.refresh_rows(refresh, qp);
    return encoder.encode_refresh(refresh, qp, rows);
}

inline TestStream test_stream(const entropy::TokenModel& model, const TestStreamOptions& options) {
    entropy::TestRandom random(21);
    TestStream stream;
    stream.sequence.width = options.width;
    stream.sequence.height = options.height;
    stream.sequence.fingerprint = model.fingerprint();
    stream.sequence.key_slices = options.key_slices;
    stream.sequence.chunk_slices = options.chunk_slices;
    stream.sequence.context = options.context;
    const entropy::SliceSize plane = plane_size(stream.sequence);
    UnitEncoder encoder(model);
    for (int g = 0; g < options.gops; ++g) {
        CodedGop gop;
        gop.kind = options.chained && g % 2 == 1 ? PacketKind::pkey : PacketKind::keyframe;
        gop.counter = static_cast<uint8_t>(g % kGopCounters);
        if (gop.kind == PacketKind::keyframe) gop.sequence = stream.sequence;
        gop.descriptor.frames = static_cast<uint16_t>(options.frames);
        gop.descriptor.qp = static_cast<uint8_t>(7 * g % 32);
        gop.descriptor.start = static_cast<uint64_t>(g * options.frames);
        const bool of_cells = gop.kind == PacketKind::pkey && options.key_cells;
        if (gop.kind == PacketKind::keyframe || of_cells)
            gop.descriptor.refreshed = options.refreshed;
        if (gop.descriptor.refreshed != 0) gop.descriptor.refresh_qp = kRefreshQp;
        if (of_cells) gop.descriptor.refreshed |= 1, gop.descriptor.chunks_before = 1;
        const GopLayout layout = gop_layout(stream.sequence, gop.descriptor, gop.kind).value();
        encoder.begin_gop(stream.sequence, gop.descriptor, layout);
        for (int unit = 0; unit < layout.units; ++unit) {
            UnitTokens tokens(plane);
            if (layout.bands_of(unit) > 0) {
                tokens.z = sparse_tokens(random, plane.z_count(), options.token_range);
                tokens.y = sparse_tokens(random, plane.y_count(), options.token_range);
            }
            gop.units.push_back(encoder.encode(unit, tokens));
            if (layout.refreshes(unit))
                gop.units.back().push_back(
                    refreshed_cells(random, encoder, plane, cell_qp(gop.descriptor, unit)));
        }
        gop.token_crc = encoder.hash();
        stream.gops.push_back(pack_gop(gop, stream.sequence, options.pack).value());
        stream.hashes.push_back(gop.token_crc);
        stream.random_access.push_back(gop.kind == PacketKind::keyframe);
    }
    return stream;
}

}  // namespace gvc::bitstream
