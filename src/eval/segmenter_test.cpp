#include "eval/segmenter.h"

#include <gtest/gtest.h>

namespace gvc::eval {
namespace {

TEST(MaskAgreement, KnownAnswers) {
    const std::vector<uint8_t> nothing(6, 0);
    const std::vector<uint8_t> person{15, 15, 15, 15, 0, 0}, moved{0, 0, 15, 15, 15, 15};
    EXPECT_EQ(mask_agreement(nothing, nothing, 0).iou(), 1);
    EXPECT_EQ(mask_agreement(person, person, 0).iou(), 1);
    EXPECT_EQ(mask_agreement(person, nothing, 0).iou(), 0);
    EXPECT_NEAR(mask_agreement(person, moved, 0).iou(), 2.0 / 6, 1e-12);
    EXPECT_NEAR(mask_agreement(person, moved, kPersonClass).iou(), 2.0 / 6, 1e-12);
    const std::vector<uint8_t> dog{12, 12, 15, 15, 0, 0};
    EXPECT_NEAR(mask_agreement(person, dog, kPersonClass).iou(), 2.0 / 4, 1e-12);
    // Two pixels agree; the two others are in the union of the persons and in that of the dogs.
    EXPECT_NEAR(mask_agreement(person, dog, 0).iou(), 2.0 / 6, 1e-12);
}

TEST(Segmenter, MissingWeightsAreNamed) {
    const auto segmenter = Segmenter::open("/nonexistent");
    EXPECT_EQ(segmenter.status().code(), Code::model);
    EXPECT_FALSE(segmenter.status().hint().empty());
}

}  // namespace
}  // namespace gvc::eval
