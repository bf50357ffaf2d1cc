#include <gtest/gtest.h>

#include "bitstream/descriptor.h"
#include "bitstream/fields.h"
#include "bitstream/gop_layout.h"
#include "bitstream/index.h"
#include "bitstream/sequence_header.h"

namespace gvc::bitstream {
namespace {

SequenceHeader plain_sequence() {
    SequenceHeader header;
    header.width = 854;
    header.height = 480;
    header.fingerprint = 0x0123456789ABCDEF;
    header.key_slices = 3;
    header.chunk_slices = 2;
    return header;
}

SequenceHeader full_sequence() {
    SequenceHeader header = plain_sequence();
    header.width = 16384;
    header.height = 4321;
    header.optional_features = 0x81;
    header.frame_rate = {1000, 33};
    header.ticks_per_frame = 33;
    header.colour = {9, 16, 10, true, 12};
    header.sample_aspect = Rational{64, 45};
    header.rotation = 3;
    header.mirrored = true;
    header.context = ContextMode::self;
    header.generated = false;
    header.base_size = Rational{427, 240};
    return header;
}

Descriptor full_descriptor() {
    Descriptor d;
    d.frames = 29;
    d.qp = 31;
    d.chunk_qps = {0, 1, 2, 3, 29, 30, 31};
    d.seed = 65535;
    d.start = uint64_t{1} << 40;
    d.durations.emplace(28);
    for (uint32_t i = 0; i < 28; ++i) (*d.durations)[i] = i * i * 50;
    d.slices = {7, 256};
    d.chunks_before = 3;
    d.motion[1] = {-32768, 32767, 0, -1, 5, -5};
    d.motion[2] = {32767, -32768, 0, -1, 4, -4};
    d.motion[6] = {{}, {{{4, -5}, {0, 0}, {-32768, 32767}}}};
    d.motion[7] = {{0, 0, 0, 0, 0, 1}, {{{1, 0}, {0, 0}, {0, 0}}}};
    d.gain = Gain{120, 140};
    d.style = {0, 15, 1, 14, 2, 13, 3, 12};
    d.grain = 9;
    d.text = "ein Text, \xC3\xA4";
    return d;
}

TEST(SequenceHeader, RoundTripsAndIsShort) {
    for (const SequenceHeader& header : {plain_sequence(), full_sequence()}) {
        auto bytes = write_sequence_header(header);
        ASSERT_TRUE(bytes.ok());
        EXPECT_LE(bytes->size(), 32u + (header.base_size ? 8 : 0));
        bytes->push_back(0xAA);  // what follows is not looked at
        size_t used = 0;
        auto back = read_sequence_header(*bytes, used);
        ASSERT_TRUE(back.ok()) << back.status().message();
        EXPECT_EQ(*back, header);
        EXPECT_EQ(used, bytes->size() - 1);
        for (size_t n = 0; n < used; ++n) {
            EXPECT_FALSE(read_sequence_header(std::span(*bytes).first(n), used).ok()) << n;
        }
    }
    EXPECT_LE(write_sequence_header(plain_sequence())->size(), 27u);
}

TEST(SequenceHeader, WriterRefusesWhatTheReaderWould) {
    const auto refused = [](auto&& change) {
        SequenceHeader header = plain_sequence();
        change(header);
        return !write_sequence_header(header).ok();
    };
    EXPECT_TRUE(refused([](auto& h) { h.width = 0; }));
    EXPECT_TRUE(refused([](auto& h) { h.height = 16385; }));
    EXPECT_TRUE(refused([](auto& h) { h.frame_rate = {0, 1}; }));
    EXPECT_TRUE(refused([](auto& h) { h.colour.bit_depth = 9; }));
    EXPECT_TRUE(refused([](auto& h) { h.colour.bit_depth = 16; }));
    EXPECT_TRUE(refused([](auto& h) { h.key_slices = 9; }));  // 480 lines are 8 rows of 64
    EXPECT_TRUE(refused([](auto& h) { h.chunk_slices = 0; }));
    EXPECT_TRUE(refused([](auto& h) { h.rotation = 4; }));
}

TEST(SequenceHeader, RefusesOtherVersionsByName) {
    const auto message = [](auto&& change) {
        SequenceHeader header = plain_sequence();
        change(header);
        size_t used = 0;
        const auto result = read_sequence_header(*write_sequence_header(header), used);
        EXPECT_EQ(result.status().code(), Code::corrupt);
        return result.status().message();
    };
    EXPECT_NE(message([](auto& h) { h.format_major = 3; }).find("3.1"), std::string::npos);
    EXPECT_NE(message([](auto& h) { h.required_features = 32; }).find("features"),
              std::string::npos);
}

TEST(SequenceHeader, LargePicturesParseButAreRefusedForDecoding) {
    SequenceHeader header = plain_sequence();
    EXPECT_TRUE(check_size(header).ok());
    header.width = 4096;
    header.height = 2304;
    EXPECT_TRUE(check_size(header).ok());
    header.height = 2305;
    EXPECT_EQ(check_size(header).code(), Code::resources);
}

TEST(Descriptor, RoundTripsAndIsShort) {
    Descriptor plain;
    plain.frames = 29;
    plain.qp = 12;
    plain.chunk_qp_offset = -8;
    plain.seed = 4711;
    plain.start = 290;
    EXPECT_LE(write_descriptor(plain)->size(), 8u);
    for (const Descriptor& d : {plain, full_descriptor()}) {
        auto bytes = write_descriptor(d);
        ASSERT_TRUE(bytes.ok());
        size_t used = 0;
        auto back = read_descriptor(*bytes, used);
        ASSERT_TRUE(back.ok());
        EXPECT_EQ(*back, d);
        EXPECT_EQ(used, bytes->size());
        for (size_t n = 0; n < bytes->size(); ++n) {
            EXPECT_FALSE(read_descriptor(std::span(*bytes).first(n), used).ok()) << n;
        }
    }
    Descriptor big = full_descriptor();  // without what may be long
    big.durations.reset();
    big.motion = {};
    big.text.reset();
    big.slices.reset();
    big.start = (1u << 28) - 1;
    EXPECT_LE(write_descriptor(big)->size(), 32u);
}

TEST(Descriptor, OnlyABaseSaysHowMuchRefinementItGets) {
    Descriptor d;
    d.frames = 29;
    d.qp = 21;
    d.seed = 0xABCD;
    d.start = 5;
    const std::vector<uint8_t> neural = *write_descriptor(d);
    EXPECT_EQ(neural.size(), 7u);  // 49 bits
    for (uint8_t refinement = 0; refinement <= kFullRefinement; ++refinement) {
        d.base = BaseKind::neural;
        d.refinement = refinement;
        EXPECT_EQ(*write_descriptor(d), neural);
        d.base = BaseKind::still;
        EXPECT_EQ(write_descriptor(d)->size(), neural.size());

        d.base = BaseKind::av1;
        const auto bytes = write_descriptor(d);
        ASSERT_TRUE(bytes.ok());
        EXPECT_LE(bytes->size(), neural.size() + 1);
        size_t used = 0;
        const auto back = read_descriptor(*bytes, used);
        ASSERT_TRUE(back.ok());
        EXPECT_EQ(*back, d);
        EXPECT_EQ(back->refinement, refinement);
        EXPECT_EQ(used, bytes->size());
        for (size_t n = 0; n < bytes->size(); ++n) {
            EXPECT_FALSE(read_descriptor(std::span(*bytes).first(n), used).ok()) << n;
        }
        Descriptor full = full_descriptor();
        full.base = BaseKind::av1;
        full.refinement = refinement;
        full.motion = {};
        full.chunks_before = 0;
        const auto full_bytes = write_descriptor(full);
        ASSERT_TRUE(full_bytes.ok());
        EXPECT_EQ(*read_descriptor(*full_bytes, used), full);
    }
    // What a neural descriptor does not say is read as all of it.
    size_t used = 0;
    EXPECT_EQ(read_descriptor(neural, used)->refinement, kFullRefinement);
}

// What a descriptor is written to, which reads the same.
std::vector<uint8_t> written(const Descriptor& d) {
    const auto bytes = write_descriptor(d);
    EXPECT_TRUE(bytes.ok());
    if (!bytes.ok()) return {};
    size_t used = 0;
    const auto back = read_descriptor(*bytes, used);
    EXPECT_TRUE(back.ok());
    if (back.ok()) {
        EXPECT_EQ(*back, d);
    }
    return *bytes;
}

TEST(Descriptor, RefusesFieldsOutOfRange) {
    const auto refused = [](auto&& change) {
        Descriptor d = full_descriptor();
        change(d);
        return !write_descriptor(d).ok();
    };
    EXPECT_TRUE(refused([](auto& d) { d.frames = 30; }));
    EXPECT_TRUE(refused([](auto& d) { d.frames = 0; }));
    EXPECT_TRUE(refused([](auto& d) { d.qp = 32; }));
    EXPECT_TRUE(refused([](auto& d) { d.base = BaseKind::av1, d.refinement = 4; }));
    EXPECT_TRUE(refused([](auto& d) { d.chunk_qps.reset(), d.chunk_qp_offset = 8; }));
    EXPECT_TRUE(refused([](auto& d) { d.durations->pop_back(); }));
    EXPECT_TRUE(refused([](auto& d) { d.chunks_before = 8; }));
    EXPECT_TRUE(refused([](auto& d) { d.base = BaseKind::av1, d.motion = {}; }));   // chunks_before
    EXPECT_TRUE(refused([](auto& d) { d.frames = 25, d.durations->resize(24); }));  // motion
    EXPECT_TRUE(refused([](auto& d) { d.text = std::string(1025, 'x'); }));
    EXPECT_TRUE(refused([](auto& d) { (*d.style)[7] = 16; }));
}

TEST(Descriptor, ASteadyPanIsCheap) {
    Descriptor d;
    d.frames = 29;
    const size_t without = write_descriptor(d)->size();
    for (int unit = 1; unit < kMaxUnits; ++unit)
        d.motion[size_t(unit)] = {3, int16_t(unit % 3 - 1), -2, 4, int16_t(83 - unit), -12};
    const auto bytes = write_descriptor(d);
    ASSERT_TRUE(bytes.ok());
    EXPECT_LE(bytes->size(), without + 26);
    size_t used = 0;
    const auto back = read_descriptor(*bytes, used);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, d);
    EXPECT_EQ(back->motion[0], CommonMotion());
    EXPECT_EQ(back->motion[7].end, (Affine{3, 0, -2, 4, 76, -12}));
}

TEST(Descriptor, ShakesCostAsMuchAsThereAreOfThem) {
    Descriptor d;
    d.frames = 29;
    const size_t still = write_descriptor(d)->size();
    EXPECT_EQ(motion_bytes(d), 0u);
    d.motion[2].jitter = {{{3, -4}, {0, 1}, {-2, 2}}};
    const size_t size = written(d).size();
    EXPECT_LE(size, still + 7);
    EXPECT_EQ(motion_bytes(d), size - still);
    // A unit that is not there cannot shake.
    d.frames = 5;
    EXPECT_FALSE(write_descriptor(d).ok());
}

TEST(Descriptor, SaysWhichChunksRefreshCells) {
    Descriptor d;
    d.frames = 29;
    const size_t without = write_descriptor(d)->size();
    d.refreshed = 0b10010100;
    d.refresh_qp = 31;
    for (const bool shakes : {false, true}) {
        if (shakes) d.motion[2].jitter = {{{3, -4}, {0, 1}, {-2, 2}}};
        EXPECT_LE(written(d).size(), without + (shakes ? 8 : 4));
    }
    // A qp of nothing.
    d.refreshed = 0;
    EXPECT_FALSE(write_descriptor(d).ok());
    d.refreshed = 1;  // a P-key of cells, which have its qp
    EXPECT_FALSE(write_descriptor(d).ok());
    d.refresh_qp = 0;
    written(d);
    EXPECT_EQ(cell_qp(d, 0), d.qp);
    d.refreshed = 0b101;
    d.refresh_qp = 30;
    written(d);
    EXPECT_EQ(cell_qp(d, 2), 30);
    d.refreshed = 0b100;
    d.frames = 5;  // a chunk that is not there
    d.motion = {};
    EXPECT_FALSE(write_descriptor(d).ok());
}

TEST(Descriptor, WhatIsReadCanBeWritten) {
    Descriptor d;
    d.frames = 29;
    d.motion[3].jitter = {{{1, 0}, {0, 0}, {0, -1}}};
    d.refreshed = 0b100;  // less one bit: nothing is refreshed, and that is not said so
    d.refresh_qp = 5;
    const auto bytes = *write_descriptor(d);
    for (size_t bit = 0; bit < 8 * bytes.size(); ++bit) {
        auto flipped = bytes;
        flipped[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
        size_t used = 0;
        const auto read = read_descriptor(flipped, used);
        SCOPED_TRACE(bit);
        if (read.ok()) written(*read);
    }
}

TEST(Descriptor, RefusesMotionThatDoesNotFit) {
    Descriptor d;
    d.frames = 5;
    d.motion[1] = {-1, 0, 0, 0, 0, 0};
    auto bytes = *write_descriptor(d);
    size_t used = 0;
    ASSERT_TRUE(read_descriptor(bytes, used).ok());
    d.motion[1] = {32767, -32768, 32767, -32768, 32767, -32768};
    bytes = *write_descriptor(d);
    const auto back = read_descriptor(bytes, used);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, d);
    for (size_t n = 0; n < bytes.size(); ++n) {
        auto damaged = bytes;
        damaged[n] ^= 0xff;
        const auto result = read_descriptor(damaged, used);  // anything, but no undefined behaviour
        if (result.ok()) {
            EXPECT_LE(used, damaged.size());
        }
    }
}

TEST(Descriptor, AnAv1BaseMayHaveManyFrames) {
    Descriptor d;
    d.frames = kMaxFrames + 1;
    EXPECT_EQ(write_descriptor(d).status().code(), Code::internal);
    d.base = BaseKind::still;
    EXPECT_EQ(write_descriptor(d).status().code(), Code::internal);
    d.base = BaseKind::av1;
    for (const int frames : {1, 29, 30, 256, 300}) {
        d.frames = static_cast<uint16_t>(frames);
        d.durations.emplace(static_cast<size_t>(frames) - 1, 7u);
        const auto bytes = write_descriptor(d);
        ASSERT_TRUE(bytes.ok()) << frames;
        size_t used = 0;
        const auto back = read_descriptor(*bytes, used);
        ASSERT_TRUE(back.ok()) << frames;
        EXPECT_EQ(*back, d);
        EXPECT_EQ(unit_frames(*back, 0).count, frames);
        EXPECT_EQ((*bytes)[0] & 3, frames > 29 ? 3 : 1);
    }
    d.frames = kMaxBaseFrames + 1;
    d.durations.reset();
    EXPECT_EQ(write_descriptor(d).status().code(), Code::internal);
    // Few frames are written as those of other GOPs are: 2 and 3 bits, then 9 for 29 frames.
    const std::vector<uint8_t> few{3 | ((29 << 5) & 0xff), 29 >> 3, 0, 0, 0, 0, 0, 0, 0, 0};
    size_t used = 0;
    EXPECT_EQ(read_descriptor(few, used).status().code(), Code::corrupt);
}

TEST(GopLayout, LargePicturesHaveFewerFramesInAnAv1Base) {
    SequenceHeader sequence;
    Descriptor d;
    d.base = BaseKind::av1;
    const auto accepted = [&](uint32_t width, uint32_t height, int frames) {
        sequence.width = width;
        sequence.height = height;
        d.frames = static_cast<uint16_t>(frames);
        return gop_layout(sequence, d, PacketKind::base).ok();
    };
    EXPECT_EQ((sequence.width = 854, sequence.height = 480, max_base_frames(sequence)), 300);
    EXPECT_TRUE(accepted(854, 480, 300));
    EXPECT_EQ((sequence.width = 1920, sequence.height = 1080, max_base_frames(sequence)), 64);
    EXPECT_TRUE(accepted(1920, 1080, 64));
    EXPECT_FALSE(accepted(1920, 1080, 65));
    EXPECT_TRUE(accepted(16384, 16384, 29));
    EXPECT_FALSE(accepted(16384, 16384, 30));
}

TEST(Descriptor, UnitsCoverAllFramesOnce) {
    for (int frames = 1; frames <= kMaxFrames; ++frames) {
        Descriptor d;
        d.frames = static_cast<uint16_t>(frames);
        for (int before = 0; before <= chunk_count(d); ++before) {
            d.chunks_before = static_cast<uint8_t>(before);
            if (kFramesPerChunk * before >= frames) continue;  // no frame is left for the key
            std::vector<int> shown(size_t(frames), 0);
            for (int unit = 0; unit <= chunk_count(d); ++unit) {
                const UnitFrames f = unit_frames(d, unit);
                EXPECT_EQ(f.reversed, unit > 0 && unit <= before);
                for (int i = 0; i < f.count; ++i) ++shown.at(size_t(f.first + i));
            }
            EXPECT_EQ(shown, std::vector<int>(size_t(frames), 1)) << frames << " " << before;
        }
    }
    Descriptor still;
    still.base = BaseKind::still;
    still.frames = 17;
    EXPECT_EQ(unit_frames(still, 0).count, 17);
}

TEST(Descriptor, CountsChunksAndQps) {
    Descriptor d;
    for (const auto& [frames, chunks] : {std::pair{1, 0}, {2, 1}, {5, 1}, {6, 2}, {29, 7}}) {
        d.frames = static_cast<uint16_t>(frames);
        EXPECT_EQ(chunk_count(d), chunks);
    }
    d.base = BaseKind::still;
    EXPECT_EQ(chunk_count(d), 0);
    d.qp = 30;
    d.chunk_qp_offset = 4;
    EXPECT_EQ(unit_qp(d, 0), 30);
    EXPECT_EQ(unit_qp(d, 1), 31);
    d.chunk_qps = {5, 6, 7, 8, 9, 10, 11};
    EXPECT_EQ(unit_qp(d, 7), 11);
}

TEST(Fields, ExtensionsOfLaterVersionsAreSkipped) {
    FieldWriter writer;
    writer.bits(3, 5u);
    writer.bits(1, true);  // an extension
    writer.varint(2u);     // of two bytes
    writer.bits(16, 0xBEEFu);
    writer.bits(4, 9u);
    const auto bytes = writer.finish();
    FieldReader reader(bytes);
    uint32_t a = 0, b = 0;
    reader.bits(3, a);
    reader.extension();
    reader.bits(4, b);
    EXPECT_TRUE(reader.good());
    EXPECT_EQ(a, 5u);
    EXPECT_EQ(b, 9u);
    FieldReader cut{std::span(bytes).first(2)};
    cut.bits(3, a);
    cut.extension();
    EXPECT_FALSE(cut.good());
}

TEST(Fields, VarintsThatDoNotFitAreRefused) {
    const std::vector<uint8_t> eleven(11, 0xFF);
    uint64_t wide = 0;
    FieldReader a(eleven);
    a.varint(wide);
    EXPECT_FALSE(a.good());
    const std::vector<uint8_t> five = {0xFF, 0xFF, 0xFF, 0xFF, 0x1F};
    uint32_t narrow = 0;
    FieldReader b(five);
    b.varint(narrow);
    EXPECT_FALSE(b.good());
    FieldReader c(five);
    c.varint(wide);
    EXPECT_TRUE(c.good());
    EXPECT_EQ(wide, (uint64_t{1} << 33) - 1);
}

TEST(Index, RoundTripsAndRefusesWrongCounts) {
    const std::vector<IndexEntry> entries = {{0, 0}, {7000, 29}, {uint64_t{1} << 40, 58}};
    auto bytes = write_index(entries);
    ASSERT_TRUE(bytes.ok());
    EXPECT_EQ(*read_index(*bytes), entries);
    for (size_t n = 0; n < bytes->size(); ++n) {
        EXPECT_FALSE(read_index(std::span(*bytes).first(n)).ok()) << n;
    }
    FieldWriter hostile;
    hostile.varint(uint64_t{1} << 60);
    EXPECT_FALSE(read_index(hostile.finish()).ok());
    EXPECT_FALSE(write_index({{5, 0}, {4, 1}}).ok());
    EXPECT_EQ(*read_end(write_end({77, 290})), (EndMark{77, 290}));
    EXPECT_FALSE(read_end({}).ok());
}

}  // namespace
}  // namespace gvc::bitstream
