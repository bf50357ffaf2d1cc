#include "nn/counting.h"

#include <gtest/gtest.h>

#include "models/blocks.h"
#include "nn/reference/reference_ops.h"
#include "nn/weight_source.h"

namespace gvc::nn {
namespace {

class CountingTest : public ::testing::Test {
  protected:
    // Products of what is done since the last call.
    uint64_t counted() {
        const uint64_t before = seen_;
        seen_ = ops_->products();
        return seen_ - before;
    }

    void conv_weights(const std::string& name, int64_t out, int64_t in, int64_t kernel) {
        const int64_t count = out * in * kernel * kernel;
        weights_.set(name + ".weight", {out, in, kernel, kernel},
                     std::vector<float>(static_cast<size_t>(count)));
        weights_.set(name + ".bias", {out}, std::vector<float>(static_cast<size_t>(out)));
    }

    MemoryWeights weights_;
    std::unique_ptr<InferenceOps> inner_ = make_reference_ops(weights_);
    std::unique_ptr<Ops> ops_ = make_counting_ops(*inner_);
    uint64_t seen_ = 0;
};

TEST_F(CountingTest, ConvolutionsCountTheirResults) {
    conv_weights("a", 5, 3, 3);
    ConvSpec spec;
    spec.in = 3;
    spec.out = 5;
    spec.kernel = 3;
    ops_->conv(ops_->zeros({2, 3, 4, 6}), ops_->conv_weight("a", spec));
    EXPECT_EQ(counted(), 2u * 5 * 4 * 6 * 3 * 9);
    spec.stride = 2;
    const ConvWeight halving = ops_->conv_weight("a", spec);
    ops_->conv(ops_->zeros({1, 3, 5, 7}), halving);
    EXPECT_EQ(counted(), 5u * 3 * 4 * 3 * 9);
    ops_->conv_parts({{ops_->zeros({1, 1, 4, 4})}, {ops_->zeros({1, 2, 4, 4})}}, halving);
    EXPECT_EQ(counted(), 5u * 2 * 2 * 3 * 9);
}

TEST_F(CountingTest, ShufflingCountsThePositionsBeforeIt) {
    conv_weights("a", 12, 7, 1);
    ConvSpec spec;
    spec.in = 7;
    spec.out = 12;
    ops_->conv_shuffle(ops_->zeros({1, 7, 3, 2}), ops_->conv_weight("a", spec), 2,
                       ops_->zeros({1, 3, 6, 4}));
    EXPECT_EQ(counted(), 12u * 3 * 2 * 7);
}

// A network of a patch convolution, a block and a head, worked out by hand.
TEST_F(CountingTest, SmallNetwork) {
    constexpr int c = 16;
    conv_weights("patch", c, 12, 1);
    conv_weights("block.in", c, c, 1);
    conv_weights("block.out", c, c, 1);
    conv_weights("block.expand", 4 * c, c, 1);
    conv_weights("block.reduce", c, 2 * c, 1);
    conv_weights("block.depthwise", c, 1, 3);
    conv_weights("head", 3, c, 3);
    const models::Conv patch(*ops_, "patch", 12, c, 1);
    const models::Dcb block(*ops_, "block", c);
    const models::Conv head(*ops_, "head", c, 3, 3);
    const Tensor x = ops_->unshuffle(ops_->zeros({1, 3, 8, 8}), 2);
    head(*ops_, block(*ops_, patch(*ops_, x)));
    EXPECT_TRUE(inner_->status().ok());
    const uint64_t position = 12 * c + (c * c + 9 * c + c * c + 4 * c * c + 2 * c * c) + 9 * c * 3;
    EXPECT_EQ(counted(), position * 4 * 4);
}

TEST_F(CountingTest, NothingElseCounts) {
    const Tensor x = ops_->zeros({1, 4, 4, 4});
    ops_->activate(ops_->add(ops_->upsample(x, 2), ops_->zeros({1, 4, 8, 8})), Act::silu);
    EXPECT_EQ(counted(), 0u);
    EXPECT_EQ(inner_->products(), 0u);
    EXPECT_EQ(ops_->name(), inner_->name());
}

}  // namespace
}  // namespace gvc::nn
