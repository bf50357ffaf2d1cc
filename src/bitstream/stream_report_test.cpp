#include "bitstream/stream_report.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "bitstream/file_writer.h"
#include "bitstream/stream_testonly.h"

namespace gvc::bitstream {
namespace {

const entropy::TokenModel& model() {
    static const entropy::TokenModel loaded = entropy::test_token_model(1);
    return loaded;
}

class StreamReportTest : public testing::Test {
  protected:
    StreamReportTest()
        : path_((std::filesystem::path(testing::TempDir()) /
                 (std::string("report_") +
                  testing::UnitTest::GetInstance()->current_test_info()->name() + ".gvc"))
                    .string()) {}
    ~StreamReportTest() override { std::filesystem::remove(path_); }

    void write(const TestStream& stream) {
        auto writer = FileWriter::create(path_);
        ASSERT_TRUE(writer.ok());
        for (size_t g = 0; g < stream.gops.size(); ++g) {
            ASSERT_TRUE(writer->write_gop(stream.gops[g], stream.random_access[g], g).ok());
        }
        ASSERT_TRUE(writer->finish(0).ok());
    }
    Result<StreamReport> report(const entropy::TokenModel* tokens, bool packets = false) {
        auto reader = FileReader::open(path_);
        return report_stream(*reader, tokens, packets);
    }
    std::string path_;
};

TEST_F(StreamReportTest, AccountsForEveryByteAndToken) {
    TestStreamOptions options;
    options.gops = 4;
    options.refreshed = 0b100;
    const TestStream stream = test_stream(model(), options);
    write(stream);
    const auto r = report(&model(), true);
    ASSERT_TRUE(r.ok()) << r.status().message();
    EXPECT_TRUE(r->intact());
    EXPECT_TRUE(r->ended);
    EXPECT_EQ(r->frames, 4u * 13);
    EXPECT_EQ(r->total_bytes, std::filesystem::file_size(path_));
    uint64_t packets = 0, coded = 0;
    for (const PacketFacts& p : r->packet_list) packets += p.size, coded += p.payload;
    EXPECT_EQ(packets, r->total_bytes);
    EXPECT_EQ(coded, r->coded_bytes());
    EXPECT_GT(r->key_bytes, 0u);
    EXPECT_GT(r->pkey_bytes, 0u);
    EXPECT_GT(r->refresh_bytes, 0u);
    ASSERT_EQ(r->gops.size(), 4u);
    for (size_t g = 0; g < 4; ++g) EXPECT_EQ(r->gops[g].token_hash, stream.hashes[g]);
    EXPECT_FALSE(report(nullptr)->gops[0].token_hash);
}

// A 480p GOP of 29 frames whose slices are random bytes: a third for the keyframe, the rest for
// seven chunks, as trained models spend them.
TestStream sized_stream(size_t coded_bytes_per_gop) {
    TestStream stream;
    stream.sequence.width = 854;
    stream.sequence.height = 480;
    stream.sequence.key_slices = 3;
    stream.sequence.chunk_slices = 2;
    entropy::TestRandom random(5);
    for (uint8_t g = 0; g < 2; ++g) {
        CodedGop gop;
        gop.counter = g;
        gop.sequence = stream.sequence;
        gop.descriptor.frames = 29;
        gop.descriptor.qp = 20;
        gop.descriptor.start = g * 29u;
        gop.descriptor.style.emplace();
        const auto blobs = [&](size_t count, size_t total) {
            std::vector<Bytes> slices(count, Bytes(total / count));
            for (Bytes& slice : slices) {
                for (uint8_t& byte : slice) byte = static_cast<uint8_t>(random.next());
            }
            return slices;
        };
        gop.units.push_back(blobs(3, coded_bytes_per_gop * 34 / 100));
        for (int i = 0; i < kMaxChunks; ++i) {
            gop.units.push_back(blobs(2, coded_bytes_per_gop * 66 / 100 / kMaxChunks));
        }
        stream.gops.push_back(pack_gop(gop, stream.sequence).value());
        stream.random_access.push_back(true);
    }
    return stream;
}

TEST_F(StreamReportTest, OverheadIsSmallAtTheLowestRates) {
    struct Case {
        size_t coded_bytes;
        double bpp, allowed;
    };
    for (const Case& c : {Case{7250, 0.005, 0.035}, Case{3450, 0.0024, 0.07}}) {
        write(sized_stream(c.coded_bytes));
        const auto r = report(nullptr);
        ASSERT_TRUE(r.ok());
        EXPECT_NEAR(r->bits_per_pixel(), c.bpp, c.bpp * 0.03);
        EXPECT_GT(r->overhead_share(), 0.005);
        EXPECT_LE(r->overhead_share(), c.allowed);
        RecordProperty("overhead_at_" + std::to_string(c.bpp), std::to_string(r->overhead_share()));
    }
}

// Three GOPs of a conventional codec; `wrong` gets the CRC of other data.
TestStream base_stream(int wrong = -1) {
    TestStream stream;
    stream.sequence.width = 320;
    stream.sequence.height = 180;
    stream.sequence.fingerprint = model().fingerprint();
    stream.sequence.base_size = Rational{160, 90};
    entropy::TestRandom random(6);
    for (uint8_t g = 0; g < 3; ++g) {
        CodedGop gop;
        gop.kind = PacketKind::base;
        gop.counter = g;
        gop.sequence = stream.sequence;
        gop.descriptor.base = BaseKind::av1;
        gop.descriptor.refinement = g;
        gop.descriptor.frames = 29;
        gop.descriptor.start = g * 29u;
        Bytes data(300 + 50 * g);
        for (uint8_t& byte : data) byte = static_cast<uint8_t>(random.next());
        gop.token_crc = crc32c(data) ^ (g == wrong ? 1 : 0);
        gop.units = {{data}};
        stream.gops.push_back(pack_gop(gop, stream.sequence).value());
        stream.hashes.push_back(crc32c(data));
        stream.random_access.push_back(true);
    }
    return stream;
}

TEST_F(StreamReportTest, BasesAreHashedWithAndWithoutAModel) {
    const TestStream stream = base_stream();
    write(stream);
    for (const bool with_model : {true, false}) {
        const auto r = report(with_model ? &model() : nullptr, true);
        ASSERT_TRUE(r.ok()) << r.status().message();
        EXPECT_TRUE(r->intact());
        EXPECT_EQ(r->frames, 87u);
        EXPECT_EQ(r->base_bytes, 300u + 350 + 400);
        EXPECT_EQ(r->coded_bytes(), r->base_bytes);
        EXPECT_EQ(r->key_bytes + r->pkey_bytes + r->chunk_bytes, 0u);
        ASSERT_EQ(r->gops.size(), 3u);
        for (size_t g = 0; g < 3; ++g) {
            EXPECT_EQ(r->gops[g].kind, PacketKind::base);
            EXPECT_EQ(r->gops[g].descriptor.base, BaseKind::av1);
            EXPECT_EQ(r->gops[g].descriptor.refinement, g);
            EXPECT_EQ(r->gops[g].token_hash, stream.hashes[g]);
            EXPECT_EQ(r->gops[g].token_hash, r->gops[g].token_crc);
        }
    }
}

TEST_F(StreamReportTest, BasesOfAnotherCrcAreNotIntact) {
    write(base_stream(1));
    const auto r = report(nullptr);
    ASSERT_TRUE(r.ok());
    EXPECT_FALSE(r->intact());
    EXPECT_EQ(r->damaged_bytes, 0u);
    EXPECT_EQ(r->gops[0].token_hash, r->gops[0].token_crc);
    EXPECT_NE(r->gops[1].token_hash, r->gops[1].token_crc);
    EXPECT_EQ(r->gops[2].token_hash, r->gops[2].token_crc);
}

// A base's packet with a neural descriptor, or the other way round, is no GOP.
TEST_F(StreamReportTest, KindsThatContradictEachOtherAreBadPackets) {
    TestStream stream = base_stream();
    const Packet packet = read_packet(stream.gops[1][0]).value();
    PacketHeader header = packet.header;
    header.kind = PacketKind::keyframe;
    stream.gops[1][0] = write_packet(header, packet.payload).value();
    write(stream);
    const auto r = report(&model());
    ASSERT_TRUE(r.ok()) << r.status().message();
    EXPECT_EQ(r->bad_packets, 1u);
    EXPECT_EQ(r->gops.size(), 2u);
    EXPECT_FALSE(r->intact());
}

TEST_F(StreamReportTest, DamageAndOtherWeightsAreSeen) {
    TestStreamOptions options;
    options.pack = {1, false};
    TestStream stream = test_stream(model(), options);
    stream.gops[0][1][25] ^= 1;
    write(stream);
    const auto r = report(&model());
    ASSERT_TRUE(r.ok());
    EXPECT_FALSE(r->intact());
    EXPECT_EQ(r->damaged_bytes, stream.gops[0][1].size());
    EXPECT_FALSE(r->gops[0].token_hash);
    EXPECT_EQ(r->gops[2].token_hash, stream.hashes[2]);
    const auto other = entropy::test_token_model(2);
    EXPECT_EQ(report(&other).status().code(), Code::model);
}

TEST_F(StreamReportTest, FilesThatAreNotStreamsAreRefused) {
    std::FILE* file = std::fopen(path_.c_str(), "wb");
    for (int i = 0; i < 100000; ++i) std::fputc(i * 7919 >> 3 & 255, file);
    std::fclose(file);
    EXPECT_EQ(report(nullptr).status().code(), Code::corrupt);
    file = std::fopen(path_.c_str(), "wb");
    std::fclose(file);
    EXPECT_EQ(report(nullptr).status().code(), Code::corrupt);
}

}  // namespace
}  // namespace gvc::bitstream
