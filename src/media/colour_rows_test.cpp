#include "media/colour_rows.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace gvc::media {
namespace {

template <typename Sample>
class ColourRows : public testing::Test {};

using Samples = testing::Types<uint8_t, uint16_t>;
TYPED_TEST_SUITE(ColourRows, Samples);

// The kernels of this CPU must equal the plain ones bit for bit, at every tail length.
TYPED_TEST(ColourRows, FastKernelsEqualReference) {
    using Sample = TypeParam;
    const auto& fast = row_kernels<Sample>();
    const auto& plain = reference_row_kernels<Sample>();
    const int top = sizeof(Sample) == 1 ? 255 : 1023;
    const YuvScaling scaling{1.0f / 219, -16.0f / 219, 1.0f / 224, -128.0f / 224,
                             static_cast<float>(top)};
    const YuvScaling back{219, 16, 224, 128, static_cast<float>(top)};
    const RgbFromYuv to_rgb{1.402f, -0.344f, -0.714f, 1.772f};
    const YuvFromRgb to_yuv{0.299f, 0.587f, 0.114f, 0.564f, 0.713f};
    std::mt19937 random(7);
    std::uniform_int_distribution<int> sample(0, top);
    std::uniform_real_distribution<float> real(-0.2f, 1.2f);
    for (int width = 1; width < 70; ++width) {
        const size_t size = static_cast<size_t>(width) + 2;
        std::vector<Sample> a(size), b(size);
        std::vector<float> f[9];
        for (size_t i = 0; i < size; ++i) {
            a[i] = static_cast<Sample>(sample(random));
            b[i] = static_cast<Sample>(sample(random));
        }
        for (auto& row : f) {
            row.resize(size);
            for (float& value : row) value = real(random);
        }
        const auto both = [&](auto&& run) {
            std::vector<float> out[2][3];
            std::vector<Sample> samples[2];
            for (int k = 0; k < 2; ++k) {
                for (auto& row : out[k]) row.assign(size, -7.0f);
                samples[k].assign(size, 0);
                run(k == 0 ? fast : plain, out[k], samples[k].data());
            }
            for (int i = 0; i < 3; ++i) EXPECT_EQ(out[0][i], out[1][i]) << width;
            EXPECT_EQ(samples[0], samples[1]) << width;
        };
        both([&](const auto& k, auto* out, Sample*) {
            k.blend(a.data(), b.data(), 0.75f / 224, 0.25f / 224, -0.57f, out[0].data(), width);
            k.upsample(f[0].data() + 1, {0.25f, 0.25f}, out[1].data(), width);
            k.upsample(f[0].data() + 1, {0.0f, 0.5f}, out[2].data(), width);
        });
        both([&](const auto& k, auto* out, Sample*) {
            k.to_rgb(a.data(), f[0].data(), f[1].data(), scaling, to_rgb, out[0].data(),
                     out[1].data(), out[2].data(), width);
        });
        both([&](const auto& k, auto*, Sample* samples) {
            k.to_luma(f[0].data(), f[1].data(), f[2].data(), back, to_yuv, samples, width);
        });
        both([&](const auto& k, auto* out, Sample*) {
            const float* rows[3][3] = {{f[0].data(), f[1].data(), f[2].data()},
                                       {f[3].data(), f[4].data(), f[5].data()},
                                       {f[6].data(), f[7].data(), f[8].data()}};
            const float weights[3] = {0.25f, 0.5f, 0.25f};
            k.to_chroma(rows, weights, to_yuv, out[0].data(), out[1].data(), width);
        });
        both([&](const auto& k, auto*, Sample* samples) {
            const float weights[3] = {0.25f, 0.5f, 0.25f};
            k.downsample(f[0].data() + 1, weights, back, samples, (width + 1) / 2);
        });
    }
}

}  // namespace
}  // namespace gvc::media
