#include "codec/keyframe_search.h"

#include <gtest/gtest.h>

#include <random>

#include "codec/quantiser.h"
#include "codec/random_model_testonly.h"
#include "entropy/token_config.h"

namespace gvc::codec {
namespace {

const std::string kMetrics = std::string(GVC_SOURCE_DIR) + "/models/metrics";

// Wider than a tile, with cells of 64 pixels that the picture does not fill.
constexpr PictureSize kSize{1300, 70};

struct Case {
    KeyframeToSearch key;
    std::vector<entropy::TokenRow> token_rows;
    entropy::TokenModel tokens;
};

Case make_case(const RandomWeights& weights, PictureSize size = kSize) {
    Case c{{}, {}, entropy::TokenModel::load(weights.tokeniser).value()};
    std::mt19937 random(1);
    const auto noise = [&](size_t count, float range) {
        std::vector<float> values(count);
        for (float& v : values) v = range * (static_cast<float>(random() % 2001) / 1000.0f - 1.0f);
        return values;
    };
    const auto samples = static_cast<size_t>(3 * size.padded_width() * size.padded_height());
    const size_t latents = samples / 3 / 256 * entropy::kYChannels;
    c.key.size = size;
    c.key.rgb = noise(samples, 0.5f);
    c.key.exact = noise(latents, 2.0f);
    c.key.means = noise(latents, 1.0f);
    for (size_t i = 0; i < latents; ++i) c.token_rows.push_back(random() % entropy::kScaleCount);
    c.key.costs = c.tokens.y_costs(entropy::TokenKind::key);
    c.key.qp = 12;
    return c;
}

TEST(KeyframeSearchTest, RoundsWithoutStepsAndLeavesWhatIsNotCodedAlone) {
    const RandomWeights weights = random_weights(3);
    const auto search =
        KeyframeSearch::make(weights.tokeniser, kMetrics, nn::Precision::fp32, 1).value();
    Case c = make_case(weights);
    c.key.token_rows = c.token_rows;
    const auto rounded = search->search(c.key, 0), searched = search->search(c.key, 3);
    const auto positions = static_cast<int64_t>(c.key.exact.size() / entropy::kYChannels);
    size_t changed = 0;
    each_sample({1, entropy::kYChannels, positions, 1}, [&](size_t token, size_t i) {
        const bool coded = c.token_rows[token] != 0;
        ASSERT_EQ(rounded[token], coded ? quantise(c.key.exact[i]) : 0);
        if (!coded) {
            ASSERT_EQ(searched[token], 0);
        }
        changed += searched[token] != rounded[token];
    });
    // In every tile, but steps of a tenth do not turn everything around.
    EXPECT_GT(changed, 0u);
    EXPECT_LT(changed, c.key.exact.size() / 2);
    EXPECT_EQ(searched, search->search(c.key, 3));
    EXPECT_TRUE(search->status().ok());
}

// Steps follow the sign of slopes more than their size: what weighs little beside its bits changes.
TEST(KeyframeSearchTest, LooksWhereErrorsWeigh) {
    const RandomWeights weights = random_weights(3);
    const auto search =
        KeyframeSearch::make(weights.tokeniser, kMetrics, nn::Precision::fp32, 1).value();
    Case c = make_case(weights);
    c.key.token_rows = c.token_rows;
    const auto plane = static_cast<size_t>(kSize.padded_width() * kSize.padded_height());
    const auto plain = search->search(c.key, 3);
    c.key.weights.assign(plane, 1.0f);
    EXPECT_EQ(search->search(c.key, 3), plain);
    const auto half = static_cast<size_t>(kSize.padded_width()) / 2;
    for (size_t i = 0; i < plane; ++i)
        c.key.weights[i] = i % static_cast<size_t>(kSize.padded_width()) < half ? 50.0f : 1.0f;
    EXPECT_NE(search->search(c.key, 3), plain);
}

TEST(KeyframeSearchTest, InFrontOfAPictureItGoesByWhatIsSeen) {
    const RandomWeights weights = random_weights(3);
    const auto search =
        KeyframeSearch::make(weights.tokeniser, kMetrics, nn::Precision::fp32, 1).value();
    Case c = make_case(weights, {128, 64});
    c.key.token_rows = c.token_rows;
    const std::vector<float> original = c.key.rgb, behind(original.size(), 0.5f);
    const std::vector<float> none(original.size(), 0.0f), all(original.size(), 1.0f);
    const auto plain = search->search(c.key, 3);
    c.key.behind = behind;
    c.key.share = all;
    const auto seen = search->search(c.key, 3);
    size_t differences = 0;  // from rounding
    for (size_t i = 0; i < seen.size(); ++i) differences += seen[i] != plain[i];
    EXPECT_LT(differences, seen.size() / 200);
    c.key.share = none;
    const auto unseen = search->search(c.key, 3);
    EXPECT_NE(unseen, seen);
    for (float& v : c.key.rgb) v = -v;  // what nobody sees does not matter
    EXPECT_EQ(search->search(c.key, 3), unseen);
    EXPECT_TRUE(search->status().ok());
}

TEST(KeyframeSearchTest, SaysWhatIsMissing) {
    const RandomWeights weights = random_weights(3);
    const auto search =
        KeyframeSearch::make(weights.tokeniser, "/nonexistent", nn::Precision::fp32, 1);
    EXPECT_EQ(search.status().code(), Code::model);
    EXPECT_NE(search.status().message().find("/nonexistent"), std::string::npos);
    EXPECT_FALSE(search.status().hint().empty());
}

}  // namespace
}  // namespace gvc::codec
