// The same of the hybrid's refiner: pairs, training, recurrence, the adversarial part.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "codec/random_model_testonly.h"
#include "models/config.h"
#include "train/json_index.h"
#include "train/trainer_testonly.h"
#include "weights/safetensors.h"

namespace gvc::train {
namespace {

#define SKIP_WITHOUT_AV1(status) \
    if ((status).code() == Code::resources) GTEST_SKIP() << (status).message()

TEST_F(TrainerTest, PairsAreTheSourceAndItsDecodedTwin) {
    int told = 0, thrown = 0;
    PairOptions o = pair_options(3);
    o.progress = [&](int done, int thrown_away) { told = done, thrown = thrown_away; };
    const Status made = make_pairs(o);
    SKIP_WITHOUT_AV1(made);
    ASSERT_TRUE(made.ok()) << made.message();
    EXPECT_EQ(told, 3);
    EXPECT_EQ(thrown, 0);
    EXPECT_EQ(pairs_in("train") + pairs_in("val"), 3u);
    EXPECT_EQ(fs::file_size(path("pairs.yuv")), 3 * 29 * frame_bytes(96, 80));

    const auto set = PairSet::open(options_.pack, "train");
    ASSERT_TRUE(set.ok()) << set.status().message();
    std::mt19937_64 random(5);
    double apart = 0, far = 0;
    for (int round = 0; round < 4; ++round) {
        const PairSet::Batch batch = set->sample(2, 4, 64, random);
        ASSERT_EQ(batch.truth.sizes(), (at::IntArrayRef{8, 3, 64, 64}));
        ASSERT_EQ(batch.coded.sizes(), batch.truth.sizes());
        ASSERT_EQ(batch.truth_context.sizes(), batch.truth.sizes());  // as many pictures, by chance
        ASSERT_EQ(batch.coded_context.sizes(), batch.truth.sizes());
        for (const at::Tensor& x : {batch.truth, batch.coded}) {
            EXPECT_GE(x.min().item<double>(), 0);
            EXPECT_LE(x.max().item<double>(), 1);
        }
        const auto& c = batch.conditions;
        ASSERT_EQ(c.crfs.size(), 8u);
        ASSERT_EQ(c.scales.size(), 8u);
        ASSERT_EQ(c.bpps.size(), 8u);
        for (size_t i = 0; i < 8; ++i) {
            EXPECT_GE(c.crfs[i], 1);
            EXPECT_LE(c.crfs[i], 79);
            EXPECT_GE(c.scales[i], 0.25);
            EXPECT_LE(c.scales[i], 1);
            EXPECT_GT(c.bpps[i], 0);
            EXPECT_EQ(c.crfs[i], c.crfs[i / 4 * 4]);  // a GOP has one
        }
        apart += (batch.truth - batch.coded).abs().mean().item<double>() / 4;
        far += (batch.truth - batch.coded.flip(3)).abs().mean().item<double>() / 4;
    }
    EXPECT_GT(apart, 1e-4);  // it was coded
    EXPECT_LT(apart, 0.05);
    EXPECT_LT(apart, 0.5 * far);  // the same place of the same frame

    // More are appended.
    o.count = 2;
    ASSERT_TRUE(make_pairs(o).ok());
    EXPECT_EQ(pairs_in("train") + pairs_in("val"), 5u);
    EXPECT_EQ(fs::file_size(path("pairs.yuv")), 5 * 29 * frame_bytes(96, 80));
}

TEST_F(TrainerTest, PairsOutsideTheRatesAreThrownAway) {
    PairOptions o = pair_options(1);
    o.low = 50;
    o.minutes = 0.02;
    const Status made = make_pairs(o);
    SKIP_WITHOUT_AV1(made);
    EXPECT_TRUE(made.ok()) << made.message();
    EXPECT_EQ(PairSet::open(options_.pack, "train").status().code(), Code::input);
}

TEST_F(TrainerTest, PairsOfLongGopsHaveLengthsUpToTheLongest) {
    write_pack(60);
    PairOptions o = pair_options(8);
    o.frames = 60;
    o.most_crf = 40;
    const Status made = make_pairs(o);
    SKIP_WITHOUT_AV1(made);
    ASSERT_TRUE(made.ok()) << made.message();
    std::vector<int> lengths;
    uint64_t bytes = 0;
    for (const auto& pair : read_json_index(path("pairs.json"))) {
        lengths.push_back(pair["frames"]);
        EXPECT_EQ(pair["offset"], bytes);
        EXPECT_LE(pair["first"].get<int>() + lengths.back(), 60);
        EXPECT_LE(pair["crf"], 40);
        bytes += frame_bytes(96, 80) * static_cast<uint64_t>(lengths.back());
    }
    ASSERT_EQ(lengths.size(), 8u);
    const auto [shortest, longest] = std::minmax_element(lengths.begin(), lengths.end());
    EXPECT_GE(*shortest, kLeastPairFrames);
    EXPECT_GT(*longest, *shortest);
    EXPECT_LE(*longest, 60);
    EXPECT_EQ(fs::file_size(path("pairs.yuv")), bytes);
}

TEST_F(TrainerTest, PairsNeedSequencesOfAGop) {
    write_pack(28);
    PairOptions o = pair_options(1);
    o.minutes = 0.02;
    EXPECT_EQ(make_pairs(o).code(), Code::input);
}

TEST_F(TrainerTest, PairsThatDoNotFitThePackAreRefused) {
    std::ofstream(path("pairs.yuv"), std::ios::binary) << std::string(29 * 96 * 80 * 3 / 2, 'x');
    const auto code = [&](const std::string& fields) {
        std::ofstream(path("pairs.json")) << "[{\"split\":\"train\"," + fields + "}]";
        return PairSet::open(options_.pack, "train").status().code();
    };
    EXPECT_EQ(code("\"sequence\":1,\"first\":3,\"frames\":29,\"offset\":0"), Code::ok);
    EXPECT_EQ(code("\"sequence\":2,\"first\":0,\"frames\":29,\"offset\":0"), Code::input);
    EXPECT_EQ(code("\"sequence\":0,\"first\":4,\"frames\":29,\"offset\":0"), Code::input);
    EXPECT_EQ(code("\"sequence\":0,\"first\":0,\"frames\":29,\"offset\":1"), Code::input);
    EXPECT_EQ(code("\"sequence\":0,\"first\":-1,\"frames\":29,\"offset\":0"), Code::input);
}

TEST_F(TrainerTest, HybridStageRunsResumesAndExports) {
    const Status made = make_pairs(pair_options(2));
    SKIP_WITHOUT_AV1(made);
    ASSERT_TRUE(made.ok()) << made.message();
    for (int i = 0; i < 2; ++i) {
        const Status status = run("hybrid");
        ASSERT_TRUE(status.ok()) << status.message();
    }
    auto checkpoint = weights::SafetensorsFile::open(options_.checkpoint);
    ASSERT_TRUE(checkpoint.ok());
    EXPECT_EQ(checkpoint->metadata().at("train.step"), "4");

    options_.stage = "export";
    auto trainer = Trainer::make(options_);
    ASSERT_TRUE(trainer.ok()) << trainer.status().message();
    const Status status = (*trainer)->export_hybrid(path("hybrid.safetensors"));
    ASSERT_TRUE(status.ok()) << status.message();

    // As the codec loads it, beside a tokeniser that knows nothing of it.
    auto file = weights::SafetensorsFile::open(path("hybrid.safetensors"));
    ASSERT_TRUE(file.ok());
    models::Metadata metadata(file->metadata().begin(), file->metadata().end());
    EXPECT_EQ(models::hybrid_config(metadata).value(), options_.hybrid);
    EXPECT_EQ(models::refiner_config(metadata).value(), options_.refiner);
    codec::ModelOptions options;
    options.backend = codec::Backend::reference;
    const auto tokeniser = codec::random_weights(1).tokeniser;
    const auto model = codec::Model::load(tokeniser, nullptr, options, &*file);
    ASSERT_TRUE(model.ok()) << model.status().message();
    ASSERT_NE((*model)->hybrid(), nullptr);
    nn::Ops& ops = (*model)->ops();
    const std::vector<float> grey(2 * 3 * 64 * 64, 0.5f);
    models::HybridInput input;
    input.rgb = input.previous = ops.from_host({2, 3, 64, 64}, grey.data());
    input.detail = ops.zeros({2, models::kDetailBands, 2, 2});
    input.crfs = {60, 60};
    input.scales = {1, 1};
    input.bpps = {0.01f, 0.01f};
    std::vector<float> refined(grey.size());
    ops.to_host((*model)->hybrid()->run(ops, input, 2), refined.data());
    ASSERT_TRUE((*model)->status().ok()) << (*model)->status().message();
    for (float v : refined) ASSERT_NEAR(v, 0.5, 0.2);  // the head began at zero
}

TEST_F(TrainerTest, RecurrenceIsTrainedAndMeasured) {
    PairOptions o = pair_options(1);
    while (pairs_in("train") == 0 || pairs_in("val") == 0) {
        const Status made = make_pairs(o);
        SKIP_WITHOUT_AV1(made);
        ASSERT_TRUE(made.ok()) << made.message();
        ++o.seed;
    }
    options_.recurrent = true;
    options_.lr = 0.01;
    const Status status = run("hybrid");
    ASSERT_TRUE(status.ok()) << status.message();

    options_.recurrent.reset();
    options_.stage = "measure";
    auto trainer = Trainer::make(options_);
    ASSERT_TRUE(trainer.ok()) << trainer.status().message();
    const auto all = (*trainer)->measure_hybrid(1, {});
    ASSERT_TRUE(all.ok()) << all.status().message();
    EXPECT_GT(all->at("lpips_alex_base"), 0);
    EXPECT_GT(all->at("psnr_rgb"), 5);
    EXPECT_EQ(all->at("lpips_alex"), (*trainer)->measure_hybrid(1, {})->at("lpips_alex"));
    for (const HybridParts& parts :
         {HybridParts{.neighbours = false}, HybridParts{.previous = false},
          HybridParts{.detail = false}}) {
        const auto less = (*trainer)->measure_hybrid(1, parts);
        ASSERT_TRUE(less.ok());
        EXPECT_NE(less->at("psnr_rgb"), all->at("psnr_rgb"));
        EXPECT_EQ(less->at("psnr_rgb_base"), all->at("psnr_rgb_base"));
    }
}

TEST_F(TrainerTest, TheAdversarialPartRunsAndResumes) {
    const Status made = make_pairs(pair_options(2));
    SKIP_WITHOUT_AV1(made);
    ASSERT_TRUE(made.ok()) << made.message();
    options_.adversarial = 0.1;
    for (int i = 0; i < 2; ++i) {
        const Status status = run("hybrid");
        ASSERT_TRUE(status.ok()) << status.message();
        EXPECT_TRUE(fs::exists(options_.checkpoint + ".critic"));
    }
    std::ofstream(options_.checkpoint + ".critic") << "broken";
    EXPECT_EQ(run("hybrid").code(), Code::input);
}

// It learns to tell noise from smooth pictures, and its gradient points from one to the other.
TEST(CriticTest, LearnsAndShowsTheWay) {
    torch::manual_seed(3);
    Critic critic(12, 1e-3, at::kCPU);
    const at::Tensor smooth = at::avg_pool2d(torch::randn({4, 12, 72, 72}), {9, 9}, {1, 1});
    const auto real = [&] { return smooth + 0.01 * torch::randn_like(smooth); };
    const at::Tensor fake = smooth + 0.5 * torch::randn_like(smooth);
    const double before = critic.judge(real(), fake).loss;
    Critic::Verdict verdict;
    for (int i = 0; i < 40; ++i) verdict = critic.judge(real(), fake);
    EXPECT_LT(verdict.loss, 0.7 * before);
    EXPECT_GT(verdict.real, verdict.fake);
    ASSERT_EQ(verdict.gradient.sizes(), fake.sizes());
    const at::Tensor better = fake - 30 * verdict.gradient;
    EXPECT_GT(critic.judge(real(), better).fake, critic.judge(real(), fake).fake);
}

TEST_F(TrainerTest, HybridStageNeedsPairs) {
    EXPECT_EQ(run("hybrid").code(), Code::input);
    std::ofstream(path("pairs.yuv")) << "x";
    const Status status = run("hybrid");
    EXPECT_EQ(status.code(), Code::input);
    EXPECT_FALSE(status.hint().empty());
}

TEST_F(TrainerTest, ACheckpointOfTheNeuralBaseHasNoHybrid) {
    ASSERT_TRUE(run("key").ok());
    options_.stage = "export";
    auto trainer = Trainer::make(options_);
    ASSERT_TRUE(trainer.ok());
    EXPECT_EQ((*trainer)->export_hybrid(path("hybrid.safetensors")).code(), Code::usage);
}

}  // namespace
}  // namespace gvc::train
