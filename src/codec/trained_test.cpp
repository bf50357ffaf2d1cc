// The shipped weights, where the tree has them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "codec/detail.h"
#include "codec/stream_testonly.h"
#include "models/lpips_gradient.h"
#include "nn/gradient_weights.h"
#include "nn/onednn/onednn_ops.h"

namespace gvc::codec {
namespace {

double psnr(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return -10 * std::log10(sum / static_cast<double>(a.size()));
}

// A photograph, from interleaved bytes.
constexpr PictureSize kPhotograph{131, 97};

std::vector<float> read_photograph() {
    std::ifstream file(std::string(GVC_SOURCE_DIR) +
                       "/tests/data/lpips/car_jpegq8_odd_a_131x97_rgb24.raw");
    std::vector<float> rgb(kPhotograph.samples());
    for (size_t i = 0; i < rgb.size(); ++i) {
        rgb[i % 3 * rgb.size() / 3 + i / 3] = static_cast<float>(file.get()) / 255.0f;
    }
    EXPECT_TRUE(file.good());
    return rgb;
}

const std::string kModels = std::string(GVC_SOURCE_DIR) + "/models/";

// The shipped tokeniser, for encoders that search.
ModelOptions searching_model() {
    ModelOptions options;
    options.tokeniser_path = kModels + "tokeniser.safetensors";
    options.metrics_folder = kModels + "metrics";
    return options;
}

// LPIPS-Alex of planar RGB pictures against one of them.
class Judge {
  public:
    Judge(const std::vector<float>& original, PictureSize size)
        : shape_{1, 3, size.height, size.width} {
        lpips_.aim(ops_->from_host(shape_, original.data()));
    }
    double distance(const std::vector<float>& rgb) {
        return lpips_.distance(ops_->from_host(shape_, rgb.data()));
    }

  private:
    nn::Shape shape_;
    weights::SafetensorsFile file_ =
        models::open_lpips(kModels + "metrics", models::LpipsNet::alex).value();
    nn::FileWeights source_{file_};
    nn::GradientWeights weights_{source_};
    std::unique_ptr<nn::InferenceOps> ops_ = nn::make_onednn_ops(weights_, nn::Precision::fp32);
    nn::GradientOps recording_{*ops_};
    models::LpipsGradient lpips_{recording_, models::LpipsNet::alex};
};

TEST(TrainedWeights, CodeARecognisablePicture) {
    ModelOptions options;
    options.tokeniser_path = kModels + "tokeniser.safetensors";
    options.refiner_path = kModels + "refiner-s.safetensors";
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
        // The refiner, too, where the weights say that it is not worth its time.
        for (int steps = 0; steps <= ((*model)->refiner() ? 1 : 0); ++steps) {
            const auto decoding = test_decode(**model, all_packets(encoding), {.steps = steps});
            ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
            ASSERT_EQ(decoding.frames.size(), 13u);
            for (size_t i = 0; i < 13; ++i) {
                const double least = qp == 31 ? 10 : 15;  // a grey picture has about 14
                EXPECT_GT(psnr(decoding.frames[i].rgb, test_picture(size, double(i))), least)
                    << qp << ", steps " << steps;
            }
        }
    }
}

// Whether the search pays, and comes to the same each time.
TEST(TrainedWeights, SearchedKeyframesLookBetterForTheirBits) {
    ModelOptions options = searching_model();
    if (!std::filesystem::exists(options.tokeniser_path)) GTEST_SKIP() << "no weights in models/";
    const PictureSize size = kPhotograph;
    const std::vector<float> photograph = read_photograph();
    options.threads = 1;
    const auto encode = [&](int steps) {
        const auto model = Model::load(options);
        EncoderOptions encoder = test_options(size, 16);
        encoder.search_steps.key = steps;
        return test_encode(*model.value(), encoder, 1, [&](int) { return photograph; });
    };
    const auto plain = encode(0), searched = encode(16);
    EXPECT_EQ(all_packets(searched), all_packets(encode(16)));

    const auto model = Model::load(options);
    Judge judge(photograph, size);
    const auto distance = [&](const auto& encoding) {
        const auto decoding = test_decode(*model.value(), all_packets(encoding), {});
        return judge.distance(decoding.frames.at(0).rgb);
    };
    EXPECT_LT(distance(searched), 0.7 * distance(plain));
    EXPECT_LT(double(searched.bytes()), 1.1 * double(plain.bytes()));
}

// From its 15th picture on a square of a scene is another one.
TEST(TrainedWeights, WhatComesIntoThePictureIsRefreshed) {
    ModelOptions options = searching_model();
    if (!std::filesystem::exists(options.tokeniser_path)) GTEST_SKIP() << "no weights in models/";
    options.threads = 1;
    const auto model = Model::load(options);
    const std::vector<float> before = read_photograph();
    std::vector<float> after = before;
    const auto columns = static_cast<size_t>(kPhotograph.width);
    const size_t plane = columns * static_cast<size_t>(kPhotograph.height);
    const auto in_square = [&](size_t i) {
        return i % columns >= 64 && i % columns < 128 && i % plane / columns < 64;
    };
    for (size_t i = 0; i < after.size(); ++i)  // upside down
        if (in_square(i)) after[i] = before[i + plane - 1 - 2 * (i % plane)];
    constexpr int kFrames = 29;
    // A trial's first eight looks are at the GOP as it was coded, those that follow at the same
    // with cells, fifteen at most, then at GOPs of half the pictures.
    const auto encode = [&](bool refresh, double with_cells, double halves, int steps = 4,
                            int change = 14) {
        EncoderOptions o = test_options(kPhotograph, 14);
        o.scene_cuts = false;
        o.adaptive_keyint = steps > 0;
        o.search_steps.key = steps;
        o.refresh = refresh;
        o.distance = [=, looks = 0](auto, auto, auto) mutable -> Result<double> {
            const int look = looks++;
            return look == 0 ? 0.1 : look < 8 ? 0.9 : look < 23 ? with_cells : halves;
        };
        return test_encode(*model.value(), o, kFrames,
                           [&](int i) { return i < change ? before : after; });
    };
    constexpr double kBest = 0.01, kWorst = 9;
    const TestEncoding with = encode(true, kBest, kWorst);
    ASSERT_EQ(with.gops.size(), 1u);
    EXPECT_NE(with.gops[0].descriptor.refreshed, 0);
    const TestDecoding shown = test_decode(*model.value(), all_packets(with));
    ASSERT_TRUE(shown.status.ok()) << shown.status.message();
    ASSERT_EQ(shown.frames.size(), size_t{kFrames});
    for (size_t i = 0; i < kFrames; ++i) EXPECT_EQ(shown.frames[i].rgb, with.reconstruction[i]);

    const TestEncoding without = encode(false, kWorst, kWorst);
    EXPECT_EQ(encode(true, kWorst, kWorst).reconstruction, without.reconstruction);  // in vain
    EXPECT_EQ(without.gops[0].descriptor.refreshed, 0);
    const auto between = [&](const std::vector<float>& a, const std::vector<float>& b) {
        double sum = 0;
        for (size_t i = 0; i < a.size(); ++i)
            if (in_square(i)) sum += std::abs(a[i] - b[i]);
        return sum;
    };
    const auto error = [&](const TestEncoding& encoding) {
        return between(encoding.reconstruction.back(), after);
    };
    EXPECT_LT(error(with), 0.7 * error(without));

    // It comes in over several pictures.
    for (size_t i = 1; i < kFrames; ++i)
        EXPECT_LT(between(with.reconstruction[i - 1], with.reconstruction[i]),
                  0.75 * between(before, after))
            << i;

    // Without a search there is no trial: what is lost is refreshed, and nothing else.
    const TestEncoding untried = encode(true, kWorst, kWorst, 0),
                       never = encode(false, kWorst, kWorst, 0);
    EXPECT_NE(untried.gops[0].descriptor.refreshed, 0);
    EXPECT_LT(error(untried), 0.7 * error(never));
    EXPECT_EQ(encode(true, kWorst, kWorst, 0, kFrames).gops[0].descriptor.refreshed, 0);

    // More keyframes and cells, where cells alone look better, but not as good.
    const auto refreshed = [&](double with_cells) {
        const TestEncoding halves = encode(true, with_cells, kBest, 4, 16);
        EXPECT_GT(halves.gops.size(), 1u);
        return std::any_of(halves.gops.begin(), halves.gops.end(),
                           [](const EncodedGop& gop) { return gop.descriptor.refreshed != 0; });
    };
    EXPECT_TRUE(refreshed(0.5));
    EXPECT_FALSE(refreshed(1.0));
}

// With the second GOP a square of a scene becomes another one.
TEST(TrainedWeights, KeyframesKeepWhatStandsStill) {
    ModelOptions options = searching_model();
    if (!std::filesystem::exists(options.tokeniser_path)) GTEST_SKIP() << "no weights in models/";
    options.threads = 1;
    const auto model = Model::load(options);
    const std::vector<float> photograph = read_photograph();
    const PictureSize size{2 * kPhotograph.width, kPhotograph.height};  // it, and again
    const auto columns = static_cast<size_t>(size.width);
    std::vector<float> before(size.samples());
    for (size_t i = 0; i < before.size(); ++i)
        before[i] = photograph[(i / columns) * columns / 2 + i % columns % (columns / 2)];
    std::vector<float> after = before;
    const size_t plane = before.size() / 3;
    for (size_t i = 0; i < after.size(); ++i)
        if (i % columns < 64 && i % plane / columns < 64)
            after[i] = before[i + plane - 1 - 2 * (i % plane)];  // upside down
    constexpr int kFrames = 42;
    const auto encode = [&](EncoderOptions o) {
        o.scene_cuts = false;
        o.search_steps.key = 16;
        o.refresh = true;
        o.distance = [](auto, auto, auto) -> Result<double> { return 0.1; };  // motion is good
        return test_encode(*model.value(), o, kFrames,
                           [&](int i) { return i < 29 ? before : after; });
    };
    EncoderOptions o = test_options(size, 14);
    o.adaptive_keyint = true;
    const TestEncoding whole = encode(o);
    o.keep_cells = true;
    const TestEncoding kept = encode(o);
    ASSERT_EQ(whole.gops.size(), 2u);
    ASSERT_EQ(kept.gops.size(), 2u);
    EXPECT_TRUE(whole.gops[1].random_access);
    EXPECT_FALSE(kept.gops[1].random_access);
    EXPECT_EQ(kept.gops[1].descriptor.refreshed, 1);
    EXPECT_LT(double(kept.gops[1].bytes), 0.75 * double(whole.gops[1].bytes));
    const auto error = [&](const TestEncoding& encoding) {
        double sum = 0;
        for (size_t i = 0; i < after.size(); ++i)
            sum += std::abs(encoding.reconstruction.back()[i] - after[i]);
        return sum;
    };
    EXPECT_LT(error(kept), 1.05 * error(whole));

    const TestDecoding shown = test_decode(*model.value(), all_packets(kept));
    ASSERT_TRUE(shown.status.ok()) << shown.status.message();
    ASSERT_EQ(shown.frames.size(), size_t{kFrames});
    for (size_t i = 0; i < kFrames; ++i) EXPECT_EQ(shown.frames[i].rgb, kept.reconstruction[i]);
    EXPECT_TRUE(shown.frames[0].key);
    EXPECT_FALSE(shown.frames[29].key);

    // What is kept may cost more at first.
    o.rate = {RateOptions::Mode::bpp, 0.008, 0};
    const auto first_bytes = [&](bool keep) {
        o.keep_cells = keep;
        return double(encode(o).gops[0].bytes);
    };
    EXPECT_GT(first_bytes(true), 1.3 * first_bytes(false));

    // Streams for links that lose packets.
    o.keep_cells = true;
    o.sequence.context = bitstream::ContextMode::self;
    EXPECT_TRUE(encode(o).gops[1].random_access);
}

// In the keyframe and in what is made of it.
TEST(TrainedWeights, TheSearchLooksWhereItIsTold) {
    ModelOptions options = searching_model();
    if (!std::filesystem::exists(options.tokeniser_path)) GTEST_SKIP() << "no weights in models/";
    const PictureSize size = kPhotograph;
    const std::vector<float> photograph = read_photograph();
    options.threads = 1;
    const auto model = Model::load(options);
    const auto columns = static_cast<size_t>(size.width);
    const auto plane = columns * static_cast<size_t>(size.height);
    constexpr size_t kSide = 32;
    struct Square {
        size_t left, top;

        bool has(size_t x, size_t y) const {
            return x >= left && x < left + kSide && y >= top && y < top + kSide;
        }
    };
    int asked = 0;
    // Five pictures, where errors in the square weigh so much.
    const auto decoded = [&](Square square, float weight) {
        EncoderOptions encoder = test_options(size, 16);
        encoder.search_steps.key = 16;
        encoder.attention = [&](std::span<const float> rgb, PictureSize of) {
            EXPECT_EQ(of, size);
            EXPECT_EQ(rgb.size(), size.samples());
            ++asked;
            std::vector<float> weights(plane, 1.0f);
            for (size_t i = 0; i < plane; ++i)
                if (square.has(i % columns, i / columns)) weights[i] = weight;
            return weights;
        };
        if (weight < 0) encoder.attention = {};
        const auto encoding =
            test_encode(*model.value(), encoder, 5, [&](int) { return photograph; });
        return test_decode(*model.value(), all_packets(encoding), {}).frames;
    };
    const auto error = [&](const std::vector<DecodedFrame>& frames, Square square) {
        double sum = 0;
        for (const DecodedFrame& frame : frames)
            for (size_t i = 0; i < frame.rgb.size(); ++i)
                if (square.has(i % plane % columns, i % plane / columns))
                    sum += std::abs(frame.rgb[i] - photograph[i]);
        return sum;
    };
    const auto alike = decoded({}, -1);
    EXPECT_EQ(error(alike, {}), error(decoded({}, 1), {}));
    EXPECT_GE(asked, 2);  // the keyframe, and a picture of the chunk
    // Where errors weigh nothing only bits count.
    double plain = 0, ignored = 0;
    for (const size_t left : {0u, 32u, 64u}) {
        plain += error(alike, {left, 32});
        ignored += error(decoded({left, 32}, 0), {left, 32});
    }
    EXPECT_GT(ignored, 1.1 * plain);
}

// A photograph that bends: motion that blocks do not explain.
TEST(TrainedWeights, SearchedMotionFitsBetterForItsBits) {
    ModelOptions options = searching_model();
    if (!std::filesystem::exists(options.tokeniser_path)) GTEST_SKIP() << "no weights in models/";
    const PictureSize size = kPhotograph;
    const std::vector<float> photograph = read_photograph();
    const auto bent = [&](int i) {
        std::vector<float> rgb(photograph.size());
        for (int y = 0; y < size.height; ++y) {
            const double shift = 1.5 * i * std::sin(0.12 * y);
            for (int x = 0; x < size.width; ++x) {
                const double at = std::clamp(x + shift, 0.0, size.width - 1.001);
                const auto left = static_cast<size_t>(at);
                const auto part = static_cast<float>(at - double(left));
                for (int c = 0; c < 3; ++c) {
                    const auto row = static_cast<size_t>((c * size.height + y) * size.width);
                    rgb[row + static_cast<size_t>(x)] =
                        photograph[row + left] * (1 - part) + photograph[row + left + 1] * part;
                }
            }
        }
        return rgb;
    };
    constexpr int kFrames = 9;
    const auto model = Model::load(options);
    std::vector<int> told;
    const auto encode = [&](int steps) {
        // Fine enough for the symbols of motion to be worth a search: two dozen bytes of them.
        EncoderOptions encoder = test_options(size, 3);
        encoder.search_steps = {4, steps};
        told.clear();
        encoder.on_progress = [&](int pictures) { told.push_back(pictures); };
        return test_encode(*model.value(), encoder, kFrames, bent);
    };
    const auto mean_psnr = [&](const auto& encoding) {
        const auto decoding = test_decode(*model.value(), all_packets(encoding), {});
        double sum = 0;
        for (size_t i = 0; i < kFrames; ++i)
            sum += psnr(decoding.frames.at(i).rgb, bent(static_cast<int>(i))) / kFrames;
        return sum;
    };
    const auto plain = encode(0), searched = encode(12);
    EXPECT_EQ(told, (std::vector<int>{3, 6, 9}));  // after the keyframe and each chunk
    EXPECT_GT(mean_psnr(searched), mean_psnr(plain) + 0.5);
    EXPECT_LT(double(searched.bytes()), 1.1 * double(plain.bytes()));
}

// However good more keyframes look: at the coarsest qp they take more than one does, and where that
// is more than was asked for there is one. (Of a random model chunks take as much as keyframes.)
TEST(TrainedWeights, MoreKeyframesKeepToTheAskedRate) {
    ModelOptions options = searching_model();
    options.metrics_folder.clear();
    if (!std::filesystem::exists(options.tokeniser_path)) GTEST_SKIP() << "no weights in models/";
    const auto model = Model::load(options);
    const std::vector<float> photograph = read_photograph();
    const auto gops = [&](double bpp) {
        int looks = 0;
        EncoderOptions encoder = test_options(kPhotograph);
        encoder.rate = {RateOptions::Mode::bpp, bpp, 0};
        encoder.adaptive_keyint = true;
        // A GOP's keyframe and seven chunks, two GOPs of a half, then three of a third.
        encoder.distance = [&](auto, auto, auto) -> Result<double> {
            const int look = looks++;
            return look == 0 ? 0.1 : look < 8 ? 0.9 : look < 18 ? 0.1 : 0.01;
        };
        return test_encode(*model.value(), encoder, 29, [&](int) { return photograph; })
            .gops.size();
    };
    EXPECT_EQ(gops(0.05), 3u);
    EXPECT_EQ(gops(0.0005), 1u);
}

// Size S: what a decoder's speed rests on. A larger network does not slip in unseen.
TEST(TrainedWeights, RefinerOfTheAv1BaseTakes16ThousandProductsAPixel) {
    ModelOptions options;
    options.tokeniser_path = kModels + "tokeniser.safetensors";
    options.hybrid_path = kModels + "refiner-av1-s.safetensors";
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
