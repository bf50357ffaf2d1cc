#include "eval/rate_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace gvc::eval {
namespace {

constexpr Quantiser kX265{42, 0, 51, 0.25, false, -0.125};
constexpr Quantiser kSvt{57, 1, 63, 1, true, -0.08};

struct Trial {
    std::vector<double> quantisers, rates;
    std::vector<double> missed;
};

Trial search(const std::vector<double>& targets, const Quantiser& quantiser, int most,
             const std::function<double(double)>& rate_of) {
    RateSearch search(targets, quantiser, most);
    Trial run;
    while (const auto q = search.next()) {
        run.quantisers.push_back(*q);
        run.rates.push_back(rate_of(*q));
        search.add(*q, run.rates.back());
        if (run.quantisers.size() > 20) break;
    }
    run.missed = search.missed();
    std::sort(run.rates.begin(), run.rates.end());
    return run;
}

TEST(RateSearch, BracketsWithFewEncodes) {
    // Clips that need from a twentieth to ten times the usual rate, and curves of other slopes.
    for (const double height : {0.05, 0.3, 1.0, 3.0, 10.0}) {
        for (const double slope : {-0.09, -0.125, -0.17}) {
            const auto rate_of = [&](double q) {
                return height * 0.008 * std::exp(slope * (q - 42)) + 1e-4;
            };
            const Trial run = search({0.005, 0.02}, kX265, 5, rate_of);
            EXPECT_LE(run.quantisers.size(), 5u);
            if (rate_of(51) > 0.005 * 1.02 || rate_of(0) < 0.02) continue;
            EXPECT_TRUE(run.missed.empty()) << height << " " << slope;
            EXPECT_LE(run.rates.front(), 0.005 * 1.02);
            EXPECT_GE(run.rates.back(), 0.02 / 1.02);
        }
    }
}

TEST(RateSearch, WholeNumbersAreNotRepeated) {
    const Trial run = search({0.008}, kSvt, 10, [](double q) { return std::exp(-0.1 * (q - 8)); });
    EXPECT_TRUE(run.missed.empty());
    for (const double q : run.quantisers) EXPECT_EQ(q, std::round(q));
    auto sorted = run.quantisers;
    std::sort(sorted.begin(), sorted.end());
    EXPECT_EQ(std::adjacent_find(sorted.begin(), sorted.end()), sorted.end());
}

TEST(RateSearch, SaysWhatIsOutOfReach) {
    // The coarsest quantiser still takes 0.01.
    const Trial run =
        search({0.005, 0.02}, kX265, 6, [](double q) { return 0.01 * std::exp(-0.12 * (q - 51)); });
    EXPECT_EQ(run.missed, (std::vector<double>{0.005}));
    EXPECT_EQ(*std::max_element(run.quantisers.begin(), run.quantisers.end()), 51);
}

TEST(RateSearch, FillsWideGaps) {
    const Trial run = search({0.002, 0.008, 0.032}, kX265, 6,
                             [](double q) { return 0.008 * std::exp(-0.125 * (q - 42)); });
    EXPECT_GE(run.rates.size(), 4u);
    for (size_t i = 1; i < run.rates.size(); ++i) EXPECT_LT(run.rates[i] / run.rates[i - 1], 4.5);
}

}  // namespace
}  // namespace gvc::eval
