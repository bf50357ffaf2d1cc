// The reference against values computed by hand: it is what the other backends are compared with.
#include "nn/reference/reference_ops.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>

namespace gvc::nn {
namespace {

class ReferenceOpsTest : public ::testing::Test {
  protected:
    Tensor tensor(const Shape& shape, const std::vector<float>& values) {
        EXPECT_EQ(static_cast<size_t>(shape.count()), values.size());
        return ops_->from_host(shape, values.data());
    }

    // 0, 1, 2, ... in [N, C, H, W] order.
    Tensor ramp(const Shape& shape) {
        std::vector<float> values(static_cast<size_t>(shape.count()));
        std::iota(values.begin(), values.end(), 0.0f);
        return tensor(shape, values);
    }

    std::vector<float> values(const Tensor& x) {
        std::vector<float> result(static_cast<size_t>(x.shape().count()));
        ops_->to_host(x, result.data());
        return result;
    }

    using Floats = std::vector<float>;
    MemoryWeights weights_;
    std::unique_ptr<InferenceOps> ops_ = make_reference_ops(weights_);
};

TEST_F(ReferenceOpsTest, MissingWeightIsReportedOnce) {
    ConvSpec spec;
    spec.in = 1;
    spec.out = 2;
    ops_->conv_weight("first", spec);
    ops_->conv_weight("second", spec);
    EXPECT_EQ(ops_->status().code(), Code::model);
    EXPECT_EQ(ops_->status().message(), "weights: parameter first.weight is missing");
}

TEST_F(ReferenceOpsTest, WrongShapeIsReported) {
    weights_.set("table", {3, 2}, Floats(6, 1.0f));
    Tensor table = ops_->parameter("table", {2, 3, 1, 1}, Init::zero);
    EXPECT_EQ(ops_->status().code(), Code::model);
    EXPECT_EQ(values(table), Floats(6, 0.0f));
}

TEST_F(ReferenceOpsTest, DimensionsOfOneDoNotCount) {
    weights_.set("gain", {2}, {5, 6});
    EXPECT_EQ(values(ops_->parameter("gain", {1, 2, 1, 1}, Init::one)), (Floats{5, 6}));
    EXPECT_TRUE(ops_->status().ok());
}

TEST_F(ReferenceOpsTest, ConvStrideTwoWithResidualAfterActivation) {
    ConvSpec spec;
    spec.in = 1;
    spec.out = 1;
    spec.kernel = 3;
    spec.stride = 2;
    weights_.set("c.weight", {1, 1, 3, 3}, {0, 0, 0, 0, 1, 2, 0, 0, 0});
    weights_.set("c.bias", {1}, {-8});
    ConvWeight weight = ops_->conv_weight("c", spec);
    Tensor x = ramp({1, 1, 3, 3});
    Tensor residual = tensor({1, 1, 2, 2}, {100, 200, 300, 400});
    // Before the bias: 0 + 2*1, 2, 6 + 2*7, 8.
    EXPECT_EQ(values(ops_->conv(x, weight, Act::relu, residual)), (Floats{100, 200, 312, 400}));
}

TEST_F(ReferenceOpsTest, ConvWithoutPaddingSumsInputs) {
    ConvSpec spec;
    spec.in = 2;
    spec.out = 1;
    spec.kernel = 2;
    spec.pad = 0;
    spec.bias = false;
    weights_.set("c.weight", {1, 2, 2, 2}, {1, 0, 0, 0, 0, 0, 0, 10});
    ConvWeight weight = ops_->conv_weight("c", spec);
    // Input planes 0..5 and 6..11, 2 rows of 3: top left of the first, bottom right of the second.
    EXPECT_EQ(values(ops_->conv(ramp({1, 2, 2, 3}), weight)), (Floats{100, 111}));
}

TEST_F(ReferenceOpsTest, DepthwiseKeepsChannelsApart) {
    weights_.set("d.weight", {2, 1, 3, 3}, {0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0});
    weights_.set("d.bias", {2}, {0, 0.5f});
    DepthwiseWeight weight = ops_->depthwise_weight("d", 2);
    // First channel: the left neighbour; second: the one below.
    EXPECT_EQ(values(ops_->depthwise(ramp({1, 2, 2, 2}), weight)),
              (Floats{0, 0, 0, 2, 6.5f, 7.5f, 0.5f, 0.5f}));
}

TEST_F(ReferenceOpsTest, Activations) {
    Tensor x = tensor({1, 1, 1, 2}, {-1, 2});
    EXPECT_EQ(values(ops_->activate(x, Act::relu)), (Floats{0, 2}));
    EXPECT_EQ(values(ops_->activate(x, Act::leaky)), (Floats{-0.1f, 2}));
    EXPECT_NEAR(values(ops_->activate(x, Act::silu))[0], -0.26894142f, 1e-6);
    EXPECT_NEAR(values(ops_->activate(x, Act::gelu))[1], 1.9545977f, 1e-6);
    EXPECT_NEAR(values(ops_->activate(x, Act::sigmoid))[1], 0.88079708f, 1e-6);
    EXPECT_NEAR(values(ops_->activate(x, Act::exp))[1], 7.3890561f, 1e-5);
}

TEST_F(ReferenceOpsTest, ScaleShiftPerItemAndShared) {
    Tensor x = ramp({2, 2, 1, 1});
    Tensor shared = tensor({1, 2, 1, 1}, {10, 100});
    Tensor own = tensor({2, 2, 1, 1}, {1, 2, 3, 4});
    EXPECT_EQ(values(ops_->scale_shift(x, shared, own)), (Floats{1, 102, 23, 304}));
    EXPECT_EQ(values(ops_->scale_shift(x, own, {})), (Floats{0, 2, 6, 12}));
}

TEST_F(ReferenceOpsTest, SumHalvesActivatesBoth) {
    Tensor x = tensor({1, 4, 1, 1}, {-1, 2, 3, -4});
    EXPECT_EQ(values(ops_->sum_halves(x, Act::relu)), (Floats{3, 2}));
}

TEST_F(ReferenceOpsTest, NormModulate) {
    Tensor x = tensor({1, 2, 1, 1}, {1, 3});
    Tensor scale = tensor({1, 2, 1, 1}, {0, 1}), shift = tensor({1, 2, 1, 1}, {5, 0});
    Floats out = values(ops_->norm_modulate(x, scale, shift));
    EXPECT_NEAR(out[0], 4, 1e-5);  // -1 + 5
    EXPECT_NEAR(out[1], 2, 1e-5);  // 1 * (1 + 1)
}

TEST_F(ReferenceOpsTest, GroupNorm) {
    Tensor x = tensor({1, 2, 1, 2}, {1, 3, 10, 30});
    Tensor weight = tensor({1, 2, 1, 1}, {1, 2}), bias = tensor({1, 2, 1, 1}, {0, 1});
    Floats out = values(ops_->group_norm(x, 2, weight, bias, 1e-6f));
    for (size_t i = 0; i < 4; ++i) EXPECT_NEAR(out[i], (Floats{-1, 1, -1, 3})[i], 1e-5);
}

TEST_F(ReferenceOpsTest, UnshuffleOrderIsCellThenChannel) {
    // Two channels of 2x2: 0 1 / 2 3 and 4 5 / 6 7.
    Tensor x = ramp({1, 2, 2, 2});
    Tensor cells = ops_->unshuffle(x, 2);
    EXPECT_EQ(cells.shape(), (Shape{1, 8, 1, 1}));
    EXPECT_EQ(values(cells), (Floats{0, 4, 1, 5, 2, 6, 3, 7}));
    EXPECT_EQ(values(ops_->shuffle(cells, 2)), values(x));
}

TEST_F(ReferenceOpsTest, ChannelsAndBatch) {
    Tensor x = ramp({2, 2, 1, 2});  // items 0 1 / 2 3 and 4 5 / 6 7
    EXPECT_EQ(values(ops_->channels(x, 1, 1)), (Floats{2, 3, 6, 7}));
    EXPECT_EQ(values(ops_->batch(x, 1, 1)), (Floats{4, 5, 6, 7}));
    Tensor split = ops_->channels_to_batch(x, 2);
    EXPECT_EQ(split.shape(), (Shape{4, 1, 1, 2}));
    EXPECT_EQ(values(split), values(x));
    EXPECT_EQ(values(ops_->batch_to_channels(split, 2)), values(x));
    EXPECT_EQ(values(ops_->repeat_batch(ops_->batch(x, 0, 1), 2)),
              (Floats{0, 1, 2, 3, 0, 1, 2, 3}));
    EXPECT_EQ(values(ops_->concat({x, ops_->channels(x, 0, 1)})),
              (Floats{0, 1, 2, 3, 0, 1, 4, 5, 6, 7, 4, 5}));
    EXPECT_EQ(values(ops_->concat_batch({ops_->batch(x, 1, 1), x})),
              (Floats{4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7}));
    EXPECT_EQ(values(ops_->rows(ramp({3, 2, 1, 1}), {2, 0})), (Floats{4, 5, 0, 1}));
}

TEST_F(ReferenceOpsTest, PadEdgeAndCrop) {
    Tensor padded = ops_->pad_edge(ramp({1, 1, 2, 2}), 3, 4);
    EXPECT_EQ(values(padded), (Floats{0, 1, 1, 1, 2, 3, 3, 3, 2, 3, 3, 3}));
    EXPECT_EQ(values(ops_->crop(padded, 2, 1)), (Floats{0, 2}));
}

TEST_F(ReferenceOpsTest, TemporalShift) {
    // Two chunks of three frames with nine channels: 9 / 8 = one channel each way.
    Floats out = values(ops_->temporal_shift(ramp({6, 9, 1, 1}), 3));
    auto at = [&](int frame, int channel) { return out[frame * 9 + channel]; };
    EXPECT_EQ(at(0, 0), 0);   // no frame before: its own
    EXPECT_EQ(at(1, 0), 0);   // of frame 0
    EXPECT_EQ(at(3, 0), 27);  // not over the chunk's border
    EXPECT_EQ(at(1, 1), 19);  // of frame 2
    EXPECT_EQ(at(2, 1), 19);  // no frame after: its own
    EXPECT_EQ(at(1, 2), 11);  // the other channels stay
    EXPECT_EQ(at(5, 8), 53);
}

TEST_F(ReferenceOpsTest, UpsampleRepeatsEdges) {
    Tensor x = tensor({1, 1, 1, 2}, {0, 4});
    EXPECT_EQ(values(ops_->upsample(x, 2)), (Floats{0, 1, 3, 4, 0, 1, 3, 4}));
    EXPECT_EQ(values(ops_->upsample(tensor({1, 1, 1, 1}, {7}), 2)), Floats(4, 7.0f));
}

TEST_F(ReferenceOpsTest, Pools) {
    Tensor x = ramp({1, 1, 4, 4});
    EXPECT_EQ(values(ops_->mean_pool(x, 2)), (Floats{2.5f, 4.5f, 10.5f, 12.5f}));
    EXPECT_EQ(values(ops_->global_mean(x)), (Floats{7.5f}));
    EXPECT_EQ(values(ops_->max_pool(x, 3, 2, false)), (Floats{10}));
    EXPECT_EQ(values(ops_->max_pool(x, 3, 2, true)), (Floats{10, 11, 14, 15}));
    // A window that would start outside is not one.
    EXPECT_EQ(ops_->max_pool(ramp({1, 1, 3, 3}), 1, 3, true).shape(), (Shape{1, 1, 1, 1}));
}

TEST_F(ReferenceOpsTest, WarpBlendShiftsAndMirrors) {
    Tensor ref = tensor({1, 1, 1, 3}, {0, 10, 20});
    Tensor flow = tensor({1, 2, 1, 3}, {0.5f, 1, 1, 0, 0, 5});
    // Logits that leave nothing for the synthesised part.
    Tensor logits = tensor({1, 2, 1, 3}, {40, 40, 40, -40, -40, -40});
    EXPECT_EQ(values(ops_->warp_blend({ref}, flow, logits, 1, Sampling::bilinear)),
              (Floats{5, 20, 10}));  // the last reads one beyond the edge
    Tensor even = tensor({1, 2, 1, 3}, {0, 0, 0, 0, 0, 0});
    EXPECT_EQ(values(ops_->warp_blend({ref}, flow, even, 1, Sampling::bilinear)),
              (Floats{2.5f, 10, 5}));
}

TEST_F(ReferenceOpsTest, CubicSamplesKeepEdgesSharp) {
    const Floats row{0, 0, 1, 1, 1, 1};
    Floats picture;
    for (int c = 0; c < 3; ++c) picture.insert(picture.end(), row.begin(), row.end());
    const Tensor ref = tensor({1, 3, 1, 6}, picture);
    const Tensor flow = tensor({1, 2, 1, 6}, {0, 0.5f, 0.5f, 0, 0, 3, 0, 0, 0, 0, 0, 9});
    const Tensor logits =
        tensor({1, 2, 1, 6}, {40, 40, 40, 40, 40, 40, -40, -40, -40, -40, -40, -40});
    const Floats out = values(ops_->warp_blend({ref}, flow, logits, 1, Sampling::cubic));
    // Half-way the kernel has -3/32, 19/32, 19/32, -3/32.
    const Floats expected{0, 0.5f, 1 + 3.0f / 32, 1, 1, 1};
    for (size_t i = 0; i < 18; ++i) EXPECT_NEAR(out[i], expected[i % 6], 1e-6) << i;
}

TEST_F(ReferenceOpsTest, WarpBlendInterpolatesMasksAndScalesFlow) {
    Tensor ref = tensor({1, 1, 2, 4}, {0, 1, 2, 3, 10, 11, 12, 13});
    Tensor flow = tensor({1, 2, 1, 2}, {0.5f, 0.5f, 0, 0});        // one pixel to the right
    Tensor logits = tensor({1, 2, 1, 2}, {200, -200, -200, 200});  // masks 1 and 0
    // Masks 1, 0.75, 0.25, 0 times the right neighbour.
    EXPECT_EQ(values(ops_->warp_blend({ref}, flow, logits, 2, Sampling::bilinear)),
              (Floats{1, 1.5f, 0.75f, 0, 11, 9, 3.25f, 0}));
}

TEST_F(ReferenceOpsTest, WarpBlendOfTwoReferences) {
    Tensor a = tensor({1, 1, 1, 1}, {3}), b = tensor({1, 1, 1, 1}, {30});
    Tensor flow = tensor({1, 4, 1, 1}, {9, 9, -9, -9});
    Tensor logits = tensor({1, 3, 1, 1}, {1, 1, 1});
    EXPECT_NEAR(values(ops_->warp_blend({a, b}, flow, logits, 1, Sampling::bilinear))[0], 11, 1e-5);
}

TEST_F(ReferenceOpsTest, WarpBlendSurvivesNonsenseFlows) {
    float nan = std::numeric_limits<float>::quiet_NaN();
    float inf = std::numeric_limits<float>::infinity();
    Tensor ref = ramp({1, 1, 1, 3});
    Tensor flow = tensor({1, 2, 1, 3}, {nan, inf, -inf, 1e30f, nan, 0});
    Tensor logits = tensor({1, 2, 1, 3}, {40, 40, 40, -40, -40, -40});
    // Where it samples is of no matter; it must be inside the picture.
    for (float value : values(ops_->warp_blend({ref}, flow, logits, 1, Sampling::bilinear))) {
        EXPECT_GE(value, 0);
        EXPECT_LE(value, 2);
    }
}

TEST_F(ReferenceOpsTest, BlockMatchFindsMovedBlob) {
    Floats current(7 * 8), reference(7 * 8);
    current[3 * 8 + 3] = 9;    // (x 3, y 3)
    reference[2 * 8 + 5] = 9;  // (x 5, y 2)
    Tensor found =
        ops_->block_match(tensor({1, 1, 7, 8}, current), tensor({1, 1, 7, 8}, reference), 2);
    Floats out = values(found);
    size_t plane = 7 * 8, at = 3 * 8 + 3;
    EXPECT_EQ(out[at], 2);              // dx
    EXPECT_EQ(out[plane + at], -1);     // dy
    EXPECT_EQ(out[2 * plane + at], 0);  // cost
    EXPECT_EQ(out[3 * plane + at],
              1);  // cost of staying: 9 over nine cells (the other blob is out)
}

TEST_F(ReferenceOpsTest, BlockMatchTiesGoToTheShorterVector) {
    Tensor flat = tensor({1, 1, 3, 3}, Floats(9, 1.0f));
    EXPECT_EQ(values(ops_->block_match(flat, flat, 1)), Floats(36, 0.0f));
    // Columns alternate: one step to the left or to the right fits equally; left comes first.
    Tensor even = tensor({1, 1, 1, 6}, {0, 1, 0, 1, 0, 1});
    Tensor odd = tensor({1, 1, 1, 6}, {1, 0, 1, 0, 1, 0});
    Floats out = values(ops_->block_match(even, odd, 1));
    EXPECT_EQ(out[2], -1);
    EXPECT_EQ(out[6 + 2], 0);
}

}  // namespace
}  // namespace gvc::nn
