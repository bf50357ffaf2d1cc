// Streams with lost or damaged packets.
#include <gtest/gtest.h>

#include <algorithm>

#include "bitstream/index.h"
#include "codec/random_model_testonly.h"
#include "codec/stream_testonly.h"

namespace gvc::codec {
namespace {

using bitstream::Bytes;
using bitstream::ContextMode;

class Damage : public testing::Test {
  protected:
    // Four GOPs of 29, 29, 29 and 3 frames.
    void encode(ContextMode context, int keyint) {
        EncoderOptions options = test_options({64, 128});
        options.sequence.context = context;
        options.keyint = keyint;
        encoding_ = test_encode(*model_, options, kFrames);
        ASSERT_EQ(encoding_.gops.size(), 4u);
    }
    TestDecoding decode(bool conceal) {
        return test_decode(*model_, all_packets(encoding_), {.steps = 0, .conceal = conceal});
    }
    // As a container has them: the packets of a GOP in one block.
    std::vector<Bytes> blocks() const {
        std::vector<Bytes> blocks;
        for (const auto& gop : encoding_.gops) {
            Bytes& block = blocks.emplace_back();
            for (const Bytes& packet : gop.packets) {
                block.insert(block.end(), packet.begin(), packet.end());
            }
        }
        return blocks;
    }
    static Bytes end_packet(uint32_t frames) {
        return bitstream::write_packet({.kind = bitstream::PacketKind::end},
                                       bitstream::write_end({0, frames}))
            .value();
    }
    // Frames that were not concealed are what was sent.
    void expect_intact_frames_right(const TestDecoding& decoding) {
        for (const auto& frame : decoding.frames) {
            if (frame.concealed) continue;
            EXPECT_TRUE(frame.rgb == encoding_.reconstruction[frame.pts]) << frame.pts;
        }
    }
    static void expect_times(const TestDecoding& decoding) {
        ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
        ASSERT_EQ(decoding.frames.size(), size_t{kFrames});
        for (size_t i = 0; i < decoding.frames.size(); ++i) EXPECT_EQ(decoding.frames[i].pts, i);
    }

    static constexpr int kFrames = 90;
    std::unique_ptr<Model> model_ = random_model(11);
    TestEncoding encoding_;
};

TEST_F(Damage, MissingGopIsHeld) {
    encode(ContextMode::chain, 29);
    encoding_.gops[1].packets.clear();
    EXPECT_EQ(decode(false).status.code(), Code::corrupt);
    const auto decoding = decode(true);
    expect_times(decoding);
    expect_intact_frames_right(decoding);
    EXPECT_EQ(decoding.report.lost_gops, 1u);
    EXPECT_EQ(decoding.report.concealed, 29u);
    EXPECT_TRUE(decoding.frames[29].concealed && decoding.frames[57].concealed);
    EXPECT_TRUE(decoding.frames[40].rgb == encoding_.reconstruction[28]);
    EXPECT_FALSE(decoding.frames[58].concealed);
}

TEST_F(Damage, MissingPacketCostsTheRestOfItsGop) {
    encode(ContextMode::chain, 29);
    auto& packets = encoding_.gops[1].packets;
    ASSERT_GT(packets.size(), 2u);
    packets.erase(packets.begin() + 1);
    const auto failed = decode(false);
    EXPECT_EQ(failed.status.code(), Code::corrupt);
    EXPECT_NE(failed.status.message().find("GOP 1"), std::string::npos) << failed.status.message();
    const auto decoding = decode(true);
    expect_times(decoding);
    expect_intact_frames_right(decoding);
    EXPECT_FALSE(decoding.frames[29 + 12].concealed);  // the keyframe, in the GOP's middle
    EXPECT_TRUE(decoding.frames[29].concealed && decoding.frames[57].concealed);
    EXPECT_FALSE(decoding.frames[58].concealed);
    EXPECT_EQ(decoding.report.lost_gops, 1u);
}

TEST_F(Damage, ChainedGopsWaitForTheNextKeyframe) {
    encode(ContextMode::chain, 58);
    encoding_.gops[0].packets.pop_back();
    const auto decoding = decode(true);
    expect_times(decoding);
    expect_intact_frames_right(decoding);
    EXPECT_TRUE(decoding.frames[29].concealed && decoding.frames[57].concealed);
    EXPECT_FALSE(decoding.frames[58].concealed);
    EXPECT_EQ(decoding.report.lost_gops, 2u);
}

TEST_F(Damage, TruncatedEndIsNoticed) {
    encode(ContextMode::chain, 29);
    encoding_.gops[3].packets.clear();
    encoding_.gops[2].packets.pop_back();
    EXPECT_EQ(decode(false).status.code(), Code::corrupt);
    const auto decoding = decode(true);
    EXPECT_EQ(decoding.frames.size(), 87u);
    EXPECT_EQ(decoding.report.lost_gops, 1u);
}

TEST_F(Damage, ALostEndIsHeldAsFarAsTheEndPacketTells) {
    encode(ContextMode::chain, 29);
    const auto decode_first = [&](size_t gops, uint32_t frames, bool conceal) {
        std::vector<Bytes> packets = blocks();
        packets.resize(gops);
        packets.push_back(end_packet(frames));
        return test_decode(*model_, packets, {.steps = 0, .conceal = conceal});
    };
    EXPECT_EQ(decode_first(3, kFrames, false).status.code(), Code::corrupt);
    for (const size_t gops : {3u, 1u}) {
        const auto decoding = decode_first(gops, kFrames, true);
        expect_times(decoding);
        expect_intact_frames_right(decoding);
        const size_t shown = 29 * gops;
        EXPECT_EQ(decoding.report.concealed, kFrames - shown);
        EXPECT_EQ(decoding.report.lost_gops, 4 - gops);
        EXPECT_FALSE(decoding.frames[shown - 1].concealed);
        EXPECT_TRUE(decoding.frames[kFrames - 1].rgb == encoding_.reconstruction[shown - 1]);
        EXPECT_EQ(decoding.frames[kFrames - 1].duration, 1u);
    }
    // Not for ever, if the number is wrong.
    EXPECT_EQ(decode_first(1, UINT32_MAX, true).frames.size(), 29u + 32 * 29);
    EXPECT_TRUE(decode_first(0, kFrames, true).frames.empty());  // of which size?
}

TEST_F(Damage, ADamagedBlockOfAContainerIsOneLostGop) {
    for (const ContextMode context : {ContextMode::chain, ContextMode::self}) {
        encode(context, 29);
        for (const size_t gop : {0u, 1u, 3u}) {
            for (const size_t at : {size_t{0}, encoding_.gops[gop].packets[0].size() / 2}) {
                std::vector<Bytes> hurt = blocks();
                hurt[gop][at] ^= 0x10;
                const auto run = [&](bool conceal) {
                    return test_decode(*model_, hurt, {.steps = 0, .conceal = conceal});
                };
                EXPECT_EQ(run(false).status.code(), Code::corrupt);
                const auto decoding = run(true);
                EXPECT_TRUE(decoding.status.ok()) << decoding.status.message();
                EXPECT_EQ(decoding.report.lost_gops, 1u) << "GOP " << gop << " at " << at;
                EXPECT_EQ(decoding.frames.size(), gop == 1 ? 90u : gop == 0 ? 61u : 87u);
                expect_intact_frames_right(decoding);
            }
        }
    }
}

TEST_F(Damage, PacketsBehindADamagedOneInItsBlockAreUsed) {
    encode(ContextMode::self, 29);
    ASSERT_GT(encoding_.gops[1].packets.size(), 3u);
    auto missing = all_packets(encoding_);
    std::vector<Bytes> hurt = blocks();
    const size_t first = encoding_.gops[0].packets.size() + 1;
    hurt[1][encoding_.gops[1].packets[0].size() + 20] ^= 1;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(first));
    const auto a = test_decode(*model_, missing, {.steps = 0, .conceal = true});
    const auto b = test_decode(*model_, hurt, {.steps = 0, .conceal = true});
    ASSERT_EQ(a.frames.size(), b.frames.size());
    for (size_t i = 0; i < a.frames.size(); ++i) EXPECT_TRUE(a.frames[i].rgb == b.frames[i].rgb);
    EXPECT_EQ(a.report.concealed, b.report.concealed);
}

TEST_F(Damage, AGapInNumbersButNotInTimeHasNoFrames) {
    encode(ContextMode::chain, 29);
    std::vector<Bytes> packets;
    for (size_t gop = 0; gop < 3; ++gop) {  // the fourth is chained
        for (const Bytes& bytes : encoding_.gops[gop].packets) {
            const auto packet = bitstream::read_packet(bytes).value();
            bitstream::PacketHeader header = packet.header;
            header.gop = static_cast<uint8_t>(2 * gop);
            packets.push_back(bitstream::write_packet(header, packet.payload).value());
        }
    }
    const auto decoding = test_decode(*model_, packets, {.steps = 0, .conceal = true});
    EXPECT_EQ(decoding.frames.size(), 87u);
    EXPECT_EQ(decoding.report.concealed, 0u);
    EXPECT_EQ(decoding.report.lost_gops, 2u);
}

TEST_F(Damage, SelfModeGoesOnWithWhatArrives) {
    encode(ContextMode::self, 29);
    auto& packets = encoding_.gops[1].packets;
    ASSERT_GT(packets.size(), 3u);
    packets.erase(packets.begin() + static_cast<std::ptrdiff_t>(packets.size() / 2));
    const auto decoding = decode(true);
    expect_times(decoding);
    expect_intact_frames_right(decoding);
    EXPECT_GT(decoding.report.concealed, 0u);
    EXPECT_FALSE(decoding.frames[58].concealed);
    // The GOP's end is not a held picture.
    EXPECT_FALSE(decoding.frames[57].rgb == decoding.frames[53].rgb);
}

TEST_F(Damage, AnyOnePacketMissingOrFlippedNeverCrashes) {
    for (const ContextMode context : {ContextMode::chain, ContextMode::self}) {
        encode(context, 58);
        auto packets = all_packets(encoding_);
        const size_t count = packets.size();
        packets.push_back(end_packet(kFrames));
        for (size_t i = 0; i < count; i += i + 9 < count ? 7 : 1) {
            auto missing = packets;
            missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
            auto flipped = packets;
            flipped[i][flipped[i].size() / 2] ^= 0x10;
            for (const auto& stream : {missing, flipped}) {
                const auto decoding = test_decode(*model_, stream, {.steps = 0, .conceal = true});
                EXPECT_TRUE(decoding.status.ok()) << decoding.status.message();
                EXPECT_LE(decoding.frames.size(), size_t{kFrames});
                EXPECT_GE(decoding.report.lost_gops, 1u) << "packet " << i;
                expect_intact_frames_right(decoding);
            }
        }
    }
}

TEST_F(Damage, TokensOfAnotherCrcAreNoticed) {
    encode(ContextMode::chain, 29);
    // The same GOP with one bit of its token CRC changed and a valid packet around it.
    auto& packet = encoding_.gops[1].packets.back();
    const auto parsed = bitstream::read_packet(packet).value();
    Bytes payload(parsed.payload.begin(), parsed.payload.end());
    ASSERT_TRUE(parsed.header.last_of_gop && !parsed.header.starts_gop());
    payload[0] ^= 1;
    packet = bitstream::write_packet(parsed.header, payload).value();
    EXPECT_EQ(decode(false).status.code(), Code::corrupt);
    const auto decoding = decode(true);
    expect_times(decoding);
    EXPECT_EQ(decoding.report.lost_gops, 1u);
    EXPECT_TRUE(decoding.frames[57].concealed);
    EXPECT_FALSE(decoding.frames[58].concealed);
}

TEST_F(Damage, OtherWeightsAreRefusedByName) {
    encode(ContextMode::chain, 29);
    const auto other = random_model(12);
    const auto decoding = test_decode(*other, all_packets(encoding_), {.conceal = true});
    EXPECT_EQ(decoding.status.code(), Code::model);
    for (const auto& model : {model_.get(), other.get()}) {
        EXPECT_NE(decoding.status.message().find(fingerprint_text(model->fingerprint())),
                  std::string::npos);
    }
}

TEST(ModelFiles, MismatchedAndIncompleteFilesAreRefused) {
    const RandomWeights a = random_weights(1), b = random_weights(2);
    EXPECT_EQ(Model::load(a.tokeniser, &b.refiner, {}).status().code(), Code::model);
    EXPECT_EQ(Model::load(a.refiner, nullptr, {}).status().code(), Code::model);
    ModelOptions nowhere;
    nowhere.tokeniser_path = "/nonexistent.safetensors";
    const auto missing = Model::load(nowhere);
    EXPECT_EQ(missing.status().code(), Code::model);
    EXPECT_FALSE(missing.status().hint().empty());
    const auto base_only = Model::load(a.tokeniser, nullptr, {});
    ASSERT_TRUE(base_only.ok());
    EXPECT_EQ(Decoder::make(**base_only, {.steps = 1}).status().code(), Code::usage);
    EXPECT_TRUE(Decoder::make(**base_only, {}).ok());
}

}  // namespace
}  // namespace gvc::codec
