// The pipeline end to end at toy size: pack, train each stage, export, load as the codec would; and
// the exactness that the entropy model rests on.
#include "train/trainer.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "codec/random_model_testonly.h"
#include "entropy/scale_network.h"
#include "entropy/token_model.h"
#include "models/config.h"
#include "nn/torch/torch_ops.h"
#include "train/entropy_model.h"
#include "train/export.h"
#include "train/make_pairs.h"
#include "train/pairs.h"
#include "weights/safetensors.h"

namespace gvc::train {
namespace {

namespace fs = std::filesystem;

class TrainerTest : public ::testing::Test {
  protected:
    void SetUp() override {
        torch::manual_seed(1);
        at::set_num_threads(1);
        folder_ = fs::temp_directory_path() / ("gvc_trainer_test_" + std::to_string(::getpid()));
        fs::create_directories(folder_);
        write_pack();
        options_.pack = folder_;
        options_.metrics = std::string(GVC_SOURCE_DIR) + "/models/metrics";
        options_.checkpoint = path("toy.safetensors");
        options_.log = path("log.jsonl");
        options_.preview = path("preview.ppm");
        options_.minutes = 10;
        options_.max_steps = 2;
        options_.batch = 2;
        options_.crop = 64;
        options_.chunks = 2;
        options_.tokeniser = {16, 16, 16, 8, 1, 1, 1, 1, 1, 1, 1};
        options_.refiner = {16, 2, 8, 1, 1, 1};
        options_.hybrid = {16, 1, 8};
    }
    void TearDown() override { fs::remove_all(folder_); }

    std::string path(const std::string& name) const { return (folder_ / name).string(); }

    // Two clips of a bright square that moves over a gradient.
    void write_pack(int frames = 32) {
        constexpr int kWidth = 96, kHeight = 80;
        for (const char* split : {"train", "val"}) {
            std::ofstream out(path(std::string(split) + ".yuv"), std::ios::binary);
            for (int clip = 0; clip < 2; ++clip)
                for (int t = 0; t < frames; ++t) {
                    std::vector<uint8_t> frame(kWidth * kHeight * 3 / 2, 128);
                    for (int y = 0; y < kHeight; ++y)
                        for (int x = 0; x < kWidth; ++x) {
                            bool in = std::abs(x - 15 - 2 * t) < 10 && std::abs(y - 40) < 12;
                            frame[y * kWidth + x] = uint8_t(in ? 220 : 40 + x + 20 * clip);
                        }
                    out.write(reinterpret_cast<const char*>(frame.data()), long(frame.size()));
                }
        }
        std::ofstream index(path("index.json"));
        index << "[";
        for (const char* split : {"train", "val"})
            for (int clip = 0; clip < 2; ++clip)
                index << (split[0] == 't' && clip == 0 ? "" : ",") << "{\"split\":\"" << split
                      << "\",\"file\":\"square\",\"width\":96,\"height\":80,\"frames\":" << frames
                      << ",\"offset\":" << clip * frames * 96 * 80 * 3 / 2 << "}";
        index << "]";
    }

    Status run(const std::string& stage) {
        options_.stage = stage;
        auto trainer = Trainer::make(options_);
        if (!trainer.ok()) return trainer.status();
        return (*trainer)->run();
    }

    // Pairs of the toy pack; nothing is thrown away.
    PairOptions pair_options(int count) const {
        PairOptions o;
        o.pack = options_.pack;
        o.count = count;
        o.minutes = 3;
        o.preset = 10;
        o.low = 0;
        o.high = 100;
        return o;
    }
    size_t pairs_in(const std::string& split) const {
        const auto set = PairSet::open(options_.pack, split);
        return set.ok() ? set->size() : 0;
    }

    // The values of a parameter in the checkpoint.
    std::vector<float> values(const std::string& name) const {
        const auto file = weights::SafetensorsFile::open(options_.checkpoint);
        std::vector<float> result;
        weights::to_float(*file->find(name), result);
        return result;
    }

    // A teacher of TAEF2's shape that knows nothing.
    std::string random_teacher() const {
        std::vector<weights::NamedTensor> tensors;
        const auto add = [&](const std::string& name, std::vector<int64_t> shape) {
            const at::Tensor t = 0.05 * torch::randn(shape);
            tensors.push_back(weights::from_float(
                "encoder." + name, shape, {t.data_ptr<float>(), static_cast<size_t>(t.numel())}));
        };
        for (int i = 0; i <= 14; ++i) {
            const std::string name = std::to_string(i);
            if (i == 0 || i == 2 || i == 6 || i == 10 || i == 14) {
                add(name + ".weight", {i == 14 ? 32 : 64, i == 0 ? 3 : 64, 3, 3});
                continue;
            }
            for (const char* conv : {".conv.0", ".conv.2", ".conv.4"}) {
                add(name + conv + ".weight", {64, 64, 3, 3});
                add(name + conv + ".bias", {64});
            }
        }
        const std::string file = path("teacher.safetensors");
        EXPECT_TRUE(weights::write(file, tensors, {}).ok());
        return file;
    }

    fs::path folder_;
    Options options_;
};

TEST_F(TrainerTest, EveryStageRunsResumesAndExports) {
    for (const char* stage : {"key", "flow", "chunk", "gop", "refine", "joint"}) {
        Status status = run(stage);
        ASSERT_TRUE(status.ok()) << stage << ": " << status.message();
    }
    // Resumed: the steps of all stages add up.
    auto checkpoint = weights::SafetensorsFile::open(options_.checkpoint);
    ASSERT_TRUE(checkpoint.ok());
    EXPECT_EQ(checkpoint->metadata().at("train.step"), "12");

    options_.stage = "export";
    auto trainer = Trainer::make(options_);
    ASSERT_TRUE(trainer.ok()) << trainer.status().message();
    Status status = (*trainer)->export_tokeniser(path("tokeniser.safetensors"), 2);
    ASSERT_TRUE(status.ok()) << status.message();
    status = (*trainer)->export_refiner(path("refiner.safetensors"), path("tokeniser.safetensors"));
    ASSERT_TRUE(status.ok()) << status.message();

    auto file = weights::SafetensorsFile::open(path("tokeniser.safetensors"));
    ASSERT_TRUE(file.ok());
    auto tokens = entropy::TokenModel::load(*file);
    ASSERT_TRUE(tokens.ok()) << tokens.status().message();
    models::Metadata metadata(file->metadata().begin(), file->metadata().end());
    auto config = models::tokeniser_config(metadata);
    ASSERT_TRUE(config.ok());
    EXPECT_EQ(*config, options_.tokeniser);
    auto refiner = weights::SafetensorsFile::open(path("refiner.safetensors"));
    ASSERT_TRUE(refiner.ok());
    char fingerprint[17];
    std::snprintf(fingerprint, sizeof fingerprint, "%016llx",
                  static_cast<unsigned long long>(tokens->fingerprint()));
    EXPECT_EQ(refiner->metadata().at("tokeniser.fingerprint"), fingerprint);
}

// Not the loss itself: its rate term grows over the run.
TEST_F(TrainerTest, KeyframeTrainingLowersTheDistortion) {
    options_.max_steps = 200;
    options_.lr = 3e-3;
    options_.rate_start = 0.01;
    ASSERT_TRUE(run("key").ok());
    std::ifstream log(options_.log);
    std::vector<double> errors;
    for (std::string line; std::getline(log, line);) {
        size_t at = line.find("\"key_l1\":");
        errors.push_back(std::stod(line.substr(at + 9)));
    }
    ASSERT_EQ(errors.size(), 10u);
    EXPECT_LT(errors.back(), 0.9 * errors.front());
}

// A latent most of whose channels were pushed to zero comes back, and goes on being used.
TEST_F(TrainerTest, DeadChannelsAreRevived) {
    const auto living = [&] {
        std::ifstream log(options_.log);
        std::string last;
        for (std::string line; std::getline(log, line);) last = line;
        return std::stod(last.substr(last.find("\"living\":") + 9));
    };
    options_.max_steps = 20;  // one line of the log
    options_.lr = options_.lr_end = 1e-6;
    ASSERT_TRUE(run("key").ok());
    EXPECT_GT(living(), 70);

    auto file = weights::SafetensorsFile::open(options_.checkpoint);
    ASSERT_TRUE(file.ok());
    std::vector<weights::NamedTensor> tensors;
    for (const auto& [name, view] : file->tensors()) {
        std::vector<float> values;
        weights::to_float(view, values);
        if (name.find("encoder.key.coder.to_y.") != std::string::npos)
            std::fill(values.begin() + std::ptrdiff_t(values.size() / 16), values.end(), 0.0f);
        tensors.push_back(weights::from_float(name, view.shape, values));
    }
    const models::Metadata metadata(file->metadata().begin(), file->metadata().end());
    ASSERT_TRUE(weights::write(options_.checkpoint, tensors, metadata).ok());
    ASSERT_TRUE(run("key").ok());
    EXPECT_LT(living(), 10);

    options_.revive = true;
    ASSERT_TRUE(run("key").ok());
    EXPECT_GT(living(), 70);
}

// What is not trained in a stage stays as it was, to the last bit.
TEST_F(TrainerTest, AFrozenKeyframeCodecDoesNotMove) {
    ASSERT_TRUE(run("key").ok());
    const std::string frozen = "base.key.feature.weight", moved = "base.chunk.frame_in.weight";
    const auto frozen_before = values(frozen), moved_before = values(moved);
    options_.freeze_key = true;
    ASSERT_TRUE(run("chunk").ok());
    EXPECT_EQ(values(frozen), frozen_before);
    EXPECT_NE(values(moved), moved_before);
}

// Stage 5: everything moves at once; with a teacher one batch of four is flow matching.
TEST_F(TrainerTest, JointTrainingMovesBaseAndRefiner) {
    ASSERT_TRUE(run("refine").ok());
    const std::vector<std::string> names = {"encoder.key.in.weight", "base.head.out.weight",
                                            "refiner.in.weight", "refiner.z0.weight"};
    std::vector<std::vector<float>> before;
    for (const auto& name : names) before.push_back(values(name));
    options_.teacher = random_teacher();
    options_.max_steps = 4;
    options_.chunks = 3;
    options_.chained = 1;
    options_.lost = 0.5;
    ASSERT_TRUE(run("joint").ok());
    for (size_t i = 0; i < names.size(); ++i) EXPECT_NE(values(names[i]), before[i]) << names[i];
}

TEST_F(TrainerTest, FlowMatchingTrainsTheRefinersLatentAlone) {
    EXPECT_EQ(run("match").code(), Code::usage);  // no teacher
    ASSERT_TRUE(run("key").ok());
    options_.teacher = random_teacher();
    options_.max_steps = 1;
    ASSERT_TRUE(run("match").ok());
    const std::vector<float> base = values("base.head.out.weight"),
                             z0 = values("refiner.z0.weight");
    options_.max_steps = 20;
    ASSERT_TRUE(run("match").ok());
    EXPECT_EQ(values("base.head.out.weight"), base);
    EXPECT_NE(values("refiner.z0.weight"), z0);
    std::ifstream log(options_.log);
    std::string line, last;
    while (std::getline(log, line)) last = line;
    EXPECT_NE(last.find("\"chunk_latent\":"), std::string::npos);
}

TEST_F(TrainerTest, MissingPackIsAnInputError) {
    options_.pack = path("nowhere");
    Status status = run("key");
    EXPECT_EQ(status.code(), Code::input);
    EXPECT_FALSE(status.hint().empty());
}

// ---- the hybrid's refiner ----

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

// The trained double and the integer network choose the same index for every symbol.
TEST_F(TrainerTest, IntegerNetworkEqualsItsTrainedDouble) {
    torch::NoGradGuard no_grad;
    for (const char* kind : {"key", "chunk"}) {
        bool chunk = std::string(kind) == "chunk";
        Parameters parameters(at::kCPU);
        EntropyModel model(parameters, kind);
        for (auto& [name, value] : parameters.all())  // away from the tidy start
            const_cast<at::Tensor&>(value).add_(torch::randn_like(value) * 0.1);

        std::vector<weights::NamedTensor> tensors = model.integer_tensors(kind);
        for (auto& t : TokenCounts(kind).tables(model)) tensors.push_back(t);
        auto bytes = weights::serialise(tensors, {});
        ASSERT_TRUE(bytes.ok());
        auto file = weights::SafetensorsFile::parse(std::move(bytes).value(), "test");
        ASSERT_TRUE(file.ok());
        auto network = entropy::ScaleNetwork::load(
            *file, chunk ? entropy::TokenKind::chunk : entropy::TokenKind::key);
        ASSERT_TRUE(network.ok()) << network.status().message();

        const entropy::SliceSize size{3, 2};
        at::Tensor z = torch::randn({1, 48, 3, 2}).mul(3).round();
        at::Tensor y = torch::randn({1, 96, 12, 8}).mul(4).round();
        auto plane = [](const at::Tensor& x) {  // [row, column, channel]
            at::Tensor p = x[0].permute({1, 2, 0}).contiguous().to(at::kShort);
            return std::vector<int16_t>(p.data_ptr<int16_t>(), p.data_ptr<int16_t>() + p.numel());
        };
        std::vector<int16_t> zp = plane(z), yp = plane(y);
        for (int qp : {0, 13, 31}) {
            std::vector<uint8_t> indices(size.y_count());
            network->indices(qp, zp,
                             chunk ? std::span<const int16_t>(yp) : std::span<const int16_t>(),
                             size, indices);
            at::Tensor expected = model.scale_index(z, chunk ? y : at::Tensor(), {float(qp)});
            std::vector<int16_t> e = plane(expected);
            for (size_t i = 0; i < e.size(); ++i)
                ASSERT_EQ(int(indices[i]), int(e[i])) << kind << " qp " << qp << " at " << i;
        }
    }
}

TEST(CdfFromCounts, IsCompleteAndNeverZero) {
    std::array<double, entropy::kAlphabet> counts{};
    counts[8] = 1e9;  // zero, nearly always
    counts[9] = 3;
    auto start = cdf_from_counts(counts);
    EXPECT_EQ(start[0], 0);
    for (int e = 1; e < entropy::kAlphabet; ++e) EXPECT_GT(start[e], start[e - 1]);
    EXPECT_LT(start[entropy::kAlphabet - 1], 65536);
    EXPECT_GT(start[9] - start[8], 65000);
}

}  // namespace
}  // namespace gvc::train
