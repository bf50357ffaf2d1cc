// Where the encoder is told to look. Whether the detector finds people is detector_test.cpp's.
#include "eval/faces.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace gvc::eval {
namespace {

constexpr int kWidth = 320, kHeight = 240;
constexpr size_t kPlane = static_cast<size_t>(kWidth) * kHeight;
using Colour = std::array<float, 3>;
constexpr Colour kSkin{0.85f, 0.62f, 0.50f}, kDarkSkin{0.36f, 0.22f, 0.16f};

size_t place(int x, int y) { return static_cast<size_t>(y) * kWidth + static_cast<size_t>(x); }

struct Scene {
    std::vector<float> rgb = std::vector<float>(3 * kPlane, 0.4f);  // grey

    void paint(const Colour& colour, int left, int top, int right, int bottom) {
        for (size_t c = 0; c < 3; ++c)
            for (int y = top; y < bottom; ++y)
                for (int x = left; x < right; ++x) rgb[c * kPlane + place(x, y)] = colour[c];
    }
    std::vector<float> weights(const std::vector<Box>& objects) const {
        return face_weights(objects, rgb, kWidth, kHeight);
    }
};

// From (80, 40) to (200, 220); the head would be in its middle: x from 104 to 176, y to 103.
Box person(double score = 0.8) {
    return {80.0 / kWidth, 40.0 / kHeight, 200.0 / kWidth, 220.0 / kHeight, score, 0};
}

TEST(Faces, SkinOfAllComplexionsWeighsMost) {
    for (const Colour& colour : {kSkin, kDarkSkin}) {
        Scene scene;
        scene.paint(colour, 80, 48, 104, 72);  // beside where heads are
        const auto weights = scene.weights({person()});
        ASSERT_EQ(weights.size(), kPlane);
        EXPECT_GT(weights[place(92, 60)], 3.0f);
        EXPECT_EQ(weights[place(92, 60)], *std::max_element(weights.begin(), weights.end()));
        EXPECT_GT(weights[place(140, 60)], 1.5f) << "a head, whatever its colour";
        EXPECT_LT(weights[place(140, 60)], weights[place(92, 60)]);
        EXPECT_EQ(weights[place(140, 180)], 1.0f) << "the body";
        EXPECT_EQ(weights[place(280, 60)], 1.0f) << "the background";
    }
}

TEST(Faces, ColoursThatAreEverywhereAreNoSkin) {
    Scene scene;
    scene.paint(kSkin, 0, 0, kWidth, kHeight);
    const auto weights = scene.weights({person()});
    EXPECT_EQ(weights[place(92, 60)], 1.0f);
    EXPECT_GT(weights[place(140, 60)], 1.5f);
}

TEST(Faces, SmallOnesWeighMoreThanLargeOnes) {
    Scene near, far;
    near.paint(kSkin, 80, 40, 200, 130);
    far.paint(kSkin, 120, 48, 136, 64);
    const auto most = [](const std::vector<float>& w) {
        return *std::max_element(w.begin(), w.end());
    };
    EXPECT_GT(most(far.weights({person()})), 1.5f * most(near.weights({person()})));
}

TEST(Faces, NobodyNothing) {
    Scene scene;
    scene.paint(kSkin, 80, 48, 104, 72);
    EXPECT_TRUE(scene.weights({}).empty());
    EXPECT_TRUE(scene.weights({person(0.3)}).empty());
    Box dog = person();
    dog.category = 16;
    EXPECT_TRUE(scene.weights({dog}).empty());
}

TEST(Faces, BoxesAndPicturesAsTheyCome) {
    const Scene scene;
    Box outside = person();
    outside.left = -0.4, outside.right = 1.7, outside.top = -0.9, outside.bottom = 1.2;
    Box inverted = person();
    std::swap(inverted.left, inverted.right);
    for (const Box& box : {outside, inverted}) {
        for (const float weight : scene.weights({box})) {
            ASSERT_GE(weight, 1.0f);
            ASSERT_LE(weight, 10.0f);
        }
    }
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> tiny(3 * 33 * 35, nan);
    EXPECT_EQ(face_weights({{person()}}, tiny, 33, 35).size(), 33u * 35u);
}

}  // namespace
}  // namespace gvc::eval
