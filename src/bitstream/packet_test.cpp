#include "bitstream/packet.h"

#include <gtest/gtest.h>

#include "bitstream/packet_scanner.h"
#include "entropy/token_model_testonly.h"

namespace gvc::bitstream {
namespace {

std::vector<uint8_t> random_bytes(entropy::TestRandom& random, size_t count) {
    std::vector<uint8_t> bytes(count);
    for (auto& b : bytes) b = static_cast<uint8_t>(random.next());
    return bytes;
}

TEST(Packet, RoundTripsEveryShapeOfHeader) {
    entropy::TestRandom random(1);
    for (const size_t size : {0u, 1u, 127u, 128u, 1200u, 16383u, 16384u, 200000u}) {
        for (int bits = 0; bits < 16; ++bits) {
            PacketHeader header;
            header.kind = static_cast<PacketKind>(random.next() % kPacketKinds);
            header.has_sequence = (bits & 1) != 0;
            header.last_of_gop = (bits & 2) != 0;
            header.gop = static_cast<uint8_t>(random.next() % kGopCounters);
            header.unit = static_cast<uint8_t>(random.next() % 8);
            header.slice = (bits & 4) != 0 ? 255 : 0;
            header.is_fragment = (bits & 8) != 0;
            if (header.is_fragment) header.fragment = 127, header.last_fragment = false;
            const auto payload = random_bytes(random, size);
            auto bytes = write_packet(header, payload);
            if (size >= 16384 && (bits & 12) == 12) {
                EXPECT_FALSE(bytes.ok());  // its header would be too long
                continue;
            }
            ASSERT_TRUE(bytes.ok());
            EXPECT_LE(bytes->size() - size, kMaxHeaderBytes);
            EXPECT_EQ(bytes->size() - size, header_size(header, size));
            bytes->push_back(1);
            auto packet = read_packet(*bytes);
            ASSERT_TRUE(packet.ok());
            EXPECT_EQ(packet->header, header);
            EXPECT_EQ(packet->size, bytes->size() - 1);
            EXPECT_TRUE(std::equal(payload.begin(), payload.end(), packet->payload.begin(),
                                   packet->payload.end()));
        }
    }
    EXPECT_FALSE(write_packet({.gop = 32}, {}).ok());
    EXPECT_FALSE(write_packet({.unit = 8}, {}).ok());
    EXPECT_FALSE(write_packet({}, std::vector<uint8_t>(kMaxPayload + 1)).ok());
}

TEST(Packet, SaysWhetherMoreDataCouldHelp) {
    entropy::TestRandom random(2);
    const auto whole = write_packet({.slice = 3}, random_bytes(random, 300)).value();
    for (size_t n = 0; n < whole.size(); ++n) {
        EXPECT_EQ(read_packet(std::span(whole).first(n)).status().code(), Code::again) << n;
    }
    for (size_t i = 0; i < whole.size(); ++i) {
        auto bad = whole;
        bad[i] ^= 1;
        // A changed length may also ask for more.
        EXPECT_FALSE(read_packet(bad).ok()) << i;
    }
    EXPECT_EQ(read_packet(std::vector<uint8_t>{0x48}).status().code(), Code::corrupt);
}

TEST(PacketScanner, FindsIntactPacketsAroundDamage) {
    entropy::TestRandom random(3);
    std::vector<uint8_t> stream = random_bytes(random, 1000);  // garbage before
    std::vector<std::vector<uint8_t>> packets;
    for (uint8_t i = 0; i < 20; ++i) {
        packets.push_back(write_packet({.gop = i}, random_bytes(random, 50 + 37 * i)).value());
        if (i == 7) packets[i][20] ^= 4;
        if (i == 12) packets[i].resize(packets[i].size() / 2);
        stream.insert(stream.end(), packets[i].begin(), packets[i].end());
    }
    for (const size_t piece : {1u, 13u, 100000u}) {
        PacketScanner scanner;
        std::vector<uint8_t> seen;
        for (size_t at = 0; at < stream.size(); at += piece) {
            scanner.feed(std::span(stream).subspan(at, std::min(piece, stream.size() - at)));
            for (auto p = scanner.next(); p.ok(); p = scanner.next()) {
                seen.push_back(p->header.gop);
            }
        }
        scanner.finish();
        EXPECT_EQ(scanner.next().status().code(), Code::again);
        EXPECT_EQ(seen.size(), 18u);
        for (size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], i + (i >= 7) + (i >= 11));
        EXPECT_EQ(scanner.skipped_bytes(), 1000 + packets[7].size() + packets[12].size());
        EXPECT_EQ(scanner.position(), stream.size());
    }
}

TEST(PacketScanner, GivesUpOnDataMadeToWasteTime) {
    // Every five bytes look like the beginning of a packet of 2 MB.
    std::vector<uint8_t> hostile;
    while (hostile.size() < 6u << 20)
        hostile.insert(hostile.end(), {0x47, 0xB6, 0, 0, 0xFF, 0xFF, 0x7F});
    PacketScanner scanner;
    scanner.feed(hostile);
    scanner.finish();
    EXPECT_EQ(scanner.next().status().code(), Code::corrupt);
    EXPECT_EQ(scanner.next().status().code(), Code::again);
}

TEST(Packet, FragmentsFitTheirLimit) {
    entropy::TestRandom random(4);
    const auto payload = random_bytes(random, 5000);
    for (const size_t limit : {64u, 500u, 1200u, 6000u}) {
        auto pieces = write_fragments({.slice = 2}, payload, limit);
        ASSERT_TRUE(pieces.ok());
        std::vector<uint8_t> joined;
        for (const auto& piece : *pieces) {
            EXPECT_LE(piece.size(), limit);
            auto packet = read_packet(piece);
            ASSERT_TRUE(packet.ok());
            EXPECT_EQ(packet->header.is_fragment, pieces->size() > 1);
            EXPECT_EQ(packet->header.last_fragment, &piece == &pieces->back());
            joined.insert(joined.end(), packet->payload.begin(), packet->payload.end());
        }
        EXPECT_EQ(joined, payload);
    }
    EXPECT_FALSE(write_fragments({}, random_bytes(random, 70000), 500).ok());
}

}  // namespace
}  // namespace gvc::bitstream
