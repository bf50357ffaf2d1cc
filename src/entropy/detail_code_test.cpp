#include "entropy/detail_code.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "entropy/token_model_testonly.h"

namespace gvc::entropy {
namespace {

// Neighbours are alike, as in pictures.
std::vector<int8_t> smooth_symbols(const DetailSize& size, uint64_t seed) {
    TestRandom random(seed);
    std::vector<int8_t> symbols;
    for (size_t i = 0; i < size.count(); ++i) {
        const size_t column = i % static_cast<size_t>(size.columns);
        const size_t row = i / static_cast<size_t>(size.columns);
        const auto patch = static_cast<int>((column / 5 + 3 * (row / 5)) % 5) - kDetailLimit;
        const int odd = random.range(-kDetailLimit, kDetailLimit);
        symbols.push_back(static_cast<int8_t>(random.range(0, 9) == 0 ? odd : patch));
    }
    return symbols;
}

std::vector<int8_t> decoded(const DetailSize& size, std::span<const uint8_t> bytes,
                            Code expected = Code::ok) {
    std::vector<int8_t> symbols(size.count(), 99);
    EXPECT_EQ(decode_detail(size, bytes, symbols).code(), expected);
    for (const int8_t symbol : symbols) EXPECT_LE(std::abs(symbol), kDetailLimit);
    return symbols;
}

TEST(DetailCode, RoundTrips) {
    for (const DetailSize size : {DetailSize{1, 1, 1}, {3, 15, 27}, {3, 1, 9}, {4, 34, 60}}) {
        const auto symbols = smooth_symbols(size, size.count());
        EXPECT_EQ(decoded(size, encode_detail(size, symbols)), symbols);
    }
}

TEST(DetailCode, ExtremeSymbolsRoundTrip) {
    const DetailSize size{3, 72, 128};
    for (const int8_t value : {-kDetailLimit, 0, kDetailLimit}) {
        const std::vector<int8_t> flat(size.count(), value);
        const auto bytes = encode_detail(size, flat);
        EXPECT_EQ(decoded(size, bytes), flat);
        EXPECT_LT(bytes.size(), 100u);  // what never changes costs next to nothing
    }
    std::vector<int8_t> checkers(size.count());
    for (size_t i = 0; i < checkers.size(); ++i) {
        checkers[i] = static_cast<int8_t>(i % 2 ? kDetailLimit : -kDetailLimit);
    }
    EXPECT_EQ(decoded(size, encode_detail(size, checkers)), checkers);
}

TEST(DetailCode, LikeNeighboursCostLessThanTheirEntropyAlone) {
    const DetailSize size{3, 15, 27};
    const auto symbols = smooth_symbols(size, 7);
    const double bits = 8.0 * static_cast<double>(encode_detail(size, symbols).size());
    EXPECT_LT(bits, 0.8 * std::log2(5.0) * static_cast<double>(symbols.size()));
}

TEST(DetailCode, DamageIsNoticedOrStaysInRange) {
    const DetailSize size{3, 15, 27};
    const auto bytes = encode_detail(size, smooth_symbols(size, 3));
    for (size_t length = 0; length < bytes.size(); length += 7) {
        decoded(size, std::span(bytes).first(length), Code::corrupt);
    }
    auto longer = bytes;
    longer.push_back(0);
    decoded(size, longer, Code::corrupt);
    TestRandom random(5);
    for (int round = 0; round < 100; ++round) {
        auto flipped = bytes;
        flipped[static_cast<size_t>(random.range(0, static_cast<int>(bytes.size()) - 1))] ^=
            static_cast<uint8_t>(1 << random.range(0, 7));
        std::vector<int8_t> symbols(size.count());
        (void)decode_detail(size, flipped, symbols).ok();
        for (const int8_t symbol : symbols) ASSERT_LE(std::abs(symbol), kDetailLimit);
    }
}

// The format's own numbers (docs/format.md): a change of counts or contexts shows here.
TEST(DetailCode, BytesAreThoseOfTheFormat) {
    const DetailSize size{1, 2, 3};
    const std::vector<int8_t> symbols = {0, 1, 1, -1, 2, -2};
    const auto bytes = encode_detail(size, symbols);
    EXPECT_EQ(bytes, (std::vector<uint8_t>{0xba, 0x73, 0x00, 0x07, 0xad, 0x12}));
    EXPECT_EQ(decoded(size, bytes), symbols);
}

}  // namespace
}  // namespace gvc::entropy
