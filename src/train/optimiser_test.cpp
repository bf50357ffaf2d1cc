#include "train/optimiser.h"

#include <gtest/gtest.h>
#include <torch/optim/adamw.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace gvc::train {
namespace {

at::Tensor parameter(at::IntArrayRef shape) { return torch::randn(shape).set_requires_grad(true); }

TEST(Muon, IsForDenseConvolutionsAlone) {
    EXPECT_TRUE(is_matrix(torch::zeros({32, 16, 1, 1})));
    EXPECT_TRUE(is_matrix(torch::zeros({16, 2, 3, 3})));   // [16, 18]
    EXPECT_FALSE(is_matrix(torch::zeros({32, 1, 3, 3})));  // depth-wise
    EXPECT_FALSE(is_matrix(torch::zeros({32, 8, 1, 1})));
    EXPECT_FALSE(is_matrix(torch::zeros({8, 32, 1, 1})));
    EXPECT_FALSE(is_matrix(torch::zeros({32, 32})));
    EXPECT_FALSE(is_matrix(torch::zeros({32})));
}

TEST(Muon, MakesSingularValuesAlike) {
    torch::manual_seed(1);
    for (auto [rows, columns] : {std::pair{16, 16}, {96, 40}, {40, 96}}) {
        // Singular values over three orders of magnitude.
        at::Tensor m = torch::randn({rows, columns});
        auto [u, s, v] = at::svd(m);
        m = at::mm(u * at::logspace(0, -2, s.size(0)), v.t());
        const at::Tensor after = std::get<1>(at::svd(orthogonalised(m)));
        EXPECT_LT(after.max().item<float>(), 1.3f) << rows << "x" << columns;
        EXPECT_GT(after.min().item<float>(), 0.3f) << rows << "x" << columns;
        // The same directions: the product of a matrix and its polar factor has no negative part.
        EXPECT_GT(at::mm(orthogonalised(m).t(), m).trace().item<float>(), 0.0f);
    }
}

TEST(Muon, MovesAboutAsFarAsAdam) {
    torch::manual_seed(2);
    at::Tensor p = parameter({64, 32, 1, 1});
    const at::Tensor before = p.detach().clone();
    Muon muon({p});
    p.mutable_grad() = torch::randn({64, 32, 1, 1});
    muon.step(0.01);
    const double moved = (p.detach() - before).square().mean().sqrt().item<double>();
    EXPECT_GT(moved, 0.1 * 0.01);
    EXPECT_LT(moved, 0.4 * 0.01);
}

TEST(Muon, MatricesOfAShapeDoNotMeet) {
    torch::manual_seed(4);
    const at::Tensor a = torch::randn({32, 16, 1, 1}), b = torch::randn({32, 16, 1, 1});
    const at::Tensor of_a = torch::randn_like(a), of_b = torch::randn_like(b);
    const auto moved = [](std::vector<std::pair<at::Tensor, at::Tensor>> all) {
        std::vector<at::Tensor> values;
        for (auto& [value, gradient] : all) {
            values.push_back(value.clone().set_requires_grad(true));
            values.back().mutable_grad() = gradient;
        }
        Muon muon(values);
        for (int i = 0; i < 3; ++i) muon.step(0.01);
        return values[0].detach();
    };
    EXPECT_TRUE(at::allclose(moved({{a, of_a}, {b, of_b}}), moved({{a, of_a}}), 1e-5, 1e-6));
}

TEST(AdamW, IsWhatTheLibrarysIs) {
    torch::manual_seed(5);
    at::Tensor ours = parameter({5, 3}), theirs = ours.detach().clone().set_requires_grad(true);
    at::Tensor left_alone = parameter({2});
    const at::Tensor before = left_alone.detach().clone();
    AdamW adamw({ours, left_alone});
    torch::optim::AdamW library(
        {theirs}, torch::optim::AdamWOptions(0.02).betas({0.9, 0.99}).weight_decay(1e-4));
    for (int i = 0; i < 5; ++i) {
        const at::Tensor gradient = torch::randn({5, 3});
        ours.mutable_grad() = gradient.clone();
        theirs.mutable_grad() = gradient.clone();
        adamw.step(0.02);
        library.step();
    }
    EXPECT_TRUE(at::allclose(ours, theirs, 1e-5, 1e-6));
    EXPECT_TRUE(left_alone.detach().equal(before));
}

TEST(ClipGradients, KeepsTheirDirection) {
    at::Tensor a = parameter({3}), b = parameter({4}), without = parameter({2});
    a.mutable_grad() = torch::full({3}, 2.0);
    b.mutable_grad() = torch::full({4}, 1.0);
    EXPECT_DOUBLE_EQ(clip_gradients({a, without, b}, 5.0), 4.0);  // as they are
    EXPECT_FLOAT_EQ(a.grad()[0].item<float>(), 2.0f);
    EXPECT_DOUBLE_EQ(clip_gradients({a, without, b}, 1.0), 4.0);
    EXPECT_FLOAT_EQ(a.grad()[0].item<float>(), 0.5f);
    EXPECT_FLOAT_EQ(b.grad()[0].item<float>(), 0.25f);
    EXPECT_EQ(clip_gradients({without}, 1.0), 0.0);
}

class OptimiserTest : public ::testing::Test {
  protected:
    OptimiserTest() { torch::manual_seed(3); }
    ~OptimiserTest() override { std::filesystem::remove(path_); }

    // Matrices to fit to `target`, and the rest of a network.
    Trained trained() const {
        return {{parameter({16, 16, 1, 1})}, {parameter({16})}, {parameter({4})}};
    }
    static double error(const Trained& t, const at::Tensor& target) {
        return (t.matrices[0].detach() - target).square().mean().item<double>() +
               t.others[0].detach().square().mean().item<double>() +
               t.quantisers[0].detach().square().mean().item<double>();
    }
    static void step(const Trained& t, Optimiser& optimiser, const at::Tensor& target) {
        optimiser.forget_gradients();
        ((t.matrices[0] - target).square().mean() + t.others[0].square().mean() +
         t.quantisers[0].square().mean())
            .backward();
        optimiser.step(0.02);
    }

    const std::string path_ =
        (std::filesystem::temp_directory_path() / ("gvc_optimiser_" + std::to_string(::getpid())))
            .string();
    const at::Tensor target_ = torch::randn({16, 16, 1, 1});
};

TEST_F(OptimiserTest, EveryKindOfParameterIsFitted) {
    const Trained t = trained();
    Optimiser optimiser(t);
    const double before = error(t, target_);
    for (int i = 0; i < 600; ++i) step(t, optimiser, target_);
    EXPECT_LT(error(t, target_), 0.05 * before);
}

TEST_F(OptimiserTest, GoesOnFromAFileAsIfNeverStopped) {
    const Trained a = trained();
    Optimiser first(a);
    for (int i = 0; i < 3; ++i) step(a, first, target_);
    ASSERT_TRUE(first.save(path_).ok());

    Trained b;
    for (auto [from, to] : {std::pair{&a.matrices, &b.matrices},
                            {&a.others, &b.others},
                            {&a.quantisers, &b.quantisers}})
        for (const at::Tensor& v : *from) to->push_back(v.detach().clone().set_requires_grad(true));
    Optimiser second(b);
    ASSERT_TRUE(second.load(path_).ok());
    step(a, first, target_);
    step(b, second, target_);
    EXPECT_TRUE(a.matrices[0].equal(b.matrices[0]));
    EXPECT_TRUE(a.others[0].equal(b.others[0]));
    EXPECT_TRUE(a.quantisers[0].equal(b.quantisers[0]));
}

TEST_F(OptimiserTest, AnotherNetworksStateIsRefused) {
    Optimiser first(trained());
    ASSERT_TRUE(first.save(path_).ok());
    Trained other = trained();
    other.matrices = {parameter({32, 16, 1, 1})};
    Optimiser second(other);
    EXPECT_EQ(second.load(path_).code(), Code::input);
    std::ofstream(path_) << "not an archive";
    EXPECT_EQ(second.load(path_).code(), Code::input);
    EXPECT_EQ(second.load(path_ + ".none").code(), Code::input);
    EXPECT_EQ(first.save("/no such folder/moments").code(), Code::temporary);
}

}  // namespace
}  // namespace gvc::train
