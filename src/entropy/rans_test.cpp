#include "entropy/rans.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "entropy/cdf.h"

namespace gvc::entropy {
namespace {

CdfRow row_of(std::array<uint16_t, kAlphabet> stored) {
    CdfRow row;
    EXPECT_TRUE(load_cdf_row(stored, row));
    return row;
}

// Nearly everything zero, every other entry rare.
CdfRow peaked_row() {
    std::array<uint16_t, kAlphabet> stored;
    for (int i = 0; i < kAlphabet; ++i) {
        stored[i] =
            static_cast<uint16_t>(i <= kSymbolLimit ? 20 * i : 65536 - 20 * (kAlphabet - i));
    }
    return row_of(stored);
}

std::vector<int16_t> random_tokens(size_t count, int limit, double zero_share) {
    std::mt19937 random(7);
    std::vector<int16_t> tokens(count);
    for (auto& t : tokens) {
        if (std::uniform_real_distribution<>()(random) < zero_share) continue;
        t = static_cast<int16_t>(std::uniform_int_distribution<>(-limit, limit)(random));
    }
    return tokens;
}

TEST(Rans, EmptyStreamIsTheInitialState) {
    const auto bytes = RansEncoder().finish();
    EXPECT_EQ(bytes, (std::vector<uint8_t>{0, 0, 0x80, 0}));
    EXPECT_TRUE(RansDecoder(bytes).finished());
}

TEST(Rans, RoundTripsAtTheEstimatedCost) {
    const CdfRow row = peaked_row();
    const CdfCost cost(row);
    for (const auto& [limit, zeros] : {std::pair{1, 0.99}, {8, 0.5}, {1023, 0.9}, {0, 1.0}}) {
        const auto tokens = random_tokens(50000, limit, zeros);
        RansEncoder encoder;
        double bits = 32;
        for (int t : tokens) {
            put_token(encoder, row, t);
            bits += cost.bits(t);
        }
        const auto bytes = encoder.finish();
        EXPECT_NEAR(static_cast<double>(bytes.size()), bits / 8, bits / 8 * 0.003 + 2);
        RansDecoder decoder(bytes);
        for (size_t i = 0; i < tokens.size(); ++i) {
            int16_t value = 0;
            ASSERT_TRUE(take_token(decoder, row, value));
            ASSERT_EQ(value, tokens[i]) << i;
        }
        EXPECT_TRUE(decoder.finished());
    }
}

TEST(Rans, AFrequencyOfTheWholeRangeCostsNothing) {
    RansEncoder encoder;
    for (int i = 0; i < 1000; ++i) encoder.put(0, 65536);
    EXPECT_EQ(encoder.finish().size(), 4u);
}

TEST(Rans, DamageIsSeenAtTheEnd) {
    const CdfRow row = peaked_row();
    const auto tokens = random_tokens(2000, 20, 0.8);
    RansEncoder encoder;
    for (int t : tokens) put_token(encoder, row, t);
    const auto good = encoder.finish();
    const auto decodes = [&](std::span<const uint8_t> bytes) {
        RansDecoder decoder(bytes);
        bool fine = true;
        for (size_t i = 0; i < tokens.size() && fine; ++i) {
            int16_t value = 0;
            fine = take_token(decoder, row, value);
            EXPECT_LE(std::abs(value), kMaxMagnitude);
        }
        return fine && decoder.finished();
    };
    EXPECT_TRUE(decodes(good));
    for (size_t n = 0; n < good.size(); n += 3) EXPECT_FALSE(decodes(std::span(good).first(n)));
    // A flip inside bits that are coded as they are changes a value and nothing after it: those are
    // for the packet's CRC to see.
    size_t unseen = 0;
    for (size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] ^= 0x10;
        unseen += decodes(bad) ? 1 : 0;
    }
    EXPECT_LT(unseen, good.size() / 10);
    auto longer = good;
    longer.push_back(0);
    EXPECT_FALSE(decodes(longer));
}

TEST(Cdf, RefusesRowsThatCannotCode) {
    std::array<uint16_t, kAlphabet> stored;
    for (int i = 0; i < kAlphabet; ++i) stored[i] = static_cast<uint16_t>(i * 3);
    CdfRow row;
    EXPECT_TRUE(load_cdf_row(stored, row));
    EXPECT_EQ(row.frequency(kEscapeEntry), 65536u - 17 * 3);
    stored[4] = stored[5];
    EXPECT_FALSE(load_cdf_row(stored, row));
    stored[4] = 65000;
    EXPECT_FALSE(load_cdf_row(stored, row));
    stored[4] = 12;
    stored[0] = 1;
    EXPECT_FALSE(load_cdf_row(stored, row));
}

}  // namespace
}  // namespace gvc::entropy
