#include "codec/followers.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "codec/descent_loss.h"
#include "codec/picture.h"
#include "models/blocks.h"
#include "nn/gradient_ops.h"
#include "nn/gradient_weights.h"
#include "nn/reference/reference_ops.h"

namespace gvc::codec {
namespace {

using Floats = std::vector<float>;

const std::string kMetrics = std::string(GVC_SOURCE_DIR) + "/models/metrics";
constexpr int64_t kSide = 64, kCells = kSide / models::kPatch;
const nn::Shape kPicture{1, 3, kSide, kSide};

Floats noise(int64_t count, float least, float most, uint32_t seed) {
    std::mt19937 random(seed);
    Floats values(static_cast<size_t>(count));
    for (float& v : values)
        v = least + (most - least) * static_cast<float>(random() % 2001) / 2000.0f;
    return values;
}

class FollowersTest : public ::testing::Test {
  protected:
    // Two behind the keyframe, one before it.
    static std::vector<Follower> followers() {
        std::vector<Follower> all;
        for (uint32_t i = 0; i < 3; ++i) {
            Follower f;
            f.first = i != 1;
            f.pictures = i == 2 ? 2 : 4;
            f.flows = noise(4 * kCells * kCells, -1.0f, 1.0f, 10 + i);
            f.logits = noise(3 * kCells * kCells, -1.0f, 1.0f, 20 + i);
            f.rest = noise(kPicture.count(), 0.1f, 0.2f, 30 + i);
            f.rgb = noise(kPicture.count(), 0.0f, 1.0f, 40 + i);
            if (i == 0) {  // partly coded anew
                f.cells = noise(kPicture.count(), 0.0f, 1.0f, 50);
                f.share = noise(kPicture.count(), 0.0f, 1.0f, 51);
            }
            all.push_back(std::move(f));
        }
        return all;
    }

    nn::Tensor tensor(const Floats& values) { return ops_->from_host(kPicture, values.data()); }

    // What FollowersGradient is the gradient of.
    double loss(const std::vector<Follower>& all, const nn::Tensor& key, const nn::Tensor& counts,
                nn::Tensor long_term = {}) {
        if (!long_term.defined()) long_term = key;
        double sum = 0;
        nn::Tensor last;
        for (size_t i = 0; i < all.size(); ++i) {
            const Follower& f = all[i];
            const nn::Tensor flows = ops_->from_host({1, 4, kCells, kCells}, f.flows.data());
            const nn::Tensor logits = ops_->from_host({1, 3, kCells, kCells}, f.logits.data());
            last = ops_->add(ops_->warp_blend({f.first ? key : last, long_term}, flows, logits,
                                              models::kPatch, nn::Sampling::cubic),
                             tensor(f.rest));
            if (!f.share.empty()) {
                const nn::Tensor change = ops_->sub(tensor(f.cells), last);
                last = ops_->add(last, ops_->mul(tensor(f.share), change));
            }
            const nn::Tensor difference = ops_->mul(ops_->sub(last, tensor(f.rgb)), counts);
            double l1 = 0;
            for (const float d : values_of(*ops_, difference)) l1 += std::abs(d);
            models::LpipsGradient judge = judges_[i % judges_.size()];
            judge.aim(tensor(f.rgb));
            sum += f.pictures / 11.0 *
                   (kDescentL1 * l1 / static_cast<double>(kPicture.count()) +
                    kDescentLpips * judge.distance(last));
        }
        return sum;
    }

    Result<weights::SafetensorsFile> file_ = models::open_lpips(kMetrics, models::LpipsNet::alex);
    nn::FileWeights source_{std::move(*file_)};
    nn::GradientWeights weights_{source_};
    std::unique_ptr<nn::InferenceOps> ops_ = nn::make_reference_ops(weights_);
    nn::GradientOps lpips_ops_{*ops_};
    std::vector<models::LpipsGradient> judges_{
        models::LpipsGradient(lpips_ops_, models::LpipsNet::alex)};
    models::TokeniserConfig config_ = [] {
        models::TokeniserConfig config;
        config.cubic_warps = 1;
        return config;
    }();
};

TEST_F(FollowersTest, GradientsAreThoseOfWhatTheKeyframeIsMadeInto) {
    ASSERT_TRUE(ops_->status().ok()) << ops_->status().message();
    const std::vector<Follower> all = followers();
    const nn::Tensor counts = tensor(Floats(static_cast<size_t>(kPicture.count()), 1.0f));
    // Well inside [0, 1], where nothing is cut.
    for (const bool other_keyframe : {false, true}) {
        nn::Tensor long_term;
        if (other_keyframe) long_term = tensor(noise(kPicture.count(), 0.3f, 0.6f, 60));
        FollowersGradient gradient(*ops_, config_, all, judges_, counts, 4, long_term);
        const Floats key = noise(kPicture.count(), 0.3f, 0.6f, 1);
        const int turns = 4;  // three followers and the keyframe
        Floats of_key(key.size());
        double key_share = 0;
        for (int step = 0; step < turns; ++step) {
            const Floats part = values_of(*ops_, gradient(tensor(key), step));
            for (size_t i = 0; i < part.size(); ++i)
                of_key[i] += part[i] / static_cast<float>(turns);
            key_share += static_cast<double>(gradient.key_share(step)) / turns;
        }
        EXPECT_NEAR(key_share, 1.0 / 11, 1e-6);

        constexpr float kStep = 5e-5f;  // longer ones go over too many kinks
        for (uint32_t seed = 2; seed < 5; ++seed) {
            Floats way = noise(kPicture.count(), -1.0f, 1.0f, seed);
            // What goes through the last frame alone is little: uphill, so that it shows.
            for (size_t i = 0; other_keyframe && i < way.size(); ++i)
                way[i] = std::copysign(way[i], of_key[i]);
            double expected = 0;
            for (size_t i = 0; i < way.size(); ++i)
                expected += static_cast<double>(way[i]) * static_cast<double>(of_key[i]);
            const auto at = [&](float step) {
                Floats moved = key;
                for (size_t i = 0; i < moved.size(); ++i) moved[i] += step * way[i];
                return loss(all, tensor(moved), counts, long_term);
            };
            const double slope = (at(kStep) - at(-kStep)) / (2 * static_cast<double>(kStep));
            EXPECT_GT(std::abs(slope), 1e-4);
            // Not closer: L1 and the networks have kinks.
            EXPECT_NEAR(slope, expected, 0.08 * std::abs(slope)) << seed;
        }
    }
}

TEST_F(FollowersTest, ErrorsWeighAsTheyAreToldTo) {
    const auto count = static_cast<size_t>(kPicture.count());
    const nn::Tensor counts = tensor(Floats(count, 1.0f));
    const nn::Tensor key = tensor(noise(kPicture.count(), 0.3f, 0.6f, 1));
    std::vector<Follower> alike = followers(), half = followers();
    Floats left(kSide * kSide, 1.0f);
    for (size_t i = 0; i < left.size(); ++i) left[i] = i % kSide < kSide / 2 ? 3.0f : 1.0f;
    for (Follower& f : half) {
        f.flows.assign(f.flows.size(), 0.0f);  // each pixel stays in its place
        f.weights = left;
    }
    for (Follower& f : alike) f.flows.assign(f.flows.size(), 0.0f);
    FollowersGradient plain(*ops_, config_, alike, judges_, counts, 1);
    FollowersGradient weighted(*ops_, config_, half, judges_, counts, 1);
    const Floats a = values_of(*ops_, plain(key, 0)), b = values_of(*ops_, weighted(key, 0));
    for (size_t i = 0; i < count; ++i) {
        const float factor = i % kSide < kSide / 2 ? 3.0f : 1.0f;
        ASSERT_NEAR(b[i], factor * a[i], 1e-4f * std::abs(a[i]) + 1e-9f) << i;
    }
}

TEST_F(FollowersTest, EachPictureHasItsTurn) {
    const std::vector<Follower> all = followers();
    const nn::Tensor counts = tensor(Floats(static_cast<size_t>(kPicture.count()), 1.0f));
    const nn::Tensor key = tensor(noise(kPicture.count(), 0.3f, 0.6f, 1));
    FollowersGradient one(*ops_, config_, std::span(all).first(1), judges_, counts, 4);
    int looked_at = 0, key_turns = 0;
    for (int step = 0; step < 4; ++step) {
        double sum = 0;
        for (const float g : values_of(*ops_, one(key, step))) sum += std::abs(g);
        looked_at += sum > 0;
        key_turns += one.key_share(step) > 0;
    }
    EXPECT_EQ(looked_at, 2);
    EXPECT_EQ(key_turns, 2);
}

}  // namespace
}  // namespace gvc::codec
