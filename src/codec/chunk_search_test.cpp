#include "codec/chunk_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "codec/model.h"
#include "codec/quantiser.h"
#include "codec/random_model_testonly.h"
#include "models/motion_latent.h"

namespace gvc::codec {
namespace {

const std::string kMetrics = std::string(GVC_SOURCE_DIR) + "/models/metrics";
constexpr PictureSize kSize{150, 70};
constexpr int64_t kWidth = 192, kHeight = 128;

std::vector<float> noise(int64_t count, float range, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<float> values(static_cast<size_t>(count));
    for (float& v : values) v = range * (static_cast<float>(random() % 2001) / 1000.0f - 1.0f);
    return values;
}

class ChunkSearchTest : public ::testing::Test {
  protected:
    ChunkSearchTest() {
        const RandomWeights weights = random_weights(3);
        ModelOptions options;
        options.threads = 1;
        options.precision = PrecisionChoice::fp32;
        model_ = Model::load(weights.tokeniser, nullptr, options).value();
        nn::Ops& ops = model_->ops();
        chunk_.size = kSize;
        chunk_.qp = 14;
        chunk_.key_qp = 8;
        const auto tensor = [&](const nn::Shape& shape, float range, unsigned seed) {
            return ops.from_host(shape, noise(shape.count(), range, seed).data());
        };
        const nn::Shape latent{1, entropy::kYChannels, kHeight / 16, kWidth / 16};
        model_->tokeniser().decode_key(ops, tensor(latent, 3, 1), {8.0f}, chunk_.state);
        chunk_.rgb = tensor({models::kChunkFrames, 3, kHeight, kWidth}, 0.5f, 2);
        chunk_.exact = tensor(latent, 2, 3);
        chunk_.means = tensor(latent, 0.5f, 4);
        std::mt19937 random(5);
        for (int64_t i = 0; i < latent.count(); ++i)
            token_rows_.push_back(random() % 4 ? random() % entropy::kScaleCount : 0);
        chunk_.token_rows = token_rows_;
        chunk_.costs = model_->tokens().y_costs(entropy::TokenKind::chunk);
        tokens_ = quantise(ops, chunk_.exact);
        for (size_t i = 0; i < tokens_.size(); ++i)
            if (token_rows_[i] == 0) tokens_[i] = 0;
        search_ = ChunkSearch::make(kMetrics, nn::Precision::fp32, 1).value();
    }

    std::vector<int16_t> searched(int steps) {
        std::vector<int16_t> tokens = tokens_;
        search_->search(model_->ops(), model_->tokeniser(), chunk_, steps, tokens);
        return tokens;
    }

    std::unique_ptr<Model> model_;
    std::unique_ptr<ChunkSearch> search_;
    ChunkToSearch chunk_;
    std::vector<entropy::TokenRow> token_rows_;
    std::vector<int16_t> tokens_;
};

TEST_F(ChunkSearchTest, ChangesMotionThatIsCodedAndNothingElse) {
    EXPECT_EQ(searched(0), tokens_);
    const std::vector<int16_t> found = searched(6);
    size_t changed = 0;
    for (size_t i = 0; i < found.size(); ++i) {
        const bool motion = i % entropy::kYChannels < models::kMotionLatents;
        if (!motion || token_rows_[i] == 0) {
            ASSERT_EQ(found[i], tokens_[i]) << i;
        }
        changed += found[i] != tokens_[i];
    }
    EXPECT_GT(changed, 0u);
    EXPECT_EQ(found, searched(6));
    EXPECT_TRUE(search_->status().ok());
    EXPECT_TRUE(model_->status().ok());
}

TEST_F(ChunkSearchTest, SaysWhatIsMissing) {
    const auto search = ChunkSearch::make("/nonexistent", nn::Precision::fp32, 1);
    EXPECT_EQ(search.status().code(), Code::model);
    EXPECT_NE(search.status().message().find("/nonexistent"), std::string::npos);
}

// chunk_vectors is linear: its gradient is its transpose.
TEST_F(ChunkSearchTest, GradientOfVectorsIsTheirTranspose) {
    nn::Ops& ops = model_->ops();
    const models::Tokeniser& tokeniser = model_->tokeniser();
    const std::vector<float> qps = {14.0f};
    const nn::Shape latent = chunk_.means.shape();
    const nn::Shape vectors{1, models::kMotionLatents, latent.h, latent.w};
    std::vector<float> change = noise(latent.count(), 1, 6);
    const nn::Tensor moved = ops.add(chunk_.means, ops.from_host(latent, change.data()));
    const auto at = [&](const nn::Tensor& y) {
        return values_of(ops, tokeniser.chunk_vectors(ops, y, {CommonMotion()}, qps, chunk_.state));
    };
    const std::vector<float> before = at(chunk_.means), after = at(moved);
    const std::vector<float> g = noise(vectors.count(), 1, 7);
    const std::vector<float> of_symbols = values_of(
        ops, tokeniser.chunk_vectors_gradient(ops, ops.from_host(vectors, g.data()), qps));
    double one_way = 0, other_way = 0;
    for (size_t i = 0; i < g.size(); ++i) {
        one_way += static_cast<double>(g[i]) * static_cast<double>(after[i] - before[i]);
        other_way += static_cast<double>(of_symbols[i]) * static_cast<double>(change[i]);
    }
    EXPECT_NEAR(one_way, other_way, 1e-3 * std::abs(one_way));
}

}  // namespace
}  // namespace gvc::codec
