// What tests of GOPs with an AV1 base share: random weights for the refiner, a real AV1.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "codec/random_model_testonly.h"
#include "codec/stream_testonly.h"
#include "media/av1_base_coder.h"
#include "media/picture_testonly.h"

namespace gvc::codec {

class Hybrid : public testing::Test {
  protected:
    void SetUp() override {
        static const std::string missing = media::av1_is_missing();
        if (!missing.empty()) GTEST_SKIP() << missing;
        base_ = media::make_av1_base_coder({.preset = 10, .threads = 1, .extra = {}});
        model_ = random_model(31);
    }

    EncoderOptions options(PictureSize size, double qp = 12) const {
        EncoderOptions options = test_options(size, qp);
        options.base_coder = base_.get();
        options.scene_cuts = false;
        return options;
    }
    TestDecoding decode(const std::vector<bitstream::Bytes>& packets, int steps = -1,
                        bool conceal = false) const {
        return test_decode(*model_, packets,
                           {.steps = steps, .conceal = conceal, .base_coder = base_.get()});
    }
    static void expect_equal(const TestDecoding& a, const TestDecoding& b) {
        ASSERT_TRUE(a.status.ok()) << a.status.message();
        ASSERT_TRUE(b.status.ok()) << b.status.message();
        ASSERT_EQ(a.frames.size(), b.frames.size());
        for (size_t i = 0; i < a.frames.size(); ++i) {
            EXPECT_EQ(a.frames[i].pts, b.frames[i].pts);
            ASSERT_TRUE(a.frames[i].rgb == b.frames[i].rgb) << "frame " << i;
        }
    }

    std::unique_ptr<BaseCoder> base_;
    std::unique_ptr<Model> model_;
};

}  // namespace gvc::codec
