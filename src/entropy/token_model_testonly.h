// A token model without training, for tests: random but plausible tables and scale networks, the
// same on every machine for one seed.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "entropy/token_model.h"

namespace gvc::entropy {

// A generator whose values the standard does not leave to the library (xorshift64*).
class TestRandom {
  public:
    explicit TestRandom(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 1) {}
    uint32_t next() {
        state_ ^= state_ >> 12, state_ ^= state_ << 25, state_ ^= state_ >> 27;
        return static_cast<uint32_t>(state_ * 0x2545F4914F6CDD1Du >> 32);
    }
    int range(int least, int most) {
        return least + static_cast<int>(next() % static_cast<uint32_t>(most - least + 1));
    }

  private:
    uint64_t state_;
};

// Starts of a two-sided geometric distribution with ratio/256 from one magnitude to the next, whose
// middle is `shift`.
inline std::array<uint16_t, kAlphabet> test_cdf(uint32_t ratio, int shift = 0) {
    std::array<uint32_t, kAlphabet> weight;
    uint32_t total = 0;
    for (int i = 0; i < kAlphabet; ++i) {
        weight[i] = 1u << 20;
        for (int k = std::abs(i - kSymbolLimit - shift); k > 0; --k)
            weight[i] = weight[i] * ratio / 256;
        weight[i] /= 64;
        total += weight[i];
    }
    std::array<uint16_t, kAlphabet> starts;
    uint64_t before = 0;
    for (int i = 0; i < kAlphabet; ++i) {
        starts[i] =
            static_cast<uint16_t>(before * (65536 - kAlphabet) / total + static_cast<uint64_t>(i));
        before += weight[i];
    }
    return starts;
}

// with_context: keyframes' tokens are coded in phases, as the weights since November 2026 have it.
inline std::vector<weights::NamedTensor> test_token_tensors(uint64_t seed,
                                                            bool with_context = true) {
    TestRandom random(seed);
    std::vector<weights::NamedTensor> tensors;
    const auto layer = [&](const std::string& name, int in, int out, int kernel, int tables,
                           int shift, int bias) {
        std::vector<int8_t> weight(static_cast<size_t>(in) * out * kernel * kernel);
        for (auto& w : weight) w = static_cast<int8_t>(random.range(-64, 63));
        std::vector<int32_t> biases(static_cast<size_t>(tables) * out);
        for (auto& b : biases) b = random.range(-bias, bias);
        const std::array<int32_t, 1> shifts = {shift};
        const auto bias_shape =
            tables > 1 ? std::vector<int64_t>{tables, out} : std::vector<int64_t>{out};
        tensors.push_back(weights::from_i8(name + ".weight", {out, in, kernel, kernel}, weight));
        tensors.push_back(weights::from_i32(name + ".bias", bias_shape, biases));
        tensors.push_back(weights::from_i32(name + ".shift", {1}, shifts));
    };
    for (const std::string kind : {"key", "chunk"}) {
        const std::string base = "entropy." + kind + ".";
        layer(base + "scale.z1", 96, 96, 3, 1, 6, 2000);
        layer(base + "scale.z2", 96, 512, 1, 1, 7, 4000);
        if (kind == "chunk") {
            layer(base + "scale.p1", 96, 48, 1, 1, 6, 2000);
            layer(base + "scale.p2", 48, 48, 3, 1, 8, 4000);
        }
        layer(base + "scale.d1", kind == "chunk" ? 80 : 32, 96, 1, kQpCount, 7, 4000);
        layer(base + "scale.out", 96, 96, 1, kQpCount, 10, 8000);
        const bool phases = with_context && kind == "key";
        const auto context = [&](const std::string& name, int channels, int features) {
            const int mixed = features + 64;
            for (int phase = 1; phase < kPhases; ++phase) {
                const std::string number = std::to_string(phase);
                layer(base + name + "c" + number, 2 * channels, 64, 3, 1, 6, 2000);
                layer(base + name + "d" + number, mixed, mixed, 1, kQpCount, 7, 4000);
                layer(base + name + "scale" + number, mixed, channels, 1, kQpCount, 10, 8000);
                layer(base + name + "shift" + number, mixed, channels, 1, kQpCount, 11, 16000);
            }
        };
        if (phases) {
            context("y_context.", kYChannels, 32);
            context("z_context.", kZChannels, 0);
        }
        std::vector<uint16_t> z, y;
        for (int i = 0; i < kQpBands * kZChannels; ++i) {
            const auto row = test_cdf(20 + random.next() % 180);
            z.insert(z.end(), row.begin(), row.end());
        }
        for (int shift = 0; shift < (phases ? kShiftCount : 1); ++shift) {
            for (uint32_t i = 0; i < kScaleCount; ++i) {
                const auto row = test_cdf(2 + 7 * i, shift);
                y.insert(y.end(), row.begin(), row.end());
            }
        }
        tensors.push_back(weights::from_u16(base + "z_cdf", {kQpBands, kZChannels, kAlphabet}, z));
        if (phases) {
            const std::vector<int64_t> shape{kShiftCount, kScaleCount, kAlphabet};
            tensors.push_back(weights::from_u16(base + "y_cdf", shape, y));
            tensors.push_back(weights::from_u16(base + "z_context_cdf", shape, y));
        } else {
            tensors.push_back(weights::from_u16(base + "y_cdf", {kScaleCount, kAlphabet}, y));
        }
    }
    return tensors;
}

// Aborts the test by an empty optional's value() if the tensors do not load.
inline TokenModel test_token_model(uint64_t seed, bool with_context = true) {
    auto bytes = weights::serialise(test_token_tensors(seed, with_context), {});
    auto file = weights::SafetensorsFile::parse(std::move(bytes).value(), "test model");
    return TokenModel::load(file.value()).value();
}

// Tokens of about the shape of real ones: mostly zero, some small, few large.
inline std::vector<int16_t> test_tokens(TestRandom& random, size_t count) {
    std::vector<int16_t> tokens(count);
    for (auto& t : tokens) {
        const uint32_t kind = random.next() % 1000;
        const int limit = kind < 900 ? 0 : kind < 990 ? 2 : kind < 999 ? 12 : kMaxMagnitude;
        t = static_cast<int16_t>(random.range(-limit, limit));
    }
    return tokens;
}

}  // namespace gvc::entropy
