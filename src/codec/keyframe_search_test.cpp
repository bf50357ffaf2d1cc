#include "codec/keyframe_search.h"

#include <gtest/gtest.h>

#include <random>
#include <utility>

#include "codec/quantiser.h"
#include "codec/random_model_testonly.h"
#include "entropy/cell_mask.h"
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

std::vector<float> noise(std::mt19937& random, size_t count, float range) {
    std::vector<float> values(count);
    for (float& v : values) v = range * (static_cast<float>(random() % 2001) / 1000.0f - 1.0f);
    return values;
}

Case make_case(const RandomWeights& weights, PictureSize size = kSize) {
    Case c{{}, {}, entropy::TokenModel::load(weights.tokeniser).value()};
    std::mt19937 random(1);
    const auto samples = static_cast<size_t>(3 * size.padded_width() * size.padded_height());
    const size_t latents = samples / 3 / 256 * entropy::kYChannels;
    c.key.size = size;
    c.key.rgb = noise(random, samples, 0.5f);
    c.key.exact = noise(random, latents, 2.0f);
    c.key.means = noise(random, latents, 1.0f);
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

// Refreshed cells, with all that their search sees.
class CellSearchTest : public ::testing::Test {
  protected:
    static constexpr int kRows = 4, kColumns = 10;
    // The cells 1, 1 and 2, 7: windows of 3x3 cells.
    static constexpr size_t kFirst = kColumns + 1, kSecond = 2 * kColumns + 7;

    struct Scene {
        Case c;
        entropy::SliceSize plane;
        std::vector<uint8_t> cells;
        std::vector<float> behind, share, keyframe;
        std::vector<Follower> followers;

        size_t cell_of(size_t token) const {
            return entropy::cell_of(plane, entropy::kZToY, token / entropy::kYChannels);
        }
        void code(std::vector<uint8_t> these) {
            cells = std::move(these);
            for (size_t i = 0; i < c.token_rows.size(); ++i)
                if (cells[cell_of(i)] == 0) c.token_rows[i] = 0;
        }
        // Calls f(array, so many values along a cell's side).
        template <typename F>
        void each_array(const F& f) {
            for (auto* values : {&c.key.rgb, &c.key.weights, &behind, &share, &keyframe})
                f(*values, 64);
            for (auto* values : {&c.key.exact, &c.key.means}) f(*values, entropy::kZToY);
            for (Follower& one : followers) {
                for (auto* values : {&one.rest, &one.rgb, &one.weights, &one.cells, &one.share})
                    f(*values, 64);
                for (auto* values : {&one.flows, &one.logits}) f(*values, 8);
            }
        }
        // Calls f(value, its cell) for all of them.
        template <typename F>
        void each_value(const F& f) {
            each_array([&](std::vector<float>& values, int scale) {
                const size_t count = plane.z_positions() * static_cast<size_t>(scale * scale);
                for (size_t i = 0; i < values.size(); ++i)
                    f(values[i], entropy::cell_of(plane, scale, i % count));
            });
        }
    };

    static std::vector<uint8_t> mask(std::initializer_list<size_t> cells) {
        std::vector<uint8_t> mask(kRows * kColumns);
        for (const size_t cell : cells) mask[cell] = 1;
        return mask;
    }

    static bool near(size_t cell, size_t centre) {
        const auto row = [](size_t i) { return static_cast<int>(i) / kColumns; };
        const auto column = [](size_t i) { return static_cast<int>(i) % kColumns; };
        return std::abs(row(cell) - row(centre)) <= 1 &&
               std::abs(column(cell) - column(centre)) <= 1;
    }

    Scene make_scene(std::vector<uint8_t> cells) const {
        constexpr PictureSize kPicture{64 * kColumns - 20, 64 * kRows};
        Scene scene{make_case(weights_, kPicture), {kRows, kColumns}, {}, {}, {}, {}, {}};
        scene.code(std::move(cells));
        std::mt19937 random(2);
        constexpr size_t kPlane = 64 * 64 * kRows * kColumns;
        const auto positive = [&](size_t count) {
            std::vector<float> values = noise(random, count, 0.5f);
            for (float& v : values) v += 0.5f;
            return values;
        };
        scene.c.key.weights = positive(kPlane);
        for (auto* picture : {&scene.behind, &scene.share, &scene.keyframe})
            *picture = positive(3 * kPlane);
        for (int i = 0; i < 2; ++i) {
            Follower follower;
            follower.first = i == 0;
            follower.pictures = 4;
            follower.flows = noise(random, kPlane / 64 * 4, 1.0f);
            follower.logits = noise(random, kPlane / 64 * 3, 1.0f);
            follower.rest = noise(random, 3 * kPlane, 0.1f);
            follower.rgb = positive(3 * kPlane);
            scene.followers.push_back(std::move(follower));
        }
        scene.followers[1].weights = positive(kPlane);
        scene.followers[1].cells = positive(3 * kPlane);
        scene.followers[1].share = positive(3 * kPlane);
        return scene;
    }

    std::vector<int16_t> search(Scene& scene, int steps = 3) {
        KeyframeToSearch& key = scene.c.key;
        key.token_rows = scene.c.token_rows;
        key.cells = scene.cells;
        key.followers = scene.followers;
        key.behind = scene.behind;
        key.share = scene.share;
        key.keyframe = scene.keyframe;
        return search_->search(key, steps);
    }

    const RandomWeights weights_ = random_weights(3);
    std::unique_ptr<KeyframeSearch> search_ =
        KeyframeSearch::make(weights_.tokeniser, kMetrics, nn::Precision::fp32, 1).value();
};

TEST_F(CellSearchTest, ChangesEachGroupAndNothingElse) {
    Scene scene = make_scene(mask({kFirst, kSecond}));
    const auto rounded = search(scene, 0), searched = search(scene);
    std::vector<size_t> changed(scene.cells.size());
    for (size_t i = 0; i < searched.size(); ++i) {
        if (scene.c.token_rows[i] == 0) {
            ASSERT_EQ(searched[i], 0);
        }
        changed[scene.cell_of(i)] += searched[i] != rounded[i];
    }
    for (size_t cell = 0; cell < changed.size(); ++cell)
        EXPECT_EQ(changed[cell] > 0, cell == kFirst || cell == kSecond) << cell;
    EXPECT_TRUE(search_->status().ok());
}

TEST_F(CellSearchTest, WhatIsOutsideOfAllWindowsDoesNotMatter) {
    Scene scene = make_scene(mask({kFirst, kSecond}));
    const auto found = search(scene);
    scene.each_value([&](float& value, size_t cell) {
        if (!near(cell, kFirst) && !near(cell, kSecond)) value = 0.7f - value;
    });
    EXPECT_EQ(search(scene), found);
    scene.each_value([&](float& value, size_t cell) {
        if (near(cell, kSecond)) value = 0.7f - value;
    });
    EXPECT_NE(search(scene), found);
}

TEST_F(CellSearchTest, FarGroupsAreFoundAsEachAlone) {
    Scene both = make_scene(mask({kFirst, kSecond}));
    Scene first = make_scene(mask({kFirst})), second = make_scene(mask({kSecond}));
    const auto found = search(both), of_first = search(first), of_second = search(second);
    for (size_t i = 0; i < found.size(); ++i)
        ASSERT_EQ(found[i], both.cell_of(i) == kFirst ? of_first[i] : of_second[i]);
}

// Every array is cropped as it should be, followers' as well.
TEST_F(CellSearchTest, AWindowIsSearchedLikeAPictureOfItsSize) {
    Scene scene = make_scene(mask({kFirst}));
    const auto found = search(scene);
    std::vector<int16_t> found_there;
    Scene window = scene;
    std::vector<entropy::TokenRow>& rows = window.c.token_rows;
    rows.clear();
    for (size_t i = 0; i < found.size(); ++i) {
        if (!near(scene.cell_of(i), kFirst)) continue;
        found_there.push_back(found[i]);
        rows.push_back(scene.c.token_rows[i]);
    }
    window.each_array([&](std::vector<float>& values, int scale) {
        const std::vector<float> all = std::exchange(values, {});
        const size_t count = scene.plane.z_positions() * static_cast<size_t>(scale * scale);
        for (size_t i = 0; i < all.size(); ++i)
            if (near(entropy::cell_of(scene.plane, scale, i % count), kFirst))
                values.push_back(all[i]);
    });
    window.c.key.size = {192, 192};
    window.cells = {};
    EXPECT_EQ(search(window), found_there);
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
