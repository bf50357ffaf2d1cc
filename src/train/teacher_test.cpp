#include "train/teacher.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

namespace gvc::train {
namespace {

template <typename T>
std::vector<T> read(const std::string& path) {
    std::ifstream in(path, std::ios::binary | std::ios::ate);
    std::vector<T> values(static_cast<size_t>(in.tellg()) / sizeof(T));
    in.seekg(0);
    in.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(values.size() * sizeof(T)));
    return values;
}

TEST(Teacher, GivesThePublishedLatents) {
    const char* set = std::getenv("GVC_SHARED");
    const std::string folder =
        (set ? std::string(set) : std::string(GVC_SOURCE_DIR) + "/../shared") + "/models/taef2";
    const std::string weights = folder + "/taef2_fp16.safetensors";
    if (!std::ifstream(weights)) GTEST_SKIP() << "no " << weights;
    const auto teacher = Teacher::load(weights, at::kCPU);
    ASSERT_TRUE(teacher.ok()) << teacher.status().message();

    auto pixels = read<uint8_t>(folder + "/vectors/in_320x240_rgb24.raw");
    auto expected = read<float>(folder + "/vectors/latent_32x30x40_f32.raw");
    const at::Tensor rgb = torch::from_blob(pixels.data(), {1, 240, 320, 3}, at::kByte)
                               .permute({0, 3, 1, 2})
                               .to(at::kFloat) /
                           255.0;
    const at::Tensor latent = teacher->latent(rgb);
    const at::Tensor known = torch::from_blob(expected.data(), {1, 32, 30, 40}, at::kFloat);
    ASSERT_EQ(latent.sizes(), known.sizes());
    EXPECT_LT((latent - known).abs().max().item<double>(), 0.02);
    EXPECT_LT((latent - known).abs().mean().item<double>(), 0.002);
}

TEST(Teacher, OtherWeightsAreRefused) {
    EXPECT_EQ(Teacher::load(
                  std::string(GVC_SOURCE_DIR) + "/models/metrics/lpips_alex_v0.1_fp32.safetensors",
                  at::kCPU)
                  .status()
                  .code(),
              Code::input);
    EXPECT_EQ(Teacher::load("no such file", at::kCPU).status().code(), Code::input);
}

}  // namespace
}  // namespace gvc::train
