#include "models/global_motion.h"

#include <gtest/gtest.h>

#include <cmath>

namespace gvc::models {
namespace {

MotionField field_of(int width, int height, const Affine& motion) {
    return {width, height, affine_field(motion, width, height), {}, {}};
}

TEST(GlobalMotion, FieldsFollowTheFormula) {
    constexpr int kWidth = 12, kHeight = 8;
    const Affine motion{300, -70, 25, -410, 37, -11};
    const auto field = affine_field(motion, kWidth, kHeight);
    ASSERT_EQ(field.size(), size_t{kWidth * kHeight});
    for (int y = 0; y < kHeight; ++y)
        for (int x = 0; x < kWidth; ++x) {
            const double px = 16 * (x + 0.5) - 8 * kWidth, py = 16 * (y + 0.5) - 8 * kHeight;
            const CellVector v = field[size_t(y * kWidth + x)];
            EXPECT_NEAR(v.x, 8 * (300 * px - 70 * py) / 16384 + 37, 0.51);
            EXPECT_NEAR(v.y, 8 * (25 * px - 410 * py) / 16384 - 11, 0.51);
        }
}

// What a damaged stream may say.
TEST(GlobalMotion, FieldsAreBounded) {
    const Affine wild{32767, -32768, 32767, -32768, 32767, -32768};
    for (const CellVector& v : affine_field(wild, 256, 144)) {
        EXPECT_LE(std::abs(v.x), kLongestVector);
        EXPECT_LE(std::abs(v.y), kLongestVector);
    }
}

TEST(GlobalMotion, IsFoundAgain) {
    for (const Affine& motion :
         {Affine{}, Affine{0, 0, 0, 0, 100, -3}, Affine{120, 0, 0, 120, 0, 0},
          Affine{-80, 200, -200, -80, -40, 64}}) {
        const Affine found = common_motion(field_of(52, 30, motion));
        EXPECT_NEAR(found.xx, motion.xx, 4);
        EXPECT_NEAR(found.xy, motion.xy, 4);
        EXPECT_NEAR(found.yx, motion.yx, 4);
        EXPECT_NEAR(found.yy, motion.yy, 4);
        EXPECT_NEAR(found.tx, motion.tx, 1);
        EXPECT_NEAR(found.ty, motion.ty, 1);
    }
}

// A third of the picture goes elsewhere, and another part of it is noise.
TEST(GlobalMotion, WhatMovesOtherwiseDoesNotCount) {
    const Affine motion{60, 0, 0, 60, 48, 16};
    MotionField field = field_of(52, 30, motion);
    for (size_t i = 0; i < field.vectors.size(); ++i) {
        const size_t x = i % 52;
        if (x < 16) field.vectors[i] = {-200, 90};
        if (x >= 48)
            field.vectors[i] = {int16_t(37 * i % 1000 - 500), int16_t(91 * i % 1000 - 500)};
    }
    const Affine found = common_motion(field);
    EXPECT_NEAR(found.xx, motion.xx, 12);
    EXPECT_NEAR(found.yy, motion.yy, 12);
    EXPECT_NEAR(found.tx, motion.tx, 2);
    EXPECT_NEAR(found.ty, motion.ty, 2);
}

TEST(GlobalMotion, OneRowOfCellsIsEnough) {
    const Affine found = common_motion(field_of(1, 1, {0, 0, 0, 0, 24, 8}));
    EXPECT_EQ(found, (Affine{0, 0, 0, 0, 24, 8}));
}

}  // namespace
}  // namespace gvc::models
