// A published network against another implementation of it, and what is no network at all.
#include "models/tflite.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/file_io.h"

namespace gvc::models {
namespace {

std::string shared_network() {
    const char* set = std::getenv("GVC_SHARED");
    return (set ? std::string(set) : std::string(GVC_SOURCE_DIR) + "/../shared") +
           "/models/segment/deeplabv3_257_mv_gpu.tflite";
}

TEST(Tflite, DeepLab) {
    const auto file = read_file(shared_network());
    if (!file.ok()) GTEST_SKIP() << "no " << shared_network();
    const auto network = TfliteNetwork::parse(*file);
    ASSERT_TRUE(network.ok()) << network.status().message();
    EXPECT_EQ(network->input().shape, (std::vector<int>{1, 257, 257, 3}));
    EXPECT_EQ(network->output().shape, (std::vector<int>{1, 257, 257, 21}));
    // Waves, and what Arm NN 20.08 (CpuRef) makes of them.
    std::vector<float> picture(network->input().count());
    for (size_t i = 0; i < picture.size(); ++i) {
        const auto x = static_cast<float>(i / 3 % 257), y = static_cast<float>(i / 3 / 257);
        const auto c = static_cast<float>(i % 3);
        picture[i] = std::sin(0.07f * x * (c + 1)) * std::cos(0.05f * y);
    }
    const auto answer = network->run(picture);
    ASSERT_EQ(answer.size(), network->output().count());
    struct Expected {
        size_t y, x, category;
        float score;
    };
    constexpr Expected kExpected[] = {{0, 0, 0, 16.9246f},     {0, 256, 3, 12.2970f},
                                      {64, 64, 0, 18.6945f},   {64, 64, 15, 8.2613f},
                                      {128, 128, 7, 6.9038f},  {128, 129, 20, 9.1188f},
                                      {200, 31, 12, 8.0168f},  {256, 0, 9, 11.5498f},
                                      {256, 256, 0, 14.9498f}, {17, 240, 15, 7.8552f}};
    for (const Expected& e : kExpected) {
        EXPECT_NEAR(answer[(e.y * 257 + e.x) * 21 + e.category], e.score, 1e-3);
    }
}

TEST(Tflite, DamagedFilesAreRefused) {
    const auto file = read_file(shared_network());
    if (!file.ok()) GTEST_SKIP() << "no " << shared_network();
    EXPECT_EQ(TfliteNetwork::parse({}).status().code(), Code::model);
    const std::span<const std::byte> bytes(*file);
    for (const size_t length : {size_t{4}, size_t{100}, bytes.size() / 2, bytes.size() - 1000}) {
        EXPECT_FALSE(TfliteNetwork::parse(bytes.first(length)).ok()) << length;
    }
    // Tables lie at the beginning and the end; whatever is wrong there, nothing is read outside.
    auto damaged = *file;
    for (size_t i = 0; i < 4000; i += 37) {
        const std::byte first = damaged[i], last = damaged[damaged.size() - 1 - i];
        damaged[i] = damaged[damaged.size() - 1 - i] = std::byte{0xff};
        (void)TfliteNetwork::parse(damaged);
        damaged[i] = first;
        damaged[damaged.size() - 1 - i] = last;
    }
}

}  // namespace
}  // namespace gvc::models
