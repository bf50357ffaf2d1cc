#include "models/detail.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "nn/reference/reference_ops.h"

namespace gvc::models {
namespace {

constexpr int kSide = 64;  // two cells by two

class NoWeights : public nn::WeightSource {
  public:
    std::optional<nn::WeightArray> find(const std::string&) const override { return std::nullopt; }
};

// Grey with waves of one period (pixels) and height in the left half.
std::vector<float> waves(float period, float height) {
    std::vector<float> rgb(3 * kSide * kSide, 0.5f);
    for (size_t i = 0; i < rgb.size(); ++i) {
        const auto x = static_cast<float>(i % kSide), y = static_cast<float>(i / kSide % kSide);
        if (x >= kSide / 2) continue;
        rgb[i] += height * std::cos(6.2831853f * x / period) * std::cos(6.2831853f * y / period);
    }
    return rgb;
}

std::vector<float> energy(const std::vector<float>& rgb) {
    const auto ops = nn::make_reference_ops(NoWeights());
    const nn::Tensor x = detail_energy(*ops, ops->from_host({1, 3, kSide, kSide}, rgb.data()));
    EXPECT_EQ(x.shape().c, 3 * kDetailBands);
    EXPECT_EQ(x.shape().h, kSide / kDetailCell);
    std::vector<float> values(static_cast<size_t>(x.shape().count()));
    ops->to_host(x, values.data());
    return values;
}

int8_t symbol(const std::vector<int8_t>& symbols, int band, int cell) {
    return symbols[static_cast<size_t>(band * 4 + cell)];
}

TEST(Detail, TheBandThatWasLostIsNamed) {
    const auto flat = energy(waves(8, 0));
    const float periods[kDetailBands] = {2, 4, 8};
    for (int band = 0; band < kDetailBands; ++band) {
        const auto symbols = detail_symbols(energy(waves(periods[band], 0.2f)), flat, 1);
        ASSERT_EQ(symbols.size(), 4u * kDetailBands);
        EXPECT_EQ(symbol(symbols, band, 0), kDetailLimit) << band;
        EXPECT_EQ(symbol(symbols, band, 2), kDetailLimit) << band;
        EXPECT_EQ(symbol(symbols, band, 1), -1) << band;  // flat in both
        // What is finer than the waves has less of them.
        for (int finer = 0; finer < band; ++finer) {
            EXPECT_LE(symbol(symbols, finer, 0), symbol(symbols, band, 0));
        }
    }
}

TEST(Detail, EqualPicturesAndStrongerOnesHaveLowSymbols) {
    const auto weak = energy(waves(4, 0.05f)), strong = energy(waves(4, 0.3f));
    for (const int8_t s : detail_symbols(weak, weak, 1)) EXPECT_EQ(s, -1);
    EXPECT_EQ(symbol(detail_symbols(weak, strong, 1), 1, 0), -kDetailLimit);
}

TEST(Detail, MoreIsLostTheHigherTheSymbol) {
    const auto whole = energy(waves(4, 0.32f));
    int last = -kDetailLimit;
    for (const float left : {0.32f, 0.2f, 0.13f, 0.05f}) {
        const int now = symbol(detail_symbols(whole, energy(waves(4, left)), 1), 1, 0);
        EXPECT_GE(now, last);
        last = now;
    }
    EXPECT_EQ(last, kDetailLimit);
}

TEST(Detail, PicturesOfAGopAreTakenTogether) {
    const auto lost = energy(waves(4, 0.3f)), flat = energy(waves(4, 0));
    std::vector<float> before(lost), after(flat);
    before.insert(before.end(), flat.begin(), flat.end());
    after.insert(after.end(), flat.begin(), flat.end());
    EXPECT_EQ(detail_symbols(before, after, 2).size(), 4u * kDetailBands);
    EXPECT_EQ(symbol(detail_symbols(before, after, 2), 1, 0), kDetailLimit);
}

}  // namespace
}  // namespace gvc::models
