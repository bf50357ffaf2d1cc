// J and F on masks whose answer is known.
#include "eval/vos.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "eval/process.h"

namespace gvc::eval {
namespace {

// A square whose left top corner is at x, y.
Mask square(int x, int y, int side, int width = 100, int height = 80) {
    Mask m{width, height, std::vector<uint8_t>(static_cast<size_t>(width) * height)};
    for (int v = y; v < y + side; ++v) {
        for (int u = x; u < x + side; ++u) m.inside[static_cast<size_t>(v) * width + u] = 1;
    }
    return m;
}

Mask disc(int x, int y, int radius) {
    Mask m = square(0, 0, 0);
    for (int v = 0; v < m.height; ++v) {
        for (int u = 0; u < m.width; ++u) {
            m.inside[static_cast<size_t>(v) * m.width + u] =
                (u - x) * (u - x) + (v - y) * (v - y) <= radius * radius;
        }
    }
    return m;
}

const Mask kEmpty = square(0, 0, 0);

TEST(Vos, RegionSimilarity) {
    EXPECT_EQ(region_similarity(square(10, 10, 20), square(10, 10, 20)), 1);
    EXPECT_NEAR(region_similarity(square(10, 10, 20), square(20, 10, 20)), 200.0 / 600, 1e-12);
    EXPECT_EQ(region_similarity(square(10, 10, 20), square(40, 40, 20)), 0);
    EXPECT_EQ(region_similarity(kEmpty, kEmpty), 1);
    EXPECT_EQ(region_similarity(square(10, 10, 20), kEmpty), 0);
}

TEST(Vos, ContourAccuracy) {
    // The diagonal is 128, so contours may be 2 pixels off.
    EXPECT_EQ(contour_accuracy(square(10, 10, 20), square(10, 10, 20)), 1);
    EXPECT_EQ(contour_accuracy(square(10, 10, 20), square(12, 10, 20)), 1);
    EXPECT_LT(contour_accuracy(square(10, 10, 20), square(13, 10, 20)), 0.6);
    EXPECT_EQ(contour_accuracy(square(10, 10, 20), square(60, 50, 20)), 0);
    EXPECT_EQ(contour_accuracy(kEmpty, kEmpty), 1);
    EXPECT_EQ(contour_accuracy(square(10, 10, 20), kEmpty), 0);
    EXPECT_EQ(contour_accuracy(kEmpty, square(10, 10, 20)), 0);
}

// Values of DAVIS' own formula (db_eval_boundary) in NumPy and SciPy.
TEST(Vos, ContourAccuracyEqualsDavis) {
    EXPECT_NEAR(contour_accuracy(square(10, 10, 20), square(20, 10, 20)), 0.375, 1e-12);
    EXPECT_NEAR(contour_accuracy(square(10, 10, 20), square(13, 10, 20)), 0.55, 1e-12);
    EXPECT_NEAR(contour_accuracy(square(10, 10, 20), square(12, 14, 25)), 0.27610619469026554,
                1e-12);
    EXPECT_NEAR(contour_accuracy(square(80, 60, 20), square(78, 60, 20)), 0.8269230769230769, 1e-12)
        << "at the border";
    EXPECT_NEAR(contour_accuracy(disc(40, 40, 20), disc(44, 41, 22)), 0.5143832917378168, 1e-12);
}

TEST(Vos, Statistics) {
    const VosStatistics s = vos_statistics({1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3});
    EXPECT_NEAR(s.mean, 0.65, 1e-12);
    EXPECT_NEAR(s.recall, 5.0 / 8, 1e-12);
    // DAVIS' cuts of 8 values are 0 2 4 5 7: the first three less the last three.
    EXPECT_NEAR(s.decay, 0.9 - 0.4, 1e-12);
    EXPECT_NEAR(vos_statistics({0.5}).recall, 0, 1e-12);
}

class VosFolders : public testing::Test {
  protected:
    void SetUp() override {
        if (!run_process({"ffmpeg", "-version"}).ok()) GTEST_SKIP() << "no ffmpeg";
        std::filesystem::create_directories(root_);
    }
    // Five frames with a box of one colour.
    std::string folder(const std::string& name, const std::string& colour, int x, int frames = 5) {
        const std::string path = root_ + "/" + name;
        std::filesystem::remove_all(path);
        std::filesystem::create_directories(path);
        const auto made = run_checked(
            {"ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=black:size=100x80,format=rgb24",
             "-vf", "drawbox=" + std::to_string(x) + ":10:20:20:" + colour + ":fill", "-frames:v",
             std::to_string(frames), path + "/%05d.png"});
        EXPECT_TRUE(made.ok()) << made.status().message();
        return path;
    }
    const std::string root_ = testing::TempDir() + "/vos_test";
};

TEST_F(VosFolders, AreEvaluatedByObject) {
    const std::string truth = folder("truth", "red", 10), found = folder("found", "red", 20);
    const auto same = evaluate_masks("box", truth, truth);
    ASSERT_TRUE(same.ok()) << same.status().message();
    ASSERT_EQ(same->size(), 1u);
    EXPECT_EQ((*same)[0].j.mean, 1);
    EXPECT_EQ((*same)[0].f.recall, 1);
    EXPECT_EQ((*same)[0].frames, 3) << "without the first and the last";
    const auto moved = evaluate_masks("box", truth, found);
    ASSERT_TRUE(moved.ok());
    EXPECT_NEAR((*moved)[0].j.mean, 1.0 / 3, 1e-9);
    const auto other = evaluate_masks("box", truth, folder("other", "blue", 10));
    ASSERT_TRUE(other.ok());
    EXPECT_EQ((*other)[0].j.mean, 0) << "of another colour is another object";
}

TEST_F(VosFolders, SayWhatIsWrong) {
    const std::string truth = folder("truth", "red", 10);
    EXPECT_EQ(evaluate_masks("a", truth, folder("short", "red", 10, 4)).status().code(),
              Code::quality);
    EXPECT_EQ(evaluate_masks("a", truth, "/nonexistent").status().code(), Code::input);
}

}  // namespace
}  // namespace gvc::eval
