#include "nn/onednn/onednn_ops.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "nn/onednn/backend.h"
#include "nn/ops_check.h"

namespace gvc::nn {
namespace {

void expect_like_reference(const OpsFactory& backend, Precision precision) {
    for (const OpCheck& check : check_ops(backend, precision, 6, 7))
        EXPECT_TRUE(check.ok()) << check.op << ": error " << check.error << ", allowed "
                                << check.tolerance;
}

TEST(OneDnnOpsTest, Fp32LikeReferenceWithEveryKernelTable) {
    for (auto table = onednn::all_kernels(); *table; ++table) {
        SCOPED_TRACE((*table)->name);
        expect_like_reference(
            [&](const WeightSource& weights) {
                return std::make_unique<onednn::OneDnnOps>(weights, Precision::fp32, **table);
            },
            Precision::fp32);
    }
}

TEST(OneDnnOpsTest, Bf16LikeReferenceWithEveryKernelTable) {
    for (auto table = onednn::all_kernels(); *table; ++table) {
        SCOPED_TRACE((*table)->name);
        expect_like_reference(
            [&](const WeightSource& weights) {
                return std::make_unique<onednn::OneDnnOps>(weights, Precision::bf16, **table);
            },
            Precision::bf16);
    }
}

std::vector<float> wave(int64_t count, float step) {
    std::vector<float> values(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) values[i] = std::sin(static_cast<float>(i) * step);
    return values;
}

// A bit of everything whose sums could be split differently by another number of threads.
std::vector<float> run_with_threads(Precision precision, int threads) {
    MemoryWeights weights;
    std::unique_ptr<InferenceOps> ops = make_onednn_ops(weights, precision);
    ops->set_threads(threads);
    ConvSpec wide, square, down;
    wide.in = 192;
    wide.out = 96;
    square.in = square.out = 96;
    square.kernel = 3;
    down.in = 96;
    down.out = 160;
    down.kernel = 3;
    down.stride = 2;
    weights.set("w.weight", {96, 192, 1, 1}, wave(96 * 192, 0.71f));
    weights.set("w.bias", {96}, wave(96, 0.3f));
    weights.set("s.weight", {96, 96, 3, 3}, wave(96 * 96 * 9, 0.37f));
    weights.set("s.bias", {96}, wave(96, 0.2f));
    weights.set("d.weight", {160, 96, 3, 3}, wave(160 * 96 * 9, 0.59f));
    weights.set("d.bias", {160}, wave(160, 0.1f));
    weights.set("p.weight", {96, 1, 3, 3}, wave(96 * 9, 0.9f));
    weights.set("p.bias", {96}, wave(96, 0.8f));
    Shape shape{2, 3, 60 * 8, 54 * 8};
    Tensor picture = ops->from_host(shape, wave(shape.count(), 0.013f).data());
    Tensor x = ops->conv(ops->unshuffle(picture, 8), ops->conv_weight("w", wide), Act::silu);
    Tensor y = ops->conv(ops->depthwise(x, ops->depthwise_weight("p", 96)),
                         ops->conv_weight("s", square), Act::none, x);
    Tensor mean = ops->global_mean(y);
    y = ops->norm_modulate(y, mean, mean);
    y = ops->group_norm(y, 8, ops->batch(mean, 0, 1), ops->batch(mean, 1, 1), 1e-5f);
    y = ops->conv(y, ops->conv_weight("d", down), Act::gelu);
    EXPECT_TRUE(ops->status().ok()) << ops->status().message();
    std::vector<float> values(static_cast<size_t>(y.shape().count()));
    ops->to_host(y, values.data());
    return values;
}

// The same of whole blocks, from a picture to a picture.
std::vector<float> run_blocks_with_threads(Precision precision, int threads) {
    MemoryWeights weights;
    std::unique_ptr<InferenceOps> ops = make_onednn_ops(weights, precision);
    ops->set_threads(threads);
    const auto conv = [&](const std::string& name, int in, int out) {
        weights.set(name + ".weight", {out, in, 1, 1}, wave(int64_t{out} * in, 0.71f));
        weights.set(name + ".bias", {out}, wave(out, 0.3f));
        ConvSpec spec;
        spec.in = in;
        spec.out = out;
        return ops->conv_weight(name, spec);
    };
    constexpr int c = 48;
    weights.set("d.weight", {c, 1, 3, 3}, wave(c * 9, 0.9f));
    weights.set("d.bias", {c}, wave(c, 0.8f));
    const DcbWeights block{conv("in", c, c), conv("out", c, c), conv("expand", c, 4 * c),
                           conv("reduce", 2 * c, c), ops->depthwise_weight("d", c)};
    const Shape shape{3, 3, 23 * 4, 131 * 4};
    const Tensor picture = ops->from_host(shape, wave(shape.count(), 0.013f).data());
    const ConvPart part{picture, 4, 4.0f, -2.0f};
    Tensor x = ops->conv_parts({part, part}, conv("first", 2 * c, c), Act::silu);
    x = ops->affine(ops->dcb(ops->affine(x, 0.1f, 0), block), 1e-3f, 0);
    const Tensor y = ops->conv_shuffle(x, conv("last", c, c), 4, picture);
    EXPECT_TRUE(ops->status().ok()) << ops->status().message();
    std::vector<float> values(static_cast<size_t>(shape.count()));
    ops->to_host_shown(y, picture, 0.75f, shape.h, shape.w, values.data());
    return values;
}

TEST(OneDnnOpsTest, SameBitsWithAnyNumberOfThreads) {
    for (Precision precision : {Precision::fp32, Precision::bf16}) {
        for (const auto run : {run_with_threads, run_blocks_with_threads}) {
            std::vector<float> one = run(precision, 1);
            for (int threads : {2, 3, 8}) {
                std::vector<float> many = run(precision, threads);
                EXPECT_EQ(std::memcmp(one.data(), many.data(), one.size() * sizeof(float)), 0)
                    << threads << " threads";
            }
        }
    }
}

// Winograd's algorithm, at sizes that its tiles do not fit, against the direct one.
TEST(OneDnnOpsTest, WinogradIsNearToDirect) {
    constexpr int in = 128, out = 192;
    MemoryWeights weights;
    weights.set("w.weight", {out, in, 3, 3}, wave(out * in * 9, 0.37f));
    weights.set("w.bias", {out}, wave(out, 0.8f));
    const std::unique_ptr<InferenceOps> ops = make_onednn_ops(weights, Precision::fp32);
    ConvSpec spec;
    spec.in = in;
    spec.out = out;
    spec.kernel = 3;
    const ConvWeight direct = ops->conv_weight("w", spec);
    spec.winograd = true;
    const ConvWeight quick = ops->conv_weight("w", spec);
    for (const Shape& shape : {Shape{2, in, 29, 53}, Shape{1, in, 3, 5}}) {
        const Tensor x = ops->from_host(shape, wave(shape.count(), 0.71f).data());
        const Shape result{shape.n, out, shape.h, shape.w};
        std::vector<float> a(static_cast<size_t>(result.count())), b(a.size());
        ops->to_host(ops->conv(x, direct, Act::relu), a.data());
        ops->to_host(ops->conv(x, quick, Act::relu), b.data());
        EXPECT_TRUE(ops->status().ok()) << ops->status().message();
        const float largest = *std::max_element(a.begin(), a.end());
        ASSERT_GT(largest, 0);
        for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-4f * largest) << i;
    }
}

TEST(OneDnnOpsTest, NonsenseFlowsStayInside) {
    MemoryWeights weights;
    std::unique_ptr<InferenceOps> ops = make_onednn_ops(weights, Precision::fp32);
    float nan = std::numeric_limits<float>::quiet_NaN();
    float inf = std::numeric_limits<float>::infinity();
    for (int64_t channels : {1, 3}) {
        std::vector<float> ones(static_cast<size_t>(channels * 4), 1.0f);
        Tensor ref = ops->from_host({1, channels, 1, 4}, ones.data());
        std::vector<float> flow = {nan, inf, -inf, 1e30f, nan, 0, -1e30f, inf};
        Tensor flows = ops->from_host({1, 2, 1, 4}, flow.data());
        Tensor logits = ops->zeros({1, 2, 1, 4});
        std::vector<float> out(ones.size());
        ops->to_host(ops->warp_blend({ref}, flows, logits, 1, Sampling::bilinear), out.data());
        for (float value : out) EXPECT_EQ(value, 0.5f);
        if (channels != 3) continue;
        ops->to_host(ops->warp_blend({ref}, flows, logits, 1, Sampling::cubic), out.data());
        for (float value : out) EXPECT_NEAR(value, 0.5f, 1e-6f);
    }
}

TEST(OneDnnOpsTest, MissingWeightIsReported) {
    MemoryWeights weights;
    std::unique_ptr<InferenceOps> ops = make_onednn_ops(weights, Precision::fp32);
    ops->depthwise_weight("x", 4);
    EXPECT_EQ(ops->status().code(), Code::model);
}

TEST(OneDnnOpsTest, BuffersAreReused) {
    MemoryWeights weights;
    onednn::OneDnnOps ops(weights, Precision::fp32);
    auto run = [&] {
        Tensor x = ops.zeros({1, 32, 100, 100});
        for (int i = 0; i < 10; ++i) x = ops.affine(x, 1, 1);
    };
    run();
    size_t after_first = ops.pool().allocated_bytes();
    EXPECT_LE(after_first, 3 * size_t{32 * 100 * 100 * 4 + 8192});
    for (int i = 0; i < 5; ++i) run();
    EXPECT_EQ(ops.pool().allocated_bytes(), after_first);
}

TEST(OneDnnOpsTest, KeptMemoryIsBounded) {
    auto pool = onednn::BufferPool::create();
    size_t largest = 0;
    for (size_t size = 1; size < 40; ++size) {
        auto buffer = pool->take(size << 20);
        largest = size << 20;
    }
    EXPECT_LE(pool->allocated_bytes(), largest * 3 / 2 + 8192);
}

}  // namespace
}  // namespace gvc::nn
