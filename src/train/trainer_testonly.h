// A trainer at toy size over a toy pack, for the tests of its stages.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "train/make_pairs.h"
#include "train/pairs.h"
#include "train/trainer.h"
#include "weights/safetensors.h"

namespace gvc::train {

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
        options_.pool = 4;
        options_.search_steps = 2;
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

}  // namespace gvc::train
