#include "entropy/int_conv.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "entropy/activation.h"
#include "entropy/int_conv_kernels.h"
#include "entropy/token_config.h"

namespace gvc::entropy {
namespace {

constexpr int kBlock = 16;
constexpr int kMaxShift = 24;

// True if no input can take an output's sum out of int32, rounding included.
bool sums_fit(const IntConv& conv, std::span<const int8_t> weight) {
    const size_t fan_in = weight.size() / static_cast<size_t>(conv.out_channels);
    for (size_t i = 0; i < conv.bias.size(); ++i) {
        const size_t out = i % static_cast<size_t>(conv.out_channels);
        int64_t sum = std::llabs(conv.bias[i]) + (int64_t{1} << (conv.shift - 1));
        for (const int8_t w : weight.subspan(out * fan_in, fan_in)) {
            sum += std::abs(w) * kActivationMax;
        }
        if (sum > INT32_MAX) return false;
    }
    return true;
}

void pack(IntConv& conv, std::span<const int8_t> weight) {
    const int taps = conv.kernel * conv.kernel;
    const int fan_in = conv.in_channels * taps;
    conv.packed.resize(weight.size());
    for (int out = 0; out < conv.out_channels; ++out) {
        for (int k = 0; k < fan_in; ++k) {
            const int tap = k / conv.in_channels;
            const int channel = k % conv.in_channels;
            const size_t to = static_cast<size_t>(
                ((out / kBlock * (fan_in / 4) + k / 4) * kBlock + out % kBlock) * 4 + k % 4);
            conv.packed[to] =
                weight[static_cast<size_t>((out * conv.in_channels + channel) * taps + tap)];
        }
    }
}

// The 3x3 neighbourhoods of one row of positions: [width, 9 * channels], zeros outside.
void gather_row(std::span<const uint8_t> in, int height, int width, int channels, int row,
                uint8_t* out) {
    const auto run = static_cast<size_t>(channels);
    for (int x = 0; x < width; ++x) {
        for (int dy = -1; dy <= 1; ++dy) {
            for (int dx = -1; dx <= 1; ++dx, out += run) {
                const int sy = row + dy;
                const int sx = x + dx;
                if (sy < 0 || sy >= height || sx < 0 || sx >= width) {
                    std::memset(out, 0, run);
                } else {
                    const auto from = static_cast<size_t>(sy) * static_cast<size_t>(width) +
                                      static_cast<size_t>(sx);
                    std::memcpy(out, in.data() + from * run, run);
                }
            }
        }
    }
}

using Product = void (*)(const ProductJob&);

Product product_of(Isa isa) {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) return product_avx512_vnni;
    if (isa == Isa::avx2) return product_avx2;
#else
    (void)isa;
#endif
    return product_scalar;
}

}  // namespace

bool runs_here(Isa isa) {
#if defined(__x86_64__)
    if (isa == Isa::avx512_vnni) {
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
               __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
    }
    if (isa == Isa::avx2) return __builtin_cpu_supports("avx2");
#endif
    return isa == Isa::scalar;
}

Isa best_isa() {
    if (runs_here(Isa::avx512_vnni)) return Isa::avx512_vnni;
    return runs_here(Isa::avx2) ? Isa::avx2 : Isa::scalar;
}

Result<IntConv> load_int_conv(const weights::SafetensorsFile& file, const std::string& name,
                              int in_channels, int out_channels, int kernel, int tables) {
    using weights::DType;
    IntConv conv{in_channels, out_channels, kernel, 0, {}, {}};
    GVC_ASSIGN_OR_RETURN(
        const auto weight_view,
        file.get(name + ".weight", DType::i8, {out_channels, in_channels, kernel, kernel}));
    const std::vector<int64_t> bias_shape = tables > 1 ? std::vector<int64_t>{tables, out_channels}
                                                       : std::vector<int64_t>{out_channels};
    GVC_ASSIGN_OR_RETURN(const auto bias_view, file.get(name + ".bias", DType::i32, bias_shape));
    GVC_ASSIGN_OR_RETURN(const auto shift_view, file.get(name + ".shift", DType::i32, {1}));
    const std::vector<int8_t> weight = weights::to_i8(weight_view);
    conv.bias = weights::to_i32(bias_view);
    conv.shift = weights::to_i32(shift_view)[0];
    const auto [least, most] = std::minmax_element(weight.begin(), weight.end());
    if (conv.shift < 1 || conv.shift > kMaxShift || *least < kScaleWeightMin ||
        *most > kScaleWeightMax || !sums_fit(conv, weight)) {
        return {Code::model, "layer " + name + " of the scale network is out of range"};
    }
    pack(conv, weight);
    return conv;
}

void product_scalar(const ProductJob& job) {
    for (int p = 0; p < job.positions; ++p) {
        const uint8_t* row = job.in + static_cast<size_t>(p) * job.in_stride;
        const int8_t* w = job.weights;
        for (int block = 0; block < job.out_blocks; ++block) {
            int32_t sums[kBlock];
            std::copy_n(job.bias + block * kBlock, kBlock, sums);
            for (int q = 0; q < job.quads; ++q, w += kBlock * 4) {
                for (int o = 0; o < kBlock; ++o) {
                    for (int j = 0; j < 4; ++j) sums[o] += row[q * 4 + j] * w[o * 4 + j];
                }
            }
            uint8_t* out = job.out + static_cast<size_t>(p) * job.out_stride + block * kBlock;
            for (int o = 0; o < kBlock; ++o) {
                const int32_t value = (sums[o] + (1 << (job.shift - 1))) >> job.shift;
                out[o] = static_cast<uint8_t>(std::clamp(value, 0, job.max));
            }
        }
    }
}

void convolve(const IntConv& conv, int table, std::span<const uint8_t> in, int height, int width,
              int max, uint8_t* out, size_t out_stride, Isa isa) {
    const auto channels = static_cast<size_t>(conv.in_channels);
    ProductJob job{.in = in.data(),
                   .in_stride = channels,
                   .positions = height * width,
                   .quads = conv.in_channels / 4,
                   .weights = conv.packed.data(),
                   .bias = conv.bias.data() + table * conv.out_channels,
                   .out_blocks = conv.out_channels / kBlock,
                   .shift = conv.shift,
                   .max = max,
                   .out = out,
                   .out_stride = out_stride};
    const Product product = product_of(isa);
    if (conv.kernel == 1) return product(job);

    std::vector<uint8_t> row(static_cast<size_t>(width) * 9 * channels);
    job.in = row.data();
    job.in_stride = 9 * channels;
    job.positions = width;
    job.quads *= 9;
    for (int y = 0; y < height; ++y, job.out += static_cast<size_t>(width) * out_stride) {
        gather_row(in, height, width, conv.in_channels, y, row.data());
        product(job);
    }
}

}  // namespace gvc::entropy
