// The shipped weights, where the tree has them.
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "codec/detail.h"
#include "codec/stream_testonly.h"

namespace gvc::codec {
namespace {

double psnr(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return -10 * std::log10(sum / static_cast<double>(a.size()));
}

TEST(TrainedWeights, CodeARecognisablePicture) {
    const std::string folder = std::string(GVC_SOURCE_DIR) + "/models/";
    ModelOptions options;
    options.tokeniser_path = folder + "tokeniser.safetensors";
    options.refiner_path = folder + "refiner-s.safetensors";
    if (!std::filesystem::exists(options.tokeniser_path)) GTEST_SKIP() << "no weights in models/";
    if (!std::filesystem::exists(options.refiner_path)) options.refiner_path.clear();
    const auto model = Model::load(options);
    ASSERT_TRUE(model.ok()) << model.status().message();

    const PictureSize size{256, 192};
    size_t before = 0;
    for (int qp : {31, 16, 0}) {
        const auto encoding = test_encode(**model, test_options(size, qp), 13);
        EXPECT_GT(encoding.bytes(), before);
        before = encoding.bytes();
        const auto decoding = test_decode(**model, all_packets(encoding), {});
        ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
        ASSERT_EQ(decoding.frames.size(), 13u);
        for (size_t i = 0; i < 13; ++i) {
            const double least = qp == 31 ? 10 : 15;  // a grey picture has about 14
            EXPECT_GT(psnr(decoding.frames[i].rgb, test_picture(size, double(i))), least) << qp;
        }
    }
}

// Size S: what a decoder's speed rests on. A larger network does not slip in unseen.
TEST(TrainedWeights, RefinerOfTheAv1BaseTakes16ThousandProductsAPixel) {
    const std::string folder = std::string(GVC_SOURCE_DIR) + "/models/";
    ModelOptions options;
    options.tokeniser_path = folder + "tokeniser.safetensors";
    options.hybrid_path = folder + "refiner-av1-s.safetensors";
    options.count = true;
    if (!std::filesystem::exists(options.hybrid_path)) GTEST_SKIP() << "no weights in models/";
    const auto model = Model::load(options);
    ASSERT_TRUE(model.ok()) << model.status().message();
    nn::Ops& ops = (*model)->ops();
    constexpr int kFrames = 4, kSide = 128;
    models::HybridInput input;
    input.rgb = input.previous = ops.zeros({kFrames, 3, kSide, kSide});
    const entropy::DetailSize detail = detail_size({kSide, kSide});
    input.detail = ops.zeros({kFrames, detail.channels, detail.rows, detail.columns});
    input.crfs = input.scales = input.bpps = std::vector<float>(kFrames, 1.0f);
    (*model)->hybrid()->run(ops, input, kFrames);
    const double pixels = double(kFrames) * kSide * kSide;
    EXPECT_NEAR(static_cast<double>(ops.products()) / pixels, 15970, 30);
}

}  // namespace
}  // namespace gvc::codec
