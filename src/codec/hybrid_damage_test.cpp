// Damaged, foreign and hostile GOPs with an AV1 base: what they cost, and what is still shown.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/crc32c.h"
#include "bitstream/file_reader.h"
#include "bitstream/file_writer.h"
#include "bitstream/index.h"
#include "bitstream/stream_report.h"
#include "codec/hybrid_testonly.h"

namespace gvc::codec {
namespace {

using bitstream::Bytes;

class HybridDamage : public Hybrid {
  protected:
    // Four GOPs of 29, 29, 29 and 3 frames.
    void SetUp() override {
        Hybrid::SetUp();
        if (IsSkipped()) return;
        encoding_ = test_encode(*model_, options({64, 64}, 16), kFrames);
        ASSERT_EQ(encoding_.gops.size(), 4u);
        intact_ = decode(all_packets(encoding_));
        ASSERT_EQ(intact_.frames.size(), size_t{kFrames});
    }
    // The second GOP is lost, and nothing else.
    void expect_only_its_gop_lost(const std::vector<Bytes>& packets, const std::string& what) {
        EXPECT_EQ(decode(packets).status.code(), Code::corrupt) << what;
        const auto decoding = decode(packets, -1, true);
        ASSERT_TRUE(decoding.status.ok()) << what << ": " << decoding.status.message();
        ASSERT_EQ(decoding.frames.size(), size_t{kFrames}) << what;
        EXPECT_EQ(decoding.report.lost_gops, 1u) << what;
        EXPECT_EQ(decoding.report.concealed, 29u) << what;
        for (size_t i = 0; i < decoding.frames.size(); ++i) {
            const DecodedFrame& frame = decoding.frames[i];
            EXPECT_EQ(frame.pts, i) << what;
            EXPECT_EQ(frame.concealed, i >= 29 && i < 58) << what << ", frame " << i;
            const size_t shown = frame.concealed ? 28 : i;
            EXPECT_TRUE(frame.rgb == intact_.frames[shown].rgb) << what << ", frame " << i;
        }
    }
    // The second GOP with other data, whose checksums are right.
    std::vector<Bytes> with_data(const Bytes& data) {
        return with_data(data, encoding_.gops[1].detail);
    }
    std::vector<Bytes> with_data(const Bytes& data, const Bytes& detail) {
        bitstream::CodedGop gop;
        gop.kind = bitstream::PacketKind::base;
        gop.counter = 1;
        gop.sequence = encoding_.sequence;
        gop.descriptor = encoding_.gops[1].descriptor;
        gop.token_crc = crc32c(data, crc32c(detail));
        gop.units = {{detail, data}};
        auto packets = all_packets(encoding_);
        packets[1] = bitstream::pack_gop(gop, encoding_.sequence).value().at(0);
        return packets;
    }

    static constexpr int kFrames = 90;
    TestEncoding encoding_;
    TestDecoding intact_;
};

TEST_F(Hybrid, ALongGopThatIsMissingIsAsLongAsItWas) {
    EncoderOptions o = options({64, 64}, 16);
    o.base_keyint = 40;
    auto packets = all_packets(test_encode(*model_, o, 120));
    ASSERT_EQ(packets.size(), 3u);
    packets.erase(packets.begin() + 1);
    const auto decoding = decode(packets, -1, true);
    ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
    ASSERT_EQ(decoding.frames.size(), 120u);
    EXPECT_EQ(decoding.report.concealed, 40u);
    EXPECT_EQ(decoding.report.lost_gops, 1u);
}

TEST_F(HybridDamage, APacketMissingOrFlippedCostsItsGopAlone) {
    auto packets = all_packets(encoding_);
    ASSERT_EQ(packets.size(), 4u);
    auto missing = packets;
    missing.erase(missing.begin() + 1);
    expect_only_its_gop_lost(missing, "missing");
    for (const size_t at : {size_t{9}, size_t{40}, packets[1].size() / 2, packets[1].size() - 1}) {
        auto flipped = packets;
        flipped[1][at] ^= 0x10;
        expect_only_its_gop_lost(flipped, "flipped at " + std::to_string(at));
    }
    auto cut = packets;
    cut[1].resize(cut[1].size() / 2);
    expect_only_its_gop_lost(cut, "cut");
}

TEST_F(HybridDamage, DataThatIsNotAv1CostsItsGopAlone) {
    const Bytes& right = encoding_.gops[1].base_data;
    expect_equal(decode(with_data(right)), intact_);
    expect_only_its_gop_lost(with_data(Bytes(500, 0x55)), "no AV1");
    expect_only_its_gop_lost(with_data({right.begin(), right.begin() + right.size() / 2}), "half");
    Bytes other = test_encode(*model_, options({128, 96}, 16), 29).gops[0].base_data;
    expect_only_its_gop_lost(with_data(other), "another size");
    other = encoding_.gops[3].base_data;
    expect_only_its_gop_lost(with_data(other), "too few pictures");
}

TEST_F(HybridDamage, ADamagedDetailCodeCostsItsGopAlone) {
    const EncodedGop& gop = encoding_.gops[1];
    ASSERT_TRUE(gop.descriptor.detail);
    Bytes detail = gop.detail;
    detail.push_back(0);
    expect_only_its_gop_lost(with_data(gop.base_data, detail), "longer");
    expect_only_its_gop_lost(with_data(gop.base_data, Bytes(4)), "zeros");
}

TEST_F(HybridDamage, ABaseLargerThanThePictureCostsItsGopAlone) {
    encoding_.sequence.base_size = bitstream::Rational{128, 128};
    const Bytes data = test_encode(*model_, options({128, 128}, 16), 29).gops[0].base_data;
    expect_only_its_gop_lost(with_data(data), "a large base");
    encoding_.sequence.base_size = bitstream::Rational{16384, 16384};
    expect_only_its_gop_lost(with_data(data), "a huge base");
}

TEST_F(HybridDamage, DataOfAnotherCrcIsNoticed) {
    bitstream::CodedGop gop;
    gop.kind = bitstream::PacketKind::base;
    gop.counter = 1;
    gop.sequence = encoding_.sequence;
    gop.descriptor = encoding_.gops[1].descriptor;
    gop.units = {{encoding_.gops[1].detail, encoding_.gops[1].base_data}};
    gop.token_crc = crc32c(encoding_.gops[1].base_data, crc32c(encoding_.gops[1].detail)) ^ 1;
    auto packets = all_packets(encoding_);
    packets[1] = bitstream::pack_gop(gop, encoding_.sequence).value().at(0);
    expect_only_its_gop_lost(packets, "other CRC");
}

// A base's packet and a base's descriptor go together.
TEST_F(HybridDamage, KindsThatContradictEachOtherAreCorrupt) {
    auto packets = all_packets(encoding_);
    const auto parsed = bitstream::read_packet(packets[1]).value();
    bitstream::PacketHeader header = parsed.header;
    header.kind = bitstream::PacketKind::keyframe;
    packets[1] = bitstream::write_packet(header, parsed.payload).value();
    expect_only_its_gop_lost(packets, "a keyframe with an AV1 descriptor");
    header.kind = bitstream::PacketKind::pkey;
    packets[1] = bitstream::write_packet(header, parsed.payload).value();
    expect_only_its_gop_lost(packets, "a P-key with an AV1 descriptor");
    auto neural = encoding_.gops[1].descriptor;
    neural.base = bitstream::BaseKind::neural;
    neural.frames = 1;
    bitstream::CodedGop gop;
    gop.kind = bitstream::PacketKind::base;
    gop.counter = 1;
    gop.sequence = encoding_.sequence;
    gop.descriptor = neural;
    gop.units = {{encoding_.gops[1].base_data}};
    packets[1] = bitstream::pack_gop(gop, encoding_.sequence).value().at(0);
    EXPECT_EQ(decode(packets).status.code(), Code::corrupt);
    const auto concealed = decode(packets, -1, true);
    EXPECT_TRUE(concealed.status.ok()) << concealed.status.message();
    EXPECT_GE(concealed.report.lost_gops, 1u);
    ASSERT_FALSE(concealed.frames.empty());
    EXPECT_TRUE(concealed.frames.back().rgb == intact_.frames.back().rgb);
}

TEST_F(HybridDamage, TruncatedStreamsAreNoticed) {
    Bytes whole;
    for (const Bytes& packet : all_packets(encoding_)) {
        whole.insert(whole.end(), packet.begin(), packet.end());
    }
    const Bytes end = bitstream::write_packet({.kind = bitstream::PacketKind::end},
                                              bitstream::write_end({0, kFrames}))
                          .value();
    const size_t step = whole.size() / 12;
    for (size_t size = step; size < whole.size(); size += step) {
        const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(size));
        EXPECT_EQ(decode({cut}).status.code(), Code::corrupt) << size;
        const auto decoding = decode({cut, end}, -1, true);
        EXPECT_TRUE(decoding.status.ok()) << decoding.status.message();
        EXPECT_GE(decoding.report.lost_gops, 1u) << size;
        // With the first GOP lost there is no size to be held.
        EXPECT_TRUE(decoding.frames.empty() || decoding.frames.size() == kFrames) << size;
        for (const DecodedFrame& frame : decoding.frames) {
            if (frame.concealed) continue;
            EXPECT_TRUE(frame.rgb == intact_.frames[frame.pts].rgb) << size;
        }
    }
}

TEST_F(HybridDamage, WithoutABaseCoderItIsRefused) {
    const auto refused = test_decode(*model_, all_packets(encoding_), {.conceal = true});
    EXPECT_EQ(refused.status.code(), Code::resources);
    EXPECT_NE(refused.status.message().find("AV1"), std::string::npos);
    EXPECT_TRUE(refused.frames.empty());
}

TEST_F(HybridDamage, WithoutARefinerTheBaseIsShown) {
    const RandomWeights files = random_weights(31);
    ModelOptions options;
    options.precision = PrecisionChoice::fp32;
    options.threads = 1;
    const auto bare = Model::load(files.tokeniser, nullptr, options).value();
    const auto shown = test_decode(*bare, all_packets(encoding_), {.base_coder = base_.get()});
    expect_equal(shown, decode(all_packets(encoding_), 0));
}

TEST_F(HybridDamage, SeekingDiscardsWhatComesBefore) {
    auto decoder = Decoder::make(*model_, {.base_coder = base_.get()}).value();
    std::vector<DecodedFrame> frames;
    const auto send = [&](size_t gop) {
        ASSERT_TRUE(decoder->send(encoding_.gops[gop].packets[0]).ok());
        auto frame = decoder->receive();
        for (; frame.ok(); frame = decoder->receive()) frames.push_back(std::move(*frame));
        EXPECT_EQ(frame.status().code(), Code::again) << frame.status().message();
    };
    send(0);
    decoder->reset(40);
    frames.clear();
    send(1);
    send(2);
    ASSERT_EQ(frames.size(), 87u - 40u);
    for (const auto& frame : frames) {
        EXPECT_TRUE(frame.rgb == intact_.frames[frame.pts].rgb) << frame.pts;
    }
    EXPECT_EQ(frames[0].pts, 40u);
}

TEST_F(HybridDamage, TheReportsHashesAreTheStreamsCrcs) {
    const std::string path = testing::TempDir() + "/hybrid_report.gvc";
    {
        auto writer = bitstream::FileWriter::create(path).value();
        for (const auto& gop : encoding_.gops) {
            ASSERT_TRUE(writer.write_gop(gop.packets, true, gop.descriptor.start).ok());
        }
        ASSERT_TRUE(writer.finish(kFrames).ok());
    }
    for (const bool with_model : {true, false}) {
        const entropy::TokenModel* tokens = with_model ? &model_->tokens() : nullptr;
        auto reader = bitstream::FileReader::open(path).value();
        const auto report = bitstream::report_stream(reader, tokens, false);
        ASSERT_TRUE(report.ok()) << report.status().message();
        EXPECT_TRUE(report->intact());
        EXPECT_EQ(report->frames, uint64_t{kFrames});
        ASSERT_EQ(report->gops.size(), 4u);
        size_t data = 0, detail = 0;
        for (size_t i = 0; i < 4; ++i) {
            const auto& gop = report->gops[i];
            EXPECT_EQ(gop.descriptor.base, bitstream::BaseKind::av1);
            const EncodedGop& coded = encoding_.gops[i];
            EXPECT_EQ(gop.token_hash, crc32c(coded.base_data, crc32c(coded.detail)));
            EXPECT_EQ(gop.token_hash, gop.token_crc);
            data += coded.base_data.size();
            detail += coded.detail.size();
        }
        EXPECT_EQ(report->base_bytes, data);
        EXPECT_EQ(report->detail_bytes, detail);
        EXPECT_EQ(report->coded_bytes(), data + detail);
    }
    std::filesystem::remove(path);
}

TEST_F(HybridDamage, NeuralGopsMayStandBeside) {
    const TestEncoding neural = test_encode(*model_, test_options({64, 64}), 29);
    const TestEncoding& hybrid = encoding_;
    // Neural, AV1, neural: the same GOPs with other counters and times.
    std::vector<Bytes> packets;
    for (const TestEncoding* source : {&neural, &hybrid, &neural}) {
        const auto counter = static_cast<uint8_t>(source == &hybrid ? 1 : packets.empty() ? 0 : 2);
        const size_t first = source == &hybrid ? 1 : 0;
        for (const Bytes& bytes : source->gops[first].packets) {
            const auto packet = bitstream::read_packet(bytes).value();
            auto header = packet.header;
            header.gop = counter;
            packets.push_back(bitstream::write_packet(header, packet.payload).value());
        }
    }
    const auto decoding = decode(packets, 0);
    ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
    ASSERT_EQ(decoding.frames.size(), 87u);
    const auto plain = decode(all_packets(encoding_), 0);
    for (size_t i = 0; i < 29; ++i) {
        EXPECT_TRUE(decoding.frames[i].rgb == neural.reconstruction[i]) << i;
        EXPECT_TRUE(decoding.frames[29 + i].rgb == plain.frames[29 + i].rgb) << i;
        EXPECT_TRUE(decoding.frames[58 + i].rgb == neural.reconstruction[i]) << i;
    }
}

}  // namespace
}  // namespace gvc::codec
