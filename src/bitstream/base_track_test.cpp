#include "bitstream/base_track.h"

#include <gtest/gtest.h>

#include "base/crc32c.h"
#include "bitstream/packet_parser.h"
#include "bitstream/stream_testonly.h"

namespace gvc::bitstream {
namespace {

class BaseTrack : public testing::Test {
  protected:
    BaseTrack() {
        sequence_.width = 320;
        sequence_.height = 180;
        for (size_t i = 0; i < data_.size(); ++i) data_[i] = static_cast<uint8_t>(i * 7);
    }
    std::vector<Bytes> packed(const PackOptions& options = {}) const {
        CodedGop gop;
        gop.kind = PacketKind::base;
        gop.counter = 5;
        gop.sequence = sequence_;
        gop.descriptor.base = BaseKind::av1;
        gop.descriptor.frames = 29;
        gop.units = {{data_}};
        gop.token_crc = crc32c(data_);
        return pack_gop(gop, sequence_, options).value();
    }

    SequenceHeader sequence_;
    Bytes data_ = Bytes(3000);
};

TEST_F(BaseTrack, ComesBackByteForByte) {
    const auto packets = packed();
    const auto split = take_out_base(packets);
    ASSERT_TRUE(split.ok()) << split.status().message();
    EXPECT_EQ(split->base, data_);
    EXPECT_LT(split->packets.size(), 80u);
    EXPECT_TRUE(lacks_base(split->packets));
    EXPECT_FALSE(lacks_base(packets[0]));
    EXPECT_EQ(put_in_base(split->packets, split->base), packets[0]);
    EXPECT_EQ(put_in_base(packets[0], data_), packets[0]);  // it has it
}

TEST_F(BaseTrack, FragmentsComeBackAsOnePacket) {
    const auto pieces = packed({.max_packet = 500, .fragment = true});
    ASSERT_GT(pieces.size(), 5u);
    const auto split = take_out_base(pieces);
    ASSERT_TRUE(split.ok()) << split.status().message();
    EXPECT_EQ(split->base, data_);
    EXPECT_EQ(put_in_base(split->packets, split->base), packed()[0]);
}

TEST_F(BaseTrack, ThePacketsWithoutItAreWholePackets) {
    const Bytes packets = take_out_base(packed())->packets;
    const auto packet = read_packet(packets);
    ASSERT_TRUE(packet.ok());
    EXPECT_EQ(packet->size, packets.size());
    const auto content = PacketParser().parse(*packet);
    ASSERT_TRUE(content.ok()) << content.status().message();
    EXPECT_EQ(content->sequence, sequence_);
    EXPECT_EQ(content->descriptor->frames, 29);
    EXPECT_EQ(content->token_crc, crc32c(data_));
    EXPECT_TRUE(content->slices.empty());
}

TEST_F(BaseTrack, OtherGopsStayAsTheyAre) {
    const entropy::TokenModel model = entropy::test_token_model(3);
    const TestStream stream = test_stream(model, {});
    for (const auto& gop : stream.gops) {
        Bytes joined;
        for (const Bytes& packet : gop) joined.insert(joined.end(), packet.begin(), packet.end());
        EXPECT_FALSE(lacks_base(joined));
        EXPECT_EQ(put_in_base(joined, data_), joined);
        if (!read_packet(gop[0])->header.has_sequence) continue;  // a P-key
        const auto split = take_out_base(gop);
        ASSERT_TRUE(split.ok()) << split.status().message();
        EXPECT_TRUE(split->base.empty());
        EXPECT_EQ(split->packets, joined);
    }
}

TEST_F(BaseTrack, DamageStaysForTheDecoderToFind) {
    const Bytes right = take_out_base(packed())->packets;
    for (size_t i = 0; i < right.size(); ++i) {
        Bytes hurt = right;
        hurt[i] ^= 0x20;
        EXPECT_FALSE(lacks_base(hurt)) << i;
        EXPECT_EQ(put_in_base(hurt, data_), hurt) << i;
        EXPECT_FALSE(take_out_base(std::vector<Bytes>{hurt}).ok()) << i;
    }
    // A base that no packet can hold is left out.
    EXPECT_EQ(put_in_base(right, Bytes(kMaxPayload)), right);
    EXPECT_TRUE(put_in_base({}, data_).empty());
    EXPECT_FALSE(lacks_base({}));
}

}  // namespace
}  // namespace gvc::bitstream
