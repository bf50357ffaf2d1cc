#include "entropy/int_conv.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "entropy/token_model_testonly.h"

namespace gvc::entropy {
namespace {

using weights::NamedTensor;
using weights::SafetensorsFile;

struct Layer {
    int in, out, kernel, tables, shift;
    std::vector<int8_t> weight;
    std::vector<int32_t> bias;
};

Layer random_layer(TestRandom& random, int in, int out, int kernel, int tables, int shift) {
    Layer layer{in, out, kernel, tables, shift, {}, {}};
    layer.weight.resize(static_cast<size_t>(in * out * kernel * kernel));
    layer.bias.resize(static_cast<size_t>(tables * out));
    // A third of the weights at the ends of the range, where saturation would show.
    for (auto& w : layer.weight) {
        const int pick = random.range(0, 5);
        w = static_cast<int8_t>(pick == 0 ? -64 : pick == 1 ? 63 : random.range(-64, 63));
    }
    for (auto& b : layer.bias) b = random.range(-20000, 20000);
    return layer;
}

Result<IntConv> load(const Layer& layer) {
    const auto bias_shape = layer.tables > 1 ? std::vector<int64_t>{layer.tables, layer.out}
                                             : std::vector<int64_t>{layer.out};
    const std::array<int32_t, 1> shift = {layer.shift};
    const std::vector<NamedTensor> tensors = {
        weights::from_i8("l.weight", {layer.out, layer.in, layer.kernel, layer.kernel},
                         layer.weight),
        weights::from_i32("l.bias", bias_shape, layer.bias),
        weights::from_i32("l.shift", {1}, shift)};
    auto bytes = weights::serialise(tensors, {});
    auto file = SafetensorsFile::parse(std::move(*bytes), "test");
    return load_int_conv(*file, "l", layer.in, layer.out, layer.kernel, layer.tables);
}

// The definition, written as docs/format.md has it.
uint8_t expected(const Layer& layer, int table, const std::vector<uint8_t>& in, int height,
                 int width, int y, int x, int out, int max) {
    int64_t sum = layer.bias[static_cast<size_t>(table * layer.out + out)];
    const int r = layer.kernel / 2;
    for (int c = 0; c < layer.in; ++c) {
        for (int ky = 0; ky < layer.kernel; ++ky) {
            for (int kx = 0; kx < layer.kernel; ++kx) {
                const int sy = y + ky - r, sx = x + kx - r;
                if (sy < 0 || sy >= height || sx < 0 || sx >= width) continue;
                const auto w = static_cast<size_t>(
                    ((out * layer.in + c) * layer.kernel + ky) * layer.kernel + kx);
                sum += layer.weight[w] * in[static_cast<size_t>((sy * width + sx) * layer.in + c)];
            }
        }
    }
    const int64_t half = int64_t{1} << (layer.shift - 1);
    return static_cast<uint8_t>(std::clamp<int64_t>((sum + half) >> layer.shift, 0, max));
}

class IntConvOnIsa : public testing::TestWithParam<Isa> {};

TEST_P(IntConvOnIsa, EqualsItsDefinition) {
    if (!runs_here(GetParam())) GTEST_SKIP() << "this machine lacks the instructions";
    TestRandom random(3);
    const struct {
        int in, out, kernel, tables, shift, height, width, max;
    } cases[] = {{96, 96, 3, 1, 9, 3, 5, 255},  {96, 512, 1, 1, 8, 2, 7, 255},
                 {80, 96, 1, 32, 7, 1, 1, 255}, {48, 48, 3, 1, 10, 6, 1, 255},
                 {32, 16, 1, 32, 12, 5, 3, 31}, {4, 32, 3, 1, 1, 2, 2, 255}};
    for (const auto& c : cases) {
        const Layer layer = random_layer(random, c.in, c.out, c.kernel, c.tables, c.shift);
        auto conv = load(layer);
        ASSERT_TRUE(conv.ok()) << conv.status().message();
        std::vector<uint8_t> in(static_cast<size_t>(c.in * c.height * c.width));
        for (auto& v : in) {
            v = static_cast<uint8_t>(random.range(0, 2) == 0 ? 255 : random.range(0, 255));
        }
        const int table = c.tables - 1;
        const auto stride = static_cast<size_t>(c.out) + 5;
        std::vector<uint8_t> out(static_cast<size_t>(c.height * c.width) * stride, 77);
        convolve(*conv, table, in, c.height, c.width, c.max, out.data(), stride, GetParam());
        for (int p = 0; p < c.height * c.width; ++p) {
            const uint8_t* row = &out[static_cast<size_t>(p) * stride];
            for (int o = 0; o < c.out; ++o) {
                ASSERT_EQ(row[o], expected(layer, table, in, c.height, c.width, p / c.width,
                                           p % c.width, o, c.max))
                    << "position " << p << " output " << o;
            }
            EXPECT_EQ(row[c.out], 77);  // nothing between the rows is touched
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, IntConvOnIsa,
                         testing::Values(Isa::scalar, Isa::avx2, Isa::avx512_vnni));

TEST(IntConv, RefusesWhatCouldSaturateOrOverflow) {
    TestRandom random(5);
    const Layer good = random_layer(random, 96, 16, 3, 1, 8);
    EXPECT_TRUE(load(good).ok());
    Layer bad = good;
    bad.weight[7] = -65;
    EXPECT_FALSE(load(bad).ok());
    bad = good;
    bad.weight[7] = 64;
    EXPECT_FALSE(load(bad).ok());
    bad = good;
    bad.bias[3] = INT32_MAX - 1000;
    EXPECT_FALSE(load(bad).ok());
    bad.bias[3] = INT32_MIN;
    EXPECT_FALSE(load(bad).ok());
    for (int shift : {0, 25, -1}) {
        bad = good;
        bad.shift = shift;
        EXPECT_EQ(load(bad).status().code(), Code::model);
    }
}

}  // namespace
}  // namespace gvc::entropy
