#include "train/lpips_distance.h"

#include <gtest/gtest.h>

namespace gvc::train {
namespace {

// As the formula says it, in double precision.
at::Tensor plain(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weight) {
    const auto unit = [](const at::Tensor& x) {
        const at::Tensor f = x.to(at::kDouble);
        return f / ((f * f).sum(1, true) + 1e-10).sqrt();
    };
    return ((unit(a) - unit(b)).square() * weight.to(at::kDouble))
        .sum(1)
        .mean(at::IntArrayRef{1, 2});
}

struct Both {
    at::Tensor value, gradient;
};

// Value, and gradient of a weighted sum of the items.
template <typename Distance>
Both run(Distance distance, const at::Tensor& a, const at::Tensor& b, const at::Tensor& weight) {
    const at::Tensor x = a.detach().clone().requires_grad_(true);
    const at::Tensor value = distance(x, b, weight);
    const at::Tensor shares = at::arange(1, a.size(0) + 1, value.options()) / 3;
    (value * shares).sum().backward();
    return {value.detach().to(at::kDouble), x.grad().to(at::kDouble)};
}

// Largest difference over the largest value.
double apart(const at::Tensor& a, const at::Tensor& b) {
    return ((a - b).abs().max() / b.abs().max()).item<double>();
}

struct Case {
    int64_t items, channels, height, width;
};

class LpipsDistance : public testing::TestWithParam<Case> {
  protected:
    void SetUp() override {
        torch::manual_seed(2);
        const auto& [n, c, h, w] = GetParam();
        a_ = torch::randn({n, c, h, w}).relu();  // features are rectified
        b_ = (a_ + 0.3 * torch::randn({n, c, h, w})).relu();
        weight_ = torch::rand({1, c, 1, 1});
    }
    at::Tensor a_, b_, weight_;
};

TEST_P(LpipsDistance, SinglePrecisionIsTheFormula) {
    const Both got = run(lpips_distance, a_, b_, weight_);
    const Both want = run(plain, a_, b_, weight_);
    ASSERT_EQ(got.value.sizes(), want.value.sizes());
    EXPECT_LT(apart(got.value, want.value), 1e-5);
    EXPECT_LT(apart(got.gradient, want.gradient), 1e-4);
}

TEST_P(LpipsDistance, HalfPrecisionIsTheFormulaOfRoundedFeatures) {
    const at::Tensor a = a_.to(at::kBFloat16), b = b_.to(at::kBFloat16);
    const Both got = run(lpips_distance, a, b, weight_);
    const Both want = run(plain, a, b, weight_);
    EXPECT_LT(apart(got.value, want.value), 1e-5);        // sums are in single precision
    EXPECT_LT(apart(got.gradient, want.gradient), 5e-3);  // and gradients rounded to 8 bits
}

TEST_P(LpipsDistance, OrderInMemoryDoesNotMatter) {
    const Both rows = run(lpips_distance, a_, b_, weight_);
    const auto last = at::MemoryFormat::ChannelsLast;
    const Both mixed = run(lpips_distance, a_.contiguous(last), b_, weight_);
    EXPECT_LT(apart(mixed.value, rows.value), 1e-6);
    EXPECT_LT(apart(mixed.gradient, rows.gradient), 1e-6);
    const at::Tensor wide = at::cat({b_, a_}, 3);
    const Both view = run(lpips_distance, a_, wide.narrow(3, 0, a_.size(3)), weight_);
    EXPECT_LT(apart(view.value, rows.value), 1e-6);
}

TEST_P(LpipsDistance, EqualFeaturesAreNotApart) {
    const Both got = run(lpips_distance, a_, a_, weight_);
    EXPECT_LT(got.value.abs().max().item<double>(), 1e-10);
    EXPECT_LT(got.gradient.abs().max().item<double>(), 1e-6);
}

INSTANTIATE_TEST_SUITE_P(Shapes, LpipsDistance,
                         testing::Values(Case{1, 1, 3, 3}, Case{2, 64, 15, 13}, Case{3, 7, 1, 5},
                                         Case{2, 512, 4, 4}));

TEST(LpipsDistanceAtZero, FeaturesThatAreAllZeroHaveAFiniteGradient) {
    const at::Tensor zero = torch::zeros({1, 16, 2, 2}), b = torch::rand({1, 16, 2, 2});
    const at::Tensor weight = torch::ones({1, 16, 1, 1});
    for (const auto type : {at::kFloat, at::kBFloat16}) {
        const Both got = run(lpips_distance, zero.to(type), b.to(type), weight);
        const Both want = run(plain, zero.to(type), b.to(type), weight);
        EXPECT_TRUE(got.gradient.isfinite().all().item<bool>());
        EXPECT_LT(apart(got.value, want.value), 1e-5);
        EXPECT_LT(apart(got.gradient, want.gradient), 5e-3);
    }
}

TEST(LpipsDistanceGradient, FlowsIntoTheFirstFeaturesOnly) {
    const at::Tensor a = torch::rand({1, 8, 4, 4}).requires_grad_(true);
    const at::Tensor b = torch::rand({1, 8, 4, 4}).requires_grad_(true);
    lpips_distance(a, b, torch::ones({1, 8, 1, 1})).sum().backward();
    EXPECT_TRUE(a.grad().defined());
    EXPECT_FALSE(b.grad().defined());
}

}  // namespace
}  // namespace gvc::train
