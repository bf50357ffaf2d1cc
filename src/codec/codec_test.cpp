// Encoder and decoder together, with random weights.
#include <gtest/gtest.h>

#include "codec/random_model_testonly.h"
#include "codec/stream_testonly.h"

namespace gvc::codec {
namespace {

using bitstream::ContextMode;

// The decoder shows what the encoder said it would, frame by frame and bit by bit.
void expect_equal(const TestEncoding& encoding, const TestDecoding& decoding, int frames) {
    ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
    ASSERT_EQ(encoding.reconstruction.size(), static_cast<size_t>(frames));
    ASSERT_EQ(decoding.frames.size(), static_cast<size_t>(frames));
    for (size_t i = 0; i < decoding.frames.size(); ++i) {
        EXPECT_EQ(decoding.frames[i].pts, i);
        EXPECT_EQ(decoding.frames[i].duration, 1u);
        EXPECT_FALSE(decoding.frames[i].concealed);
        ASSERT_TRUE(decoding.frames[i].rgb == encoding.reconstruction[i]) << "frame " << i;
    }
    EXPECT_EQ(decoding.report.concealed, 0u);
}

struct Case {
    PictureSize size;
    int frames;
};

class RoundTrip : public testing::TestWithParam<Case> {};

TEST_P(RoundTrip, DecoderEqualsEncodersReconstruction) {
    const auto model = random_model(1);
    for (const ContextMode context : {ContextMode::chain, ContextMode::self}) {
        EncoderOptions options = test_options(GetParam().size);
        options.sequence.context = context;
        const auto encoding = test_encode(*model, options, GetParam().frames);
        expect_equal(encoding, test_decode(*model, all_packets(encoding)), GetParam().frames);
    }
}

TEST_P(RoundTrip, LowDelayDecodesToo) {
    const auto model = random_model(1);
    EncoderOptions options = test_options(GetParam().size);
    options.low_delay = true;
    const auto encoding = test_encode(*model, options, GetParam().frames);
    expect_equal(encoding, test_decode(*model, all_packets(encoding)), GetParam().frames);
}

INSTANTIATE_TEST_SUITE_P(Sizes, RoundTrip,
                         testing::Values(Case{{1, 1}, 2}, Case{{2, 2}, 6}, Case{{63, 65}, 6},
                                         Case{{70, 130}, 10}, Case{{130, 70}, 5}));
INSTANTIATE_TEST_SUITE_P(Lengths, RoundTrip,
                         testing::Values(Case{{64, 64}, 1}, Case{{64, 64}, 2}, Case{{64, 64}, 5},
                                         Case{{64, 64}, 29}, Case{{64, 64}, 30},
                                         Case{{64, 64}, 61}));

TEST(Codec, ReferenceBackendAndBf16RoundTrip) {
    for (const auto& [backend, precision] : {std::pair(Backend::reference, PrecisionChoice::fp32),
                                             std::pair(Backend::onednn, PrecisionChoice::bf16)}) {
        const auto model = random_model(2, backend, precision);
        const auto encoding = test_encode(*model, test_options({64, 64}), 9);
        expect_equal(encoding, test_decode(*model, all_packets(encoding)), 9);
    }
}

// Without reconstruction the encoder makes a chunk's last frame only; its state is the same.
TEST(Codec, PacketsDoNotDependOnReconstruction) {
    for (const PrecisionChoice precision : {PrecisionChoice::fp32, PrecisionChoice::bf16}) {
        const auto model = random_model(2, Backend::onednn, precision);
        EncoderOptions options = test_options({130, 70});
        options.keyint = 58;
        const auto shown = test_encode(*model, options, 39);
        options.keep_reconstruction = false;
        const auto silent = test_encode(*model, options, 39);
        EXPECT_TRUE(silent.reconstruction.empty());
        EXPECT_TRUE(all_packets(silent) == all_packets(shown));
    }
}

TEST(Codec, TokensOfOneBackendDecodeOnAnother) {
    const auto reference = random_model(3, Backend::reference);
    const auto onednn = random_model(3);
    const auto encoding = test_encode(*reference, test_options({100, 60}), 9);
    const auto decoding = test_decode(*onednn, all_packets(encoding));
    ASSERT_TRUE(decoding.status.ok()) << decoding.status.message();
    ASSERT_EQ(decoding.frames.size(), 9u);
    for (size_t f = 0; f < 9; ++f) {
        for (size_t i = 0; i < decoding.frames[f].rgb.size(); ++i) {
            ASSERT_NEAR(decoding.frames[f].rgb[i], encoding.reconstruction[f][i], 1e-2);
        }
    }
}

// No picture is further from its keyframe than four chunks, unless the first one must not wait.
TEST(Codec, KeyframesLieInTheMiddleOfTheirGops) {
    const auto model = random_model(4);
    EncoderOptions options = test_options({64, 64});
    const auto before = [&] {
        std::vector<int> chunks;
        for (const auto& gop : test_encode(*model, options, 29 + 9).gops)
            chunks.push_back(gop.descriptor.chunks_before);
        return chunks;
    };
    EXPECT_EQ(before(), (std::vector{3, 1}));
    options.keyint = 58;  // the second GOP is chained to the first
    EXPECT_EQ(before(), (std::vector{3, 0}));
    options.keyint = 29;
    options.low_delay = true;
    EXPECT_EQ(before(), (std::vector{0, 0}));
    options.low_delay = false;
    options.sequence.context = ContextMode::self;
    EXPECT_EQ(before(), (std::vector{0, 0}));
}

// Wherever display begins, pictures come in order and are those of the whole stream.
TEST(Codec, FramesBeforeTheWantedOneAreDropped) {
    const auto model = random_model(4);
    const auto encoding = test_encode(*model, test_options({64, 64}), 40);
    for (const uint64_t first : {1, 9, 12, 13, 28, 31}) {
        DecoderOptions options;
        options.steps = 0;
        options.discard_before = first;
        const auto decoding = test_decode(*model, all_packets(encoding), options);
        ASSERT_TRUE(decoding.status.ok());
        ASSERT_EQ(decoding.frames.size(), 40 - first);
        for (size_t i = 0; i < decoding.frames.size(); ++i) {
            EXPECT_EQ(decoding.frames[i].pts, first + i);
            EXPECT_TRUE(decoding.frames[i].rgb == encoding.reconstruction[first + i]) << i;
        }
    }
}

TEST(Codec, KeyIntervalMakesChainedGops) {
    const auto model = random_model(4);
    EncoderOptions options = test_options({64, 64});
    options.keyint = 58;
    const auto encoding = test_encode(*model, options, 29 * 4 + 3);
    std::vector<bool> keys;
    for (const auto& gop : encoding.gops) keys.push_back(gop.random_access);
    // The last three frames are too few for a keyframe of their own.
    EXPECT_EQ(keys, (std::vector<bool>{true, false, true, false, false}));
    const auto decoding = test_decode(*model, all_packets(encoding));
    expect_equal(encoding, decoding, 29 * 4 + 3);
    EXPECT_TRUE(decoding.frames[58].key);
    EXPECT_FALSE(decoding.frames[29].key);
}

TEST(Codec, SceneCutsBeginGops) {
    const auto model = random_model(4);
    const PictureSize size{96, 64};
    const auto encoding = test_encode(*model, test_options(size), 40,
                                      [&](int i) { return test_picture(size, i, i < 17 ? 0 : 2); });
    ASSERT_EQ(encoding.gops.size(), 2u);
    EXPECT_EQ(encoding.gops[0].descriptor.frames, 17);
    EXPECT_TRUE(encoding.gops[1].random_access);
    expect_equal(encoding, test_decode(*model, all_packets(encoding)), 40);
}

TEST(Codec, VariableFrameRateKeepsTimestamps) {
    const auto model = random_model(5);
    const PictureSize size{64, 64};
    auto encoder = Encoder::make(*model, test_options(size)).value();
    std::vector<uint64_t> sent = {7, 8, 9, 13, 14, 30, 31};
    for (uint64_t pts : sent) {
        ASSERT_TRUE(encoder->send(test_picture(size, double(pts)), pts).ok());
    }
    EXPECT_EQ(encoder->send(test_picture(size, 0), 31).code(), Code::usage);
    encoder->flush();
    const auto gop = encoder->receive();
    ASSERT_TRUE(gop.ok());
    const auto decoding = test_decode(*model, gop->packets);
    ASSERT_EQ(decoding.frames.size(), sent.size());
    for (size_t i = 0; i < sent.size(); ++i) {
        EXPECT_EQ(decoding.frames[i].pts, sent[i]);
        EXPECT_EQ(decoding.frames[i].duration, i + 1 < sent.size() ? sent[i + 1] - sent[i] : 1);
    }
}

TEST(Codec, StepsRunTheRefinerAndAreRepeatable) {
    const auto model = random_model(6);
    const auto packets = all_packets(test_encode(*model, test_options({64, 72}), 34));
    std::vector<TestDecoding> decodings;
    for (int steps : {0, 1, 1, 3, 3}) {
        decodings.push_back(test_decode(*model, packets, {.steps = steps}));
        ASSERT_TRUE(decodings.back().status.ok());
        ASSERT_EQ(decodings.back().frames.size(), 34u);
    }
    for (size_t f : {0u, 4u, 33u}) {
        const auto& rgb = [&](size_t run) { return decodings[run].frames[f].rgb; };
        EXPECT_FALSE(rgb(0) == rgb(1));
        EXPECT_TRUE(rgb(1) == rgb(2));
        EXPECT_FALSE(rgb(1) == rgb(3));
        EXPECT_TRUE(rgb(3) == rgb(4));
    }
}

TEST(Codec, TheRefinersWeightsSayHowManyStepsAreUsual) {
    const auto load = [](const std::string& steps) {
        const RandomWeights files = random_weights(1, {{"refiner.steps", steps}});
        ModelOptions options;
        options.precision = PrecisionChoice::fp32;
        options.threads = 1;
        return Model::load(files.tokeniser, &files.refiner, options);
    };
    const auto one = random_model(1);  // says nothing
    const auto packets = all_packets(test_encode(*one, test_options({64, 64}), 5));
    const auto shown = [&](const Model& model, int steps) {
        return test_decode(model, packets, {.steps = steps}).frames.back().rgb;
    };
    EXPECT_TRUE(shown(*one, -1) == shown(*one, 1));
    for (int steps : {0, 3}) {
        const auto model = load(std::to_string(steps));
        ASSERT_TRUE(model.ok()) << model.status().message();
        EXPECT_TRUE(shown(**model, -1) == shown(*one, steps));
        EXPECT_FALSE(shown(**model, -1) == shown(*one, 1));
        EXPECT_TRUE(shown(**model, 1) == shown(*one, 1));
    }
    for (const char* bad : {"", "-1", "65", "1x", "two"}) {
        EXPECT_EQ(load(bad).status().code(), Code::model) << bad;
    }
}

// Of a keyframe; of chunks too it is trained_test.cpp's matter: a random model's scales for the
// coarsest qps, where many chunks are, are as likely as not to be wide.
TEST(Codec, FinerQpsCostMore) {
    const auto model = random_model(7);
    size_t before = 0;
    for (int qp : {24, 16, 8, 0}) {
        const auto encoding = test_encode(*model, test_options({128, 128}, qp), 1);
        ASSERT_EQ(encoding.gops.size(), 1u);
        EXPECT_GT(encoding.bytes(), before) << "qp " << qp;
        before = encoding.bytes();
    }
}

TEST(Codec, SelfModePacketsFitDatagrams) {
    const auto model = random_model(8);
    EncoderOptions options = test_options({256, 512}, 10);
    options.sequence.context = ContextMode::self;
    const auto encoding = test_encode(*model, options, 5);
    ASSERT_EQ(encoding.gops.size(), 1u);
    EXPECT_GT(encoding.gops[0].packets.size(), 2u);
    for (const auto& packet : encoding.gops[0].packets) EXPECT_LE(packet.size(), 1200u);
}

TEST(Codec, BadOptionsAreRefused) {
    const auto model = random_model(9);
    EncoderOptions options = test_options({64, 64});
    options.rate.value = 32;
    EXPECT_EQ(Encoder::make(*model, options).status().code(), Code::usage);
    options = test_options({0, 64});
    EXPECT_EQ(Encoder::make(*model, options).status().code(), Code::usage);
    options = test_options({16000, 16000});
    EXPECT_EQ(Encoder::make(*model, options).status().code(), Code::resources);
    EXPECT_EQ(Decoder::make(*model, {.steps = 65}).status().code(), Code::usage);
    auto encoder = Encoder::make(*model, test_options({64, 64})).value();
    EXPECT_EQ(encoder->send(std::vector<float>(5), 0).code(), Code::usage);
}

}  // namespace
}  // namespace gvc::codec
