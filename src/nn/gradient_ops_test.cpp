#include "nn/gradient_ops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "models/blocks.h"
#include "models/lpips_gradient.h"
#include "nn/gradient_weights.h"
#include "nn/onednn/onednn_ops.h"
#include "nn/reference/reference_ops.h"

namespace gvc::nn {
namespace {

using Floats = std::vector<float>;

// Any parameter, the same values for a name each time.
class AnyWeights : public WeightSource {
  public:
    // Of convolutions and of what has been asked for by shape.
    void expect(const std::string& name, std::vector<int64_t> shape) { shapes_[name] = shape; }
    std::optional<WeightArray> find(const std::string& name) const override {
        const auto shape = shapes_.find(name);
        if (shape == shapes_.end()) return std::nullopt;
        WeightArray array{shape->second, {}};
        size_t count = 1, fan_in = 1;
        for (size_t i = 0; i < array.shape.size(); ++i) {
            count *= static_cast<size_t>(array.shape[i]);
            if (i > 0) fan_in *= static_cast<size_t>(array.shape[i]);
        }
        std::mt19937 random(static_cast<uint32_t>(std::hash<std::string>()(name)));
        const float range = 1.7f / std::sqrt(static_cast<float>(fan_in));
        for (size_t i = 0; i < count; ++i)
            array.values.push_back(range * (static_cast<float>(random() % 2001) / 1000.0f - 1.0f));
        return array;
    }

  private:
    std::map<std::string, std::vector<int64_t>> shapes_;
};

// A network under test: made once, run with any Ops that it was made with.
using Network = std::function<Tensor(Ops&, const Tensor&)>;

class GradientOpsTest : public ::testing::Test {
  protected:
    Floats noise(int64_t count, uint32_t seed) {
        std::mt19937 random(seed);
        Floats values(static_cast<size_t>(count));
        for (float& v : values) v = static_cast<float>(random() % 2001) / 1000.0f - 1.0f;
        return values;
    }
    Floats host(const Tensor& x) {
        Floats values(static_cast<size_t>(x.shape().count()));
        ops_.to_host(x, values.data());
        return values;
    }
    ConvWeight conv(const std::string& name, const ConvSpec& spec) {
        weights_.expect(name + ".weight", {spec.out, spec.in, spec.kernel, spec.kernel});
        weights_.expect(name + ".bias", {spec.out});
        return ops_.conv_weight(name, spec);
    }

    // <g, f(x + e d) - f(x - e d)> / 2e against <gradient, d>, along random directions d.
    void expect_gradient(const Network& f, const Shape& shape) {
        const Floats x = noise(shape.count(), 1);
        const Tensor at = ops_.from_host(shape, x.data());
        ops_.watch(at);
        const Tensor result = f(ops_, at);
        const Floats g = noise(result.shape().count(), 2);
        const Tensor gradient = ops_.gradient({{result, ops_.from_host(result.shape(), g.data())}});
        ASSERT_TRUE(gradient.defined());
        ASSERT_EQ(gradient.shape(), shape);
        const Floats slope = host(gradient);
        for (uint32_t seed = 3; seed < 6; ++seed) {
            const Floats d = noise(shape.count(), seed);
            constexpr float kStep = 2e-3f;
            const auto moved = [&](float step) {
                Floats y = x;
                for (size_t i = 0; i < y.size(); ++i) y[i] += step * d[i];
                const Floats out = host(f(ops_, ops_.from_host(shape, y.data())));
                double sum = 0;
                for (size_t i = 0; i < out.size(); ++i) sum += double(g[i]) * out[i];
                return sum;
            };
            const double measured = (moved(kStep) - moved(-kStep)) / (2 * kStep);
            double expected = 0, size = 0;
            for (size_t i = 0; i < d.size(); ++i) expected += double(slope[i]) * d[i];
            for (const float v : slope) size += double(v) * v;
            EXPECT_NEAR(measured, expected, 0.02 * std::sqrt(size) + 1e-3);
        }
    }

    AnyWeights weights_;
    GradientWeights both_{weights_};
    std::unique_ptr<InferenceOps> plain_ = make_reference_ops(both_);
    GradientOps ops_{*plain_};
};

TEST_F(GradientOpsTest, ThroughConvolutionsOfAnyKernelStrideAndPadding) {
    for (int kernel = 1; kernel <= 5; ++kernel)
        for (int stride = 1; stride <= 4; ++stride)
            for (int pad = 0; pad <= kernel / 2; ++pad)
                for (int size = 8; size < 8 + stride; ++size) {
                    SCOPED_TRACE(testing::Message()
                                 << kernel << " " << stride << " " << pad << " " << size);
                    ConvSpec spec;
                    spec.in = 3;
                    spec.out = 2;
                    spec.kernel = kernel;
                    spec.stride = stride;
                    spec.pad = pad;
                    const ConvWeight w = conv("c" + std::to_string(kernel), spec);
                    expect_gradient([&](Ops& ops, const Tensor& x) { return ops.conv(x, w); },
                                    {2, 3, size, size + 1});
                }
    EXPECT_TRUE(plain_->status().ok()) << plain_->status().message();
}

TEST_F(GradientOpsTest, ThroughActivationsAndResiduals) {
    ConvSpec spec;
    spec.in = spec.out = 6;
    const ConvWeight w = conv("w", spec), v = conv("v", spec);
    weights_.expect("d.weight", {6, 1, 3, 3});
    weights_.expect("d.bias", {6});
    const DepthwiseWeight d = ops_.depthwise_weight("d", 6);
    for (const Act act : {Act::none, Act::leaky, Act::silu, Act::gelu, Act::sigmoid, Act::exp}) {
        SCOPED_TRACE(static_cast<int>(act));
        expect_gradient(
            [&](Ops& ops, const Tensor& x) {
                return ops.conv(ops.depthwise(x, d, act), v, act, ops.conv(x, w, act, x));
            },
            {1, 6, 5, 4});
    }
}

TEST_F(GradientOpsTest, ThroughABlockAndWhatIsAroundIt) {
    for (const char* name : {"in", "out"})
        weights_.expect(std::string("b.") + name + ".weight", {8, 8, 1, 1});
    weights_.expect("b.expand.weight", {32, 8, 1, 1});
    weights_.expect("b.reduce.weight", {8, 16, 1, 1});
    weights_.expect("b.depthwise.weight", {8, 1, 3, 3});
    for (const char* name : {"in", "out", "reduce", "depthwise"})
        weights_.expect(std::string("b.") + name + ".bias", {8});
    weights_.expect("b.expand.bias", {32});
    const models::Dcb block(ops_, "b", 8);
    const Floats scales = noise(8, 9);
    const Tensor scale = ops_.from_host({1, 8, 1, 1}, scales.data());
    expect_gradient(
        [&](Ops& ops, const Tensor& x) {
            const Tensor y = block(ops, ops.unshuffle(x, 2));
            const Tensor z = ops.scale_shift(y, scale, scale);
            const Tensor both = ops.concat({z, ops.mul(z, ops.sub(y, z))});
            return ops.unit_length(ops.affine(ops.shuffle(both, 2), 0.7f, 0.4f));
        },
        {1, 2, 6, 8});
    EXPECT_TRUE(plain_->status().ok()) << plain_->status().message();
}

TEST_F(GradientOpsTest, OnlyWhatDependsIsRecordedAndNothingStays) {
    const Floats ones(4, 1.0f);
    const Tensor x = ops_.from_host({1, 1, 2, 2}, ones.data());
    const Tensor other = ops_.from_host({1, 1, 2, 2}, ones.data());
    ops_.watch(x);
    const Tensor apart = ops_.affine(other, 3, 0);
    EXPECT_FALSE(ops_.gradient({{apart, other}}).defined());
    // The record is over: the same operations have no gradient now.
    const Tensor late = ops_.affine(x, 3, 0);
    EXPECT_FALSE(ops_.gradient({{late, other}}).defined());
    ops_.watch(x);
    const Tensor twice = ops_.add(ops_.affine(x, 3, 0), x);
    EXPECT_EQ(host(ops_.gradient({{twice, other}})), Floats(4, 4.0f));
}

// LPIPS goes down along its gradient, in the backend and precision that encoders use.
class LpipsGradientTest : public ::testing::TestWithParam<Precision> {};

TEST_P(LpipsGradientTest, AgreesWithTheDistance) {
    const std::string path =
        std::string(GVC_SOURCE_DIR) + "/models/metrics/lpips_squeeze_v0.1_fp32.safetensors";
    const FileWeights weights(weights::SafetensorsFile::open(path).value());
    const GradientWeights both(weights);
    const auto plain = make_onednn_ops(both, GetParam());
    GradientOps ops(*plain);
    models::LpipsGradient gradient(ops, models::LpipsNet::squeeze);
    ASSERT_TRUE(plain->status().ok()) << plain->status().message();

    const Shape shape{1, 3, 67, 70};
    Floats truth(static_cast<size_t>(shape.count())), shown = truth;
    std::mt19937 random(1);
    for (size_t i = 0; i < truth.size(); ++i) {
        truth[i] = 0.5f + 0.4f * std::sin(0.05f * static_cast<float>(i % 70));
        shown[i] = truth[i] + 0.1f * (static_cast<float>(random() % 201) / 100.0f - 1.0f);
    }
    const auto distance = [&](const Floats& picture) {
        return gradient.distance(plain->from_host(shape, picture.data()));
    };
    gradient.aim(plain->from_host(shape, truth.data()));
    Floats slope(truth.size());
    std::vector<double> blocks(3 * 2);
    const models::BlockSums sums{blocks, 3, 2};
    plain->to_host(gradient(plain->from_host(shape, shown.data()), 1.0f, &sums), slope.data());
    double squares = 0;
    for (const float v : slope) squares += double(v) * v;
    EXPECT_NEAR(std::accumulate(blocks.begin(), blocks.end(), 0.0), distance(shown),
                0.02 * distance(shown));
    EXPECT_GT(*std::min_element(blocks.begin(), blocks.end()), 0.0);
    // The same blocks without the gradient.
    std::vector<double> apart(blocks.size());
    const models::BlockSums sums_apart{apart, 3, 2};
    gradient.distance(plain->from_host(shape, shown.data()), &sums_apart);
    for (size_t i = 0; i < blocks.size(); ++i) EXPECT_NEAR(apart[i], blocks[i], 0.02 * blocks[i]);
    // A step along it, as long as changes LPIPS by a hundredth if it were straight.
    const double before = distance(shown);
    const auto step = static_cast<float>(0.01 * before / squares);
    Floats moved = shown;
    for (size_t i = 0; i < moved.size(); ++i) moved[i] -= step * slope[i];
    EXPECT_NEAR((before - distance(moved)) / (0.01 * before), 1.0,
                GetParam() == Precision::fp32 ? 0.1 : 0.4);
}

INSTANTIATE_TEST_SUITE_P(Precisions, LpipsGradientTest,
                         ::testing::Values(Precision::fp32, Precision::bf16));

}  // namespace
}  // namespace gvc::nn
