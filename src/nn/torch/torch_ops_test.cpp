#include "nn/torch/torch_ops.h"

#include <gtest/gtest.h>

#include "nn/ops_check.h"
#include "nn/torch/torch_activations.h"

namespace gvc::nn {
namespace {

TEST(TorchOpsTest, LikeReference) {
    for (const OpCheck& check : check_ops(
             [](const WeightSource& weights) { return make_torch_ops(weights, false); },
             Precision::fp32, 4, 7))
        EXPECT_TRUE(check.ok()) << check.op << ": error " << check.error << ", allowed "
                                << check.tolerance;
}

// The hand-written gradients against finite differences of the forward pass.
TEST(TorchOpsTest, GradientsOfGatedActivations) {
    torch::manual_seed(3);
    for (Act act : {Act::silu, Act::gelu})
        for (bool sum : {false, true}) {
            at::Tensor x = torch::randn({2, 8, 3, 5}).mul(2);
            at::Tensor direction = torch::randn_like(x);
            auto f = [&](const at::Tensor& v) {
                return (sum ? torch_gated_sum(v, act) : torch_gated(v, act)).sum();
            };
            at::Tensor leaf = x.clone().set_requires_grad(true);
            f(leaf).backward();
            double slope = (leaf.grad() * direction).sum().item<double>();
            const double step = 1e-2;
            double measured = (f(x + direction * step) - f(x - direction * step)).item<double>() /
                              (2 * step);
            EXPECT_NEAR(slope, measured, 2e-3 * (1 + std::abs(measured)));
        }
}

}  // namespace
}  // namespace gvc::nn
