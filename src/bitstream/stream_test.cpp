// Whole streams: packed, parsed and decoded back to tokens, intact and damaged.
#include <gtest/gtest.h>

#include <filesystem>

#include "bitstream/file_reader.h"
#include "bitstream/file_writer.h"
#include "bitstream/packet_scanner.h"
#include "bitstream/stream_testonly.h"

namespace gvc::bitstream {
namespace {

const entropy::TokenModel& model() {
    static const entropy::TokenModel loaded = entropy::test_token_model(1);
    return loaded;
}

struct Decoded {
    std::vector<uint32_t> hashes;  // of GOPs whose tokens match their CRC
    int errors = 0;
    int units = 0;
};

Decoded decode(std::span<const uint8_t> stream) {
    PacketScanner scanner;
    scanner.feed(stream);
    scanner.finish();
    PacketParser parser;
    UnitDecoder decoder(model());
    Decoded out;
    for (auto packet = scanner.next(); packet.ok(); packet = scanner.next()) {
        auto content = parser.parse(*packet);
        if (!content.ok()) {
            if (content.status().code() != Code::again) ++out.errors;
            continue;
        }
        if (content->descriptor) {
            const Status begun = decoder.begin_gop(*parser.sequence(), parser.descriptor(),
                                                   parser.layout(), packet->header.gop);
            if (!begun.ok()) ++out.errors;
        }
        for (const CodedSlice& slice : content->slices) {
            const auto complete = decoder.add(slice);
            if (!complete.ok()) {
                ++out.errors;
            } else if (*complete) {
                ++out.units;
            }
        }
        if (content->token_crc && decoder.gop_complete() && decoder.hash() == *content->token_crc) {
            out.hashes.push_back(decoder.hash());
        }
    }
    return out;
}

TEST(Stream, RoundTripsInBothModesAndPacketSizes) {
    for (const ContextMode context : {ContextMode::chain, ContextMode::self}) {
        for (const PackOptions pack :
             {PackOptions{1200, false}, {1200, true}, {300, true}, {1, false}, {1u << 20, false}}) {
            TestStreamOptions options;
            options.context = context;
            options.pack = pack;
            const TestStream stream = test_stream(model(), options);
            if (pack.fragment) {
                for (const auto& gop : stream.gops) {
                    for (const Bytes& packet : gop) EXPECT_LE(packet.size(), pack.max_packet);
                }
            }
            const Decoded decoded = decode(stream.joined());
            EXPECT_EQ(decoded.errors, 0);
            EXPECT_EQ(decoded.hashes, stream.hashes);
            EXPECT_EQ(decoded.units, 3 * 4);
        }
    }
}

TEST(Stream, RefreshedCellsComeBehindTheirChunk) {
    for (const ContextMode context : {ContextMode::chain, ContextMode::self}) {
        TestStreamOptions options;
        options.context = context;
        options.chunk_slices = 2;
        options.refreshed = 0b1010;  // of chunks 1 to 3, the first and the last
        const TestStream stream = test_stream(model(), options);
        const Decoded decoded = decode(stream.joined());
        EXPECT_EQ(decoded.errors, 0);
        EXPECT_EQ(decoded.hashes, stream.hashes);
        EXPECT_EQ(decoded.units, 3 * 4);
        options.refreshed = 0;
        EXPECT_NE(test_stream(model(), options).hashes, stream.hashes);
    }
}

TEST(Stream, PKeysOfCellsHaveNothingElse) {
    for (const ContextMode context : {ContextMode::chain, ContextMode::self}) {
        TestStreamOptions options;
        options.context = context;
        options.chained = options.key_cells = true;
        for (const uint8_t refreshed : {0, 0b100}) {
            options.refreshed = refreshed;
            const TestStream stream = test_stream(model(), options);
            const Decoded decoded = decode(stream.joined());
            EXPECT_EQ(decoded.errors, 0);
            EXPECT_EQ(decoded.hashes, stream.hashes);
            EXPECT_EQ(decoded.units, 3 * 4);
        }
    }
}

TEST(Stream, OnlyPKeysAreOfCells) {
    const SequenceHeader sequence = test_stream(model(), {}).sequence;
    Descriptor d;
    d.frames = 9;
    d.refreshed = 1;
    d.chunks_before = 1;
    EXPECT_EQ(gop_layout(sequence, d, PacketKind::keyframe).status().code(), Code::corrupt);
    EXPECT_EQ(gop_layout(sequence, d, PacketKind::base).status().code(), Code::corrupt);
    const GopLayout layout = gop_layout(sequence, d, PacketKind::pkey).value();
    EXPECT_TRUE(layout.of_cells());
    EXPECT_EQ(layout.slices_of(0), 1);
    EXPECT_TRUE(layout.is_refresh(0, 0));
    EXPECT_EQ(token_kind(layout, 0), entropy::TokenKind::key);
    d.refreshed = 0b10;  // of motion: nothing comes before it
    EXPECT_EQ(gop_layout(sequence, d, PacketKind::pkey).status().code(), Code::corrupt);
}

TEST(Stream, InSelfModeLostCellsCostThemselvesAlone) {
    TestStreamOptions options;
    options.context = ContextMode::self;
    options.refreshed = 0b10;
    options.pack = {1, false};  // a packet a slice
    TestStream stream = test_stream(model(), options);
    ASSERT_EQ(stream.gops[0].size(), 6u);  // two of the keyframe, three chunks, the cells
    stream.gops[0].erase(stream.gops[0].begin() + 3);
    const Decoded decoded = decode(stream.joined());
    EXPECT_EQ(decoded.errors, 0);
    EXPECT_EQ(decoded.units, 11);  // the chunk lacks its last slice
    EXPECT_EQ(decoded.hashes, (std::vector<uint32_t>{stream.hashes[1], stream.hashes[2]}));
}

TEST(Stream, OtherFrameCountsAndStillsHaveTheirUnits) {
    for (const int frames : {1, 2, 29}) {
        TestStreamOptions options;
        options.frames = frames;
        options.gops = 2;
        const TestStream stream = test_stream(model(), options);
        EXPECT_EQ(decode(stream.joined()).hashes, stream.hashes);
    }
}

TEST(Stream, ADamagedGopCostsItselfAndItsChain) {
    TestStreamOptions options;
    options.gops = 6;  // K P K P K P
    TestStream stream = test_stream(model(), options);
    stream.gops[2].back()[30] ^= 1;
    const Decoded decoded = decode(stream.joined());
    EXPECT_GT(decoded.errors, 0);
    EXPECT_EQ(decoded.hashes, (std::vector<uint32_t>{stream.hashes[0], stream.hashes[1],
                                                     stream.hashes[4], stream.hashes[5]}));
}

TEST(Stream, InSelfModeALostPacketCostsItselfAlone) {
    TestStreamOptions options;
    options.context = ContextMode::self;
    options.key_slices = options.chunk_slices = 3;
    options.pack = {1, false};  // a packet a slice
    TestStream stream = test_stream(model(), options);
    ASSERT_EQ(stream.gops[1].size(), 12u);
    stream.gops[1].erase(stream.gops[1].begin() + 4);
    const Decoded decoded = decode(stream.joined());
    EXPECT_EQ(decoded.errors, 0);
    EXPECT_EQ(decoded.units, 12);
    EXPECT_EQ(decoded.hashes, (std::vector<uint32_t>{stream.hashes[0], stream.hashes[2]}));
}

TEST(Stream, OtherWeightsAndMissingStartsAreRefused) {
    const TestStream stream = test_stream(model(), {});
    const entropy::TokenModel other = entropy::test_token_model(2);
    UnitDecoder decoder(other);
    const GopLayout layout =
        gop_layout(stream.sequence, Descriptor{}, PacketKind::keyframe).value();
    EXPECT_EQ(decoder.begin_gop(stream.sequence, {}, layout, 0).code(), Code::model);

    PacketParser parser;  // joins in the middle of a GOP
    const auto packet = read_packet(stream.gops[0].back());
    ASSERT_TRUE(packet.ok());
    EXPECT_EQ(parser.parse(*packet).status().code(), Code::corrupt);
}

TEST(Stream, PacketsThatLieAreRefused) {
    const TestStream stream = test_stream(model(), {});
    PacketParser parser;
    ASSERT_TRUE(parser.parse(*read_packet(stream.gops[0][0])).ok());
    const auto parse = [&](const PacketHeader& header, std::vector<uint8_t> payload) {
        const auto bytes = write_packet(header, payload).value();
        return parser.parse(*read_packet(bytes)).status().code();
    };
    const std::vector<uint8_t> slice = {0, 0, 0, 0x80, 0};
    EXPECT_EQ(parse({.kind = PacketKind::chunk, .unit = 1}, slice), Code::ok);
    EXPECT_EQ(parse({.kind = PacketKind::chunk, .unit = 7}, slice), Code::corrupt);
    EXPECT_EQ(parse({.kind = PacketKind::chunk, .unit = 1, .slice = 9}, slice), Code::corrupt);
    EXPECT_EQ(parse({.kind = PacketKind::chunk, .gop = 5, .unit = 1}, slice), Code::corrupt);
    EXPECT_EQ(parse({.kind = PacketKind::chunk, .unit = 1}, {0, 1, 2}), Code::corrupt);
    EXPECT_EQ(parse({.kind = PacketKind::chunk, .unit = 1}, {9, 1, 2, 3, 4, 5}), Code::corrupt);
    EXPECT_EQ(parse({.kind = PacketKind::chunk, .last_of_gop = true, .unit = 1}, {1, 2}),
              Code::corrupt);
    EXPECT_EQ(parse({.kind = PacketKind::keyframe, .has_sequence = true}, slice), Code::corrupt);
}

class FileTest : public testing::Test {
  protected:
    FileTest() {
        path_ = (std::filesystem::path(testing::TempDir()) /
                 (std::string("stream_test_") +
                  testing::UnitTest::GetInstance()->current_test_info()->name() + ".gvc"))
                    .string();
        options_.gops = 5;
        stream_ = test_stream(model(), options_);
    }
    ~FileTest() override {
        std::filesystem::remove(path_);
        std::filesystem::remove(path_ + ".part");
    }
    void write(bool finish) {
        auto writer = FileWriter::create(path_);
        ASSERT_TRUE(writer.ok());
        for (size_t g = 0; g < stream_.gops.size(); ++g) {
            ASSERT_TRUE(writer
                            ->write_gop(stream_.gops[g], stream_.random_access[g],
                                        g * static_cast<size_t>(options_.frames))
                            .ok());
        }
        if (finish) {
            ASSERT_TRUE(writer->finish(65).ok());
        }
    }
    std::string path_;
    TestStreamOptions options_;
    TestStream stream_;
};

TEST_F(FileTest, IsReadBackAndSeeked) {
    write(true);
    auto reader = FileReader::open(path_);
    ASSERT_TRUE(reader.ok());
    ASSERT_TRUE(reader->next().ok());
    auto keyframes = reader->keyframes();
    ASSERT_TRUE(keyframes.ok());
    ASSERT_EQ(keyframes->size(), 3u);
    EXPECT_EQ((*keyframes)[2].start, 4u * 13);
    ASSERT_TRUE(reader->seek((*keyframes)[1].offset).ok());
    auto packet = reader->next();
    ASSERT_TRUE(packet.ok());
    EXPECT_EQ(packet->header.kind, PacketKind::keyframe);
    EXPECT_EQ(packet->header.gop, 2);
    PacketKind last = PacketKind::keyframe;
    while (packet.ok()) {
        last = packet->header.kind;
        packet = reader->next();
    }
    EXPECT_EQ(packet.status().code(), Code::again);
    EXPECT_EQ(last, PacketKind::end);
    EXPECT_EQ(reader->scanner().skipped_bytes(), 0u);
}

TEST_F(FileTest, AnUnfinishedFileStaysAndIsSeekedByScanning) {
    write(true);
    auto whole = FileReader::open(path_);
    const auto stored = whole->keyframes();
    write(false);
    auto part = FileReader::open(path_ + ".part");
    ASSERT_TRUE(part.ok());
    const auto scanned = part->keyframes();
    ASSERT_TRUE(scanned.ok());
    EXPECT_EQ(*scanned, *stored);
}

TEST_F(FileTest, ErrorsHaveTheirCodes) {
    EXPECT_EQ(FileReader::open("/nonexistent.gvc").status().code(), Code::input);
    EXPECT_EQ(FileReader::open(testing::TempDir()).status().code(), Code::input);
    EXPECT_EQ(FileWriter::create("/nonexistent/x.gvc").status().code(), Code::usage);
}

}  // namespace
}  // namespace gvc::bitstream
