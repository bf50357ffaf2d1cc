// The pipeline end to end at toy size: pack, train each stage, export, load as the codec would; and
// the exactness that the entropy model rests on. The hybrid's: trainer_hybrid_test.cpp.
#include <algorithm>
#include <array>
#include <fstream>
#include <string>
#include <vector>

#include "entropy/slice.h"
#include "entropy/token_model.h"
#include "models/config.h"
#include "models/motion_latent.h"
#include "nn/torch/torch_ops.h"
#include "train/entropy_model.h"
#include "train/export.h"
#include "train/trainer_testonly.h"
#include "weights/safetensors.h"

namespace gvc::train {
namespace {

TEST_F(TrainerTest, EveryStageRunsResumesAndExports) {
    for (const std::string stage :
         {"key", "encoder", "entropy", "flow", "chunk", "gop", "refine", "joint"}) {
        // Behind keyframes that were searched for, whose codec is not trained then.
        options_.freeze_key = stage == "chunk" || stage == "gop";
        options_.search_steps = stage == "joint" || stage == "encoder" ? 0 : 2;
        Status status = run(stage);
        ASSERT_TRUE(status.ok()) << stage << ": " << status.message();
    }
    // Resumed: the steps of all stages add up.
    auto checkpoint = weights::SafetensorsFile::open(options_.checkpoint);
    ASSERT_TRUE(checkpoint.ok());
    EXPECT_EQ(checkpoint->metadata().at("train.step"), "16");

    options_.stage = "export";
    auto trainer = Trainer::make(options_);
    ASSERT_TRUE(trainer.ok()) << trainer.status().message();
    Status status = (*trainer)->export_tokeniser(path("tokeniser.safetensors"), 2);
    ASSERT_TRUE(status.ok()) << status.message();
    status =
        (*trainer)->export_refiner(path("refiner.safetensors"), path("tokeniser.safetensors"), 1);
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
    options_.search_steps = 0;
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

TEST_F(TrainerTest, HalfOfABatchOfKeyframesIsSearchedFor) {
    options_.max_steps = 20;  // one line of the log
    ASSERT_TRUE(run("key").ok());
    std::ifstream log(options_.log);
    std::string line;
    std::getline(log, line);
    for (const char* value : {"\"searched_bpp\":", "\"searched_l1\":", "\"key_l1\":"})
        EXPECT_NE(line.find(value), std::string::npos) << value;
    options_.batch = 1;
    EXPECT_EQ(run("key").code(), Code::usage);
}

TEST_F(TrainerTest, SearchedKeyframesAreMeasured) {
    ASSERT_TRUE(run("key").ok());
    options_.stage = "measure";
    for (const int chunks : {0, 2}) {
        options_.chunks = chunks;
        const auto error = [&](int steps) {
            options_.search_steps = steps;
            return (*(*Trainer::make(options_))->measure_codec(1)).at("qp4.psnr");
        };
        const double plain = error(0);
        EXPECT_EQ(error(0), plain);
        EXPECT_NE(error(4), plain);
    }
}

TEST_F(TrainerTest, NewBlocksBeginSilent) {
    ASSERT_TRUE(run("key").ok());
    const std::vector<float> known = values("base.key.decode.0.out.weight");
    fs::remove(options_.checkpoint + ".adam.key");  // of fewer parameters
    options_.key_encoder_blocks = 2;
    options_.key_decoder_blocks = 3;
    options_.max_steps = 1;
    options_.lr = options_.lr_end = 1e-9;
    ASSERT_TRUE(run("key").ok());
    for (const char* name : {"base.key.decode.1.out.weight", "base.key.decode.2.reduce.weight",
                             "ema.base.key.decode.2.out.weight", "encoder.key.encode.1.out.weight"})
        for (float value : values(name)) ASSERT_NEAR(value, 0.0f, 1e-6f) << name;
    const std::vector<float> after = values("base.key.decode.0.out.weight");
    for (size_t i = 0; i < known.size(); ++i) ASSERT_NEAR(after[i], known[i], 1e-5f);
    auto file = weights::SafetensorsFile::open(options_.checkpoint);
    ASSERT_TRUE(file.ok());
    EXPECT_EQ(file->metadata().at("tokeniser.key_encoder_blocks"), "2");
    EXPECT_EQ(file->metadata().at("tokeniser.key_decoder_blocks"), "3");
}

// What streams are decoded with stays, and so does what their parse depends on.
TEST_F(TrainerTest, AnEncoderIsTrainedAlone) {
    ASSERT_TRUE(run("key").ok());
    const std::string moved = "encoder.key.encode.0.out.weight";
    const std::string stay[] = {"base.key.feature.weight", "base.key.coder.log_step.weight",
                                "encoder.key.coder.hyper_down2.weight", "scale.key.out.weight"};
    const auto moved_before = values(moved);
    std::vector<std::vector<float>> before;
    for (const std::string& name : stay) before.push_back(values(name));
    options_.search_steps = 0;
    ASSERT_TRUE(run("encoder").ok());
    EXPECT_NE(values(moved), moved_before);
    for (size_t i = 0; i < before.size(); ++i) EXPECT_EQ(values(stay[i]), before[i]) << stay[i];
    options_.search_steps = 2;
    EXPECT_EQ(run("encoder").code(), Code::usage);
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
    options_.search_steps = 2;
    EXPECT_EQ(run("joint").code(), Code::usage);  // without freeze_key
    options_.search_steps = 0;
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

// The trained double and the integer networks choose the same row for every symbol.
TEST_F(TrainerTest, IntegerNetworkEqualsItsTrainedDouble) {
    torch::NoGradGuard no_grad;
    Parameters parameters(at::kCPU);
    std::map<std::string, EntropyModel> models;
    std::vector<weights::NamedTensor> tensors;
    for (const char* kind : {"key", "chunk"}) models.try_emplace(kind, parameters, kind);
    for (auto& [name, value] : parameters.all())  // away from the tidy start
        const_cast<at::Tensor&>(value).add_(torch::randn_like(value) * 0.1);
    for (const auto& [kind, model] : models) {
        for (auto& t : model.integer_tensors(kind)) tensors.push_back(std::move(t));
        for (auto& t : TokenCounts(kind).tables(model)) tensors.push_back(std::move(t));
    }
    auto bytes = weights::serialise(tensors, {});
    ASSERT_TRUE(bytes.ok());
    auto file = weights::SafetensorsFile::parse(std::move(bytes).value(), "test");
    ASSERT_TRUE(file.ok());
    const auto loaded = entropy::TokenModel::load(*file);
    ASSERT_TRUE(loaded.ok()) << loaded.status().message();

    const entropy::SliceSize size{3, 2};
    const at::Tensor z = torch::randn({1, 48, 3, 2}).mul(3).round();
    const at::Tensor y = torch::randn({1, 96, 12, 8}).mul(4).round();
    const auto plane = [](const at::Tensor& x) {  // [row, column, channel]
        at::Tensor p = x[0].permute({1, 2, 0}).contiguous().to(at::kShort);
        return std::vector<int16_t>(p.data_ptr<int16_t>(), p.data_ptr<int16_t>() + p.numel());
    };
    const std::vector<int16_t> zp = plane(z), yp = plane(y);
    for (const auto kind : {entropy::TokenKind::key, entropy::TokenKind::chunk}) {
        const bool chunk = kind == entropy::TokenKind::chunk;
        const EntropyModel& model = models.at(chunk ? "chunk" : "key");
        for (int qp : {0, 13, 31}) {
            const entropy::SliceContext context{kind, qp, size,
                                                chunk ? std::span(yp) : std::span<const int16_t>()};
            auto tokens = yp;
            const auto rows = entropy::token_rows(*loaded, context, zp, tokens);
            const Distribution d = model.of_symbols(y, z, chunk ? y : at::Tensor(), {float(qp)});
            const auto index = plane(d.index), shift = plane(d.shift);
            for (size_t i = 0; i < rows.size(); ++i)
                ASSERT_EQ(rows[i], entropy::token_row(index[i], shift[i])) << qp << " at " << i;
        }
    }
    const entropy::PlaneShape shape{3, 2, entropy::kZChannels};
    const Distribution d = models.at("key").of_hyper(z, {13.0f});
    const auto index = plane(d.index), shift = plane(d.shift);
    for (int phase = 1; phase < entropy::kPhases; ++phase) {
        std::vector<entropy::TokenRow> rows(shape.count());
        loaded->z_context(entropy::TokenKind::key)->rows(phase, 13, zp, {}, shape, rows);
        entropy::each_in_phase(phase, shape, [&](size_t i) {
            EXPECT_EQ(rows[i], entropy::token_row(index[i], shift[i])) << phase << " at " << i;
            return true;
        });
    }
}

TEST_F(TrainerTest, OnlyMotionIsRoundedTowardsZero) {
    Parameters parameters(at::kCPU);
    const EntropyModel key(parameters, "key"), chunk(parameters, "chunk");
    const at::Tensor z = torch::zeros({1, 48, 1, 1}), y = torch::randn({1, 96, 4, 4}) * 2;
    const std::vector<float> qps{16.0f};
    const at::Tensor rounded = at::floor(y + 0.5);
    EXPECT_TRUE(at::equal(key.rates(y, z, z, {}, qps).symbols, rounded));
    const Rates rates = chunk.rates(y, z, z, {}, qps);
    const int64_t motion = models::kMotionLatents;
    EXPECT_TRUE(at::equal(rates.symbols.slice(1, motion), rounded.slice(1, motion)));
    const at::Tensor chosen = rates.symbols.slice(1, 0, motion),
                     plain = rounded.slice(1, 0, motion);
    EXPECT_TRUE((chosen.abs() <= plain.abs()).all().item<bool>());
    EXPECT_LT(chosen.abs().sum().item<float>(), plain.abs().sum().item<float>());
    EXPECT_TRUE((chosen * plain >= 0).all().item<bool>());
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
