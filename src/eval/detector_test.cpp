// FastestDet against its published network's output, on the reference and the CPU backend.
#include "eval/detector.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/file_io.h"
#include "nn/reference/reference_ops.h"
#include "weights/safetensors.h"

namespace gvc::eval {
namespace {

const std::string kFolder = std::string(GVC_SOURCE_DIR) + "/models/metrics";
constexpr int kSide = models::kDetectorSide;

std::string shared_vectors() {
    const char* set = std::getenv("GVC_SHARED");
    return (set ? std::string(set) : std::string(GVC_SOURCE_DIR) + "/../shared") +
           "/models/detect/vectors";
}

Result<Detector> on_reference() {
    auto file = weights::SafetensorsFile::open(kFolder + "/fastestdet_coco_fp32.safetensors");
    if (!file.ok()) return file.status();
    const auto weights = models::fastestdet_weights(nn::FileWeights(std::move(*file)));
    return Detector::make(nn::make_reference_ops(weights));
}

// A picture of smooth waves.
std::vector<float> waves(int width, int height, float phase) {
    std::vector<float> rgb(static_cast<size_t>(3) * width * height);
    for (int c = 0; c < 3; ++c) {
        for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
                rgb[(static_cast<size_t>(c) * height + y) * width + x] =
                    0.5f + 0.4f * std::sin(0.07f * x * (c + 1) + phase) * std::cos(0.05f * y);
            }
        }
    }
    return rgb;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

TEST(Detector, SharedVector) {
    const auto picture = read_text(shared_vectors() + "/in_352x352_bgr24.raw");
    const auto expected = read_text(shared_vectors() + "/out_85x22x22_f32.raw");
    if (!picture.ok() || !expected.ok()) GTEST_SKIP() << "no " << shared_vectors();
    constexpr size_t kPlane = static_cast<size_t>(kSide) * kSide;
    std::vector<float> rgb(3 * kPlane), want(85 * 22 * 22);
    ASSERT_EQ(expected->size(), want.size() * sizeof(float));
    std::memcpy(want.data(), expected->data(), expected->size());
    for (size_t i = 0; i < picture->size(); ++i) {
        rgb[(2 - i % 3) * kPlane + i / 3] = static_cast<unsigned char>((*picture)[i]) / 255.0f;
    }
    auto detector = Detector::open(kFolder);
    ASSERT_TRUE(detector.ok()) << detector.status().message();
    const auto raw = detector->raw(rgb.data());
    ASSERT_TRUE(raw.ok());
    for (int cell = 0; cell < 22 * 22; ++cell) {
        // The published answer has object and classes as probabilities.
        EXPECT_NEAR(sigmoid((*raw)[cell]), want[cell], 1e-4);
        for (int c = 1; c < 5; ++c) {
            EXPECT_NEAR((*raw)[c * 484 + cell], want[c * 484 + cell], 2e-3) << c;
        }
    }
    const auto boxes = detector->boxes(rgb.data(), kSide, kSide);
    ASSERT_TRUE(boxes.ok());
    // What the published formula makes of the published answer.
    constexpr std::pair<int, double> kBoxes[] = {{0, 0.83}, {16, 0.71}, {62, 0.56}};
    ASSERT_EQ(boxes->size(), 3u);
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ((*boxes)[i].category, kBoxes[i].first) << "person, dog, screen";
        EXPECT_NEAR((*boxes)[i].score, kBoxes[i].second, 0.006);
    }
}

TEST(Detector, BackendsAgree) {
    auto cpu = Detector::open(kFolder);
    auto reference = on_reference();
    ASSERT_TRUE(cpu.ok()) << cpu.status().message();
    ASSERT_TRUE(reference.ok()) << reference.status().message();
    const auto a = waves(70, 50, 0), b = waves(70, 50, 0.3f);
    const auto on_cpu = cpu->feature_distance(a.data(), b.data(), 70, 50);
    const auto on_ref = reference->feature_distance(a.data(), b.data(), 70, 50);
    ASSERT_TRUE(on_cpu.ok() && on_ref.ok());
    EXPECT_NEAR(*on_cpu, *on_ref, 1e-4);
    EXPECT_GT(*on_cpu, 0.001);
    EXPECT_LT(*on_cpu, 2);
    EXPECT_NEAR(*cpu->feature_distance(a.data(), a.data(), 70, 50), 0, 1e-9);
}

TEST(Detector, MissingWeightsAreNamed) {
    const auto detector = Detector::open("/nonexistent");
    EXPECT_EQ(detector.status().code(), Code::model);
    EXPECT_FALSE(detector.status().hint().empty());
}

TEST(Agreement, KnownAnswers) {
    const Box person{0.1, 0.1, 0.3, 0.5, 0.9, 0}, dog{0.5, 0.5, 0.9, 0.9, 0.8, 16};
    Box near = person;
    near.left += 0.05;  // IoU 0.75
    Box other_class = person;
    other_class.category = 1;
    EXPECT_NEAR(overlap(person, near), 0.75, 1e-9);
    EXPECT_EQ(overlap(person, dog), 0);
    EXPECT_EQ(agreement({}, {}).f1(), 1);
    EXPECT_EQ(agreement({person}, {}).f1(), 0);
    EXPECT_EQ(agreement({person, dog}, {dog, near}).f1(), 1);
    EXPECT_EQ(agreement({person}, {other_class}).f1(), 0);
    EXPECT_NEAR(agreement({person}, {near, near}).f1(), 2.0 / 3, 1e-9) << "a box counts once";
}

}  // namespace
}  // namespace gvc::eval
