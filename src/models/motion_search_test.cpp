#include "models/motion_search.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace gvc::models {
namespace {

// Value noise on a lattice of 6 half-size pixels, moved by (dx, dy): no period that matching could
// mistake.
SearchPicture noise(int width, int height, float dx, float dy, int threads = 1) {
    const auto lattice = [](int x, int y) {
        uint32_t h = uint32_t(x) * 0x9E3779B1u ^ uint32_t(y) * 0x85EBCA77u;
        h = (h ^ (h >> 15)) * 0x2C1B3C6Du;
        return float((h ^ (h >> 13)) & 0xffff) / 65535.0f;
    };
    std::vector<float> rgb(size_t(3 * width * height));
    for (int c = 0; c < 3; ++c)
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x) {
                const float u = (float(x) - dx) / 6 + 100, v = (float(y) - dy) / 6 + 100;
                const int i = int(u), j = int(v);
                const float a = u - float(i), b = v - float(j);
                rgb[size_t((c * height + y) * width + x)] =
                    (1 - b) * ((1 - a) * lattice(i, j) + a * lattice(i + 1, j)) +
                    b * ((1 - a) * lattice(i, j + 1) + a * lattice(i + 1, j + 1));
            }
    return search_picture(rgb.data(), width, height, threads);
}

// Mean error of the vectors in half-size pixels, away from edges that content came in over.
float mean_error(const MotionField& field, float dx, float dy, int border) {
    float sum = 0, count = 0;
    for (int y = border; y < field.height - border; ++y)
        for (int x = border; x < field.width - border; ++x) {
            const CellVector v = field.vectors[size_t(y * field.width + x)];
            sum += std::abs(float(v.x) / kVectorUnits - dx);
            sum += std::abs(float(v.y) / kVectorUnits - dy);
            ++count;
        }
    return sum / count;
}

TEST(MotionSearchTest, FindsWholePixels) {
    const SearchPicture reference = noise(128, 96, 0, 0);
    for (auto [dx, dy] : {std::pair{3, 0}, {0, -5}, {-9, 7}}) {
        const auto field = search_motion(noise(128, 96, float(dx), float(dy)), reference, {}, {});
        EXPECT_LT(mean_error(field, float(-dx), float(-dy), 2), 0.05f) << dx << " " << dy;
        const size_t middle = size_t(field.height / 2 * field.width + field.width / 2);
        EXPECT_LT(field.cost[middle], 2.0f);
        EXPECT_GT(field.still_cost[middle], 10.0f);
    }
}

TEST(MotionSearchTest, FindsPartsOfAPixel) {
    const SearchPicture reference = noise(128, 96, 0, 0);
    for (auto [dx, dy] : {std::pair{0.5f, 0.25f}, {-2.3f, 1.6f}}) {
        const auto field = search_motion(noise(128, 96, dx, dy), reference, {}, {});
        EXPECT_LT(mean_error(field, -dx, -dy, 2), 0.2f) << dx << " " << dy;
    }
}

TEST(MotionSearchTest, FindsFarMotion) {
    const auto field = search_motion(noise(256, 192, 30, -28), noise(256, 192, 0, 0), {}, {});
    EXPECT_LT(mean_error(field, -30, 28, 6), 0.5f);
}

TEST(MotionSearchTest, StillAndFlatPicturesDoNotMove) {
    const SearchPicture picture = noise(64, 64, 0, 0);
    const std::vector<float> grey(3 * 64 * 64, 0.5f), dark(3 * 64 * 64, 0.4f);
    const SearchPicture flat = search_picture(grey.data(), 64, 64, 1);
    const SearchPicture darker = search_picture(dark.data(), 64, 64, 1);
    // Nonsense to start from does not change it.
    const std::vector<CellVector> wild(64, CellVector{kLongestVector, -kLongestVector});
    for (const auto& field : {search_motion(picture, picture, {}, {}),
                              search_motion(picture, picture, {wild, {}, {}}, {}),
                              search_motion(flat, flat, {wild, {}, {}}, {}),
                              search_motion(darker, flat, {wild, {}, {}}, {})})
        for (size_t i = 0; i < field.vectors.size(); ++i) {
            EXPECT_EQ(field.vectors[i], CellVector{}) << i;
            EXPECT_EQ(field.cost[i], field.still_cost[i]) << i;
        }
}

TEST(MotionSearchTest, TakesAGoodPrediction) {
    // Farther than the coarse match looks, in one component with what it may add.
    const auto field = search_motion(noise(256, 96, 16, 3), noise(256, 96, 0, 0),
                                     {std::vector<CellVector>(32 * 12, {-256, -48}), {}, {}}, {});
    EXPECT_LT(mean_error(field, -16, -3, 3), 0.05f);
}

// Sides that are no whole number of cells, pictures smaller than the window, content that leaves
// the picture.
TEST(MotionSearchTest, OddSizes) {
    for (auto [w, h] : {std::pair{4, 4}, {12, 4}, {4, 36}, {44, 28}}) {
        const auto field = search_motion(noise(w, h, 40, 40), noise(w, h, 0, 0), {},
                                         {1, SearchEffort::thorough, 20});
        EXPECT_EQ(field.width, (w + 4) / 8);
        EXPECT_EQ(field.height, (h + 4) / 8);
        EXPECT_EQ(field.vectors.size(), size_t(field.width * field.height));
        for (const CellVector& v : field.vectors)
            EXPECT_LE(std::max(std::abs(v.x), std::abs(v.y)), kLongestVector);
    }
}

TEST(MotionSearchTest, ThreadsChangeNothing) {
    MotionField fields[2];
    for (int i = 0; i < 2; ++i) {
        const int threads = i == 0 ? 1 : 3;
        fields[i] =
            search_motion(noise(256, 256, 3.3f, -4.7f, threads), noise(256, 256, 0, 0, threads), {},
                          {threads, SearchEffort::thorough, 4});
    }
    EXPECT_EQ(fields[0].vectors, fields[1].vectors);
    EXPECT_EQ(fields[0].cost, fields[1].cost);
}

// Two halves that move differently, with errors of matching sprinkled in.
SearchPicture halves(int width, int height, float left, float right) {
    const SearchPicture a = noise(width, height, left, 0), b = noise(width, height, right, 0);
    std::vector<float> rgb(size_t(3 * width * height));
    for (int c = 0; c < 3; ++c)
        for (int y = 0; y < height; ++y)
            for (int x = 0; x < width; ++x)
                rgb[size_t((c * height + y) * width + x)] =
                    float((*(x < width / 2 ? a : b).half.at(x, y) + 37 * x * y % 11) / 255.0);
    return search_picture(rgb.data(), width, height, 1);
}

size_t edges(const MotionField& f) {
    size_t count = 0;
    for (int y = 0; y < f.height; ++y)
        for (int x = 1; x < f.width; ++x)
            count += f.vectors[size_t(y * f.width + x)] != f.vectors[size_t(y * f.width + x - 1)];
    return count;
}

TEST(MotionSearchTest, SmoothFieldsAreWholeAreas) {
    const SearchPicture now = halves(256, 128, 6, -5), reference = noise(256, 128, 0, 0);
    const auto rough = search_motion(now, reference, {}, {});
    const auto smooth = search_motion(now, reference, {}, {1, SearchEffort::thorough, 8});
    EXPECT_GT(edges(rough), 3 * edges(smooth));
    EXPECT_GE(edges(smooth), size_t(smooth.height / 2));  // but for the one that is there
    EXPECT_NEAR(smooth.vectors[size_t(8 * smooth.width + 4)].x, -6 * kVectorUnits, 4);
    EXPECT_NEAR(smooth.vectors[size_t(8 * smooth.width + 27)].x, 5 * kVectorUnits, 4);
}

// It is deviations from what is expected that are smooth, not the vectors.
TEST(MotionSearchTest, WhatIsExpectedIsKept) {
    const SearchPicture now = halves(256, 128, 6, -5), reference = noise(256, 128, 0, 0);
    std::vector<CellVector> expected;
    for (int i = 0; i < 32 * 16; ++i)
        expected.push_back({int16_t((i % 32 < 16 ? -6 : 5) * kVectorUnits + i % 2), 0});
    const auto field =
        search_motion(now, reference, {{}, expected, {}}, {1, SearchEffort::quick, 8});
    size_t kept = 0;
    for (size_t i = 0; i < expected.size(); ++i) kept += field.vectors[i] == expected[i];
    EXPECT_GT(kept, 9 * expected.size() / 10);
}

TEST(MotionSearchTest, WhatFitsNoBetterThanTheCeilingIsNotSought) {
    const SearchPicture now = noise(256, 128, 6, 0), reference = noise(256, 128, 0, 0);
    const auto field =
        search_motion(now, reference, {{}, {}, std::vector<float>(32 * 16, 0.5f)}, {});
    for (size_t i = 0; i < field.vectors.size(); ++i) {
        EXPECT_EQ(field.vectors[i], CellVector{});
        EXPECT_LE(field.cost[i], 0.5f);
    }
}

}  // namespace
}  // namespace gvc::models
