#include "bench.h"

#include "nn/op_timer.h"

namespace gvc::checkops {
namespace {

using nn::Act;
using nn::ConvWeight;
using nn::Ops;
using nn::Shape;
using nn::Tensor;

constexpr int64_t kFrames = 4, kHeight = 480, kWidth = 856, kCellsHigh = 60, kCellsWide = 107;

class Bench : public nn::OpTimer {
  public:
    Bench(Ops& ops, nn::MemoryWeights& weights) : OpTimer(ops, weights), ops_(ops) {}

    void time(const std::string& name, double giga_products, const std::function<Tensor()>& op) {
        const double best = seconds(op);
        rows.push_back({name, best * 1e3, 2 * giga_products / best, 0});
    }

    void time_conv(const std::string& name, int64_t items, int64_t h, int64_t w, int in, int out,
                   int kernel, int stride, Act act, bool residual) {
        Tensor x = in > 8 ? feature({items, in, h, w}) : input({items, in, h, w});
        ConvWeight weight = conv_weight(in, out, kernel, stride);
        Tensor add;
        if (residual) add = feature({items, out, h / stride, w / stride});
        double products =
            static_cast<double>(items * (h / stride) * (w / stride)) * in * out * kernel * kernel;
        time(name, products * 1e-9, [&] { return ops_.conv(x, weight, act, add); });
    }

    void time_dcb(int64_t h, int64_t w, int c) {
        Tensor x = feature({kFrames, c, h, w});
        const nn::DcbWeights weights{conv_weight(c, c, 1, 1), conv_weight(c, c, 1, 1),
                                     conv_weight(c, 4 * c, 1, 1), conv_weight(2 * c, c, 1, 1),
                                     depthwise_weight(c)};
        const double products = static_cast<double>(x.shape().count()) * (8 * c + 9);
        time("dcb " + std::to_string(c), products * 1e-9, [&] { return ops_.dcb(x, weights); });
    }

    std::vector<BenchRow> rows;

  private:
    Ops& ops_;
};

void bench_convolutions(Bench& bench, Ops& ops) {
    constexpr int64_t h = kCellsHigh, w = kCellsWide;
    bench.time_conv("conv 3x3 128-128 (the big one)", kFrames, h, w, 128, 128, 3, 1, Act::none,
                    false);
    bench.time_conv("conv 3x3 96-96", kFrames, h, w, 96, 96, 3, 1, Act::none, false);
    bench.time_conv("conv 1x1 128-128", kFrames, h, w, 128, 128, 1, 1, Act::none, false);
    bench.time_conv("conv 1x1 128-128 silu", kFrames, h, w, 128, 128, 1, 1, Act::silu, false);
    bench.time_conv("conv 1x1 128-128 + residual", kFrames, h, w, 128, 128, 1, 1, Act::none, true);
    bench.time_conv("conv 1x1 96-384", kFrames, h, w, 96, 384, 1, 1, Act::none, false);
    bench.time_conv("conv 1x1 192-96 + residual", kFrames, h, w, 192, 96, 1, 1, Act::none, true);
    bench.time_conv("conv 3x3 128-96 stride 2", 1, h, w, 128, 96, 3, 2, Act::none, false);
    bench.time_conv("conv 3x3 96-5", kFrames, h, w, 96, 5, 3, 1, Act::none, false);
    bench.time_conv("conv 3x3 96-96 at 1/64", 1, 8, 14, 96, 96, 3, 1, Act::none, false);
    bench.time_conv("conv 1x1 16-128 of a vector", 1, 1, 1, 16, 128, 1, 1, Act::none, false);
    bench.time_conv("conv 11x11 3-64 stride 4 at 480p", 1, kHeight, kWidth, 3, 64, 11, 4, Act::relu,
                    false);
    bench.time_conv("conv 3x3 64-64 at 480p", 1, kHeight, kWidth, 64, 64, 3, 1, Act::relu, false);
    for (int c : {96, 128}) {
        Tensor x = bench.feature({kFrames, c, h, w});
        nn::DepthwiseWeight weight = bench.depthwise_weight(c);
        bench.time("depthwise " + std::to_string(c), 9e-9 * static_cast<double>(x.shape().count()),
                   [&] { return ops.depthwise(x, weight); });
    }
    for (int c : {96, 112}) bench.time_dcb(h, w, c);
    bench.time_dcb(2 * h, 2 * w, 48);
}

void bench_features(Bench& bench, Ops& ops) {
    constexpr int64_t h = kCellsHigh, w = kCellsWide;
    Tensor x = bench.feature({kFrames, 96, h, w}), wide = bench.feature({kFrames, 384, h, w});
    Tensor scale = bench.input({1, 96, 1, 1});
    bench.time("activate silu 96", 0, [&] { return ops.activate(x, Act::silu); });
    bench.time("add 96", 0, [&] { return ops.add(x, x); });
    bench.time("scale_shift 96", 0, [&] { return ops.scale_shift(x, scale, scale); });
    bench.time("sum_halves 384 silu", 0, [&] { return ops.sum_halves(wide, Act::silu); });
    bench.time("norm_modulate 96", 0, [&] { return ops.norm_modulate(x, scale, scale); });
    bench.time("concat 96, 96", 0, [&] { return ops.concat({x, x}); });
    bench.time("channels 192 of 384", 0, [&] { return ops.channels(wide, 192, 192); });
    bench.time("channels_to_batch 384, 4", 0,
               [&] { return ops.channels_to_batch(ops.batch(wide, 0, 1), 4); });
    bench.time("temporal_shift 96", 0, [&] { return ops.temporal_shift(x, kFrames); });
    bench.time("global_mean 96", 0, [&] { return ops.global_mean(x); });
    Tensor cells = bench.feature({kFrames, 48, 2 * h, 2 * w});
    bench.time("shuffle 4 of 48 at 1/4", 0, [&] { return ops.shuffle(cells, 4); });
    bench.time("shuffle 2 of 192 at 1/8", 0, [&] { return ops.shuffle(ops.batch(wide, 0, 2), 2); });
}

void bench_pictures(Bench& bench, Ops& ops) {
    constexpr int64_t h = kCellsHigh, w = kCellsWide;
    Tensor picture = bench.input({1, 3, kHeight, kWidth}), luma = bench.input({1, 1, h, w});
    Tensor frames = bench.input({kFrames, 3, kHeight, kWidth});
    Tensor flows = bench.input({1, 4, h, w}), logits = bench.input({1, 3, h, w});
    std::vector<float> values(static_cast<size_t>(picture.shape().count()));
    bench.time("from_host picture", 0,
               [&] { return ops.from_host(picture.shape(), values.data()); });
    bench.time("to_host picture", 0, [&] {
        ops.to_host(picture, values.data());
        return luma;
    });
    bench.time("unshuffle 8 of 4 pictures", 0, [&] { return ops.unshuffle(frames, 8); });
    bench.time("add picture", 0, [&] { return ops.add(picture, picture); });
    bench.time("clamp picture", 0, [&] { return ops.clamp(picture, 0, 1); });
    bench.time("pad_edge picture", 0, [&] { return ops.pad_edge(picture, 512, 896); });
    bench.time("crop picture", 0, [&] { return ops.crop(picture, 470, 840); });
    bench.time("mean_pool 8 picture", 0, [&] { return ops.mean_pool(picture, 8); });
    bench.time("upsample 8 to picture", 0,
               [&] { return ops.upsample(ops.channels(flows, 0, 3), 8); });
    for (const nn::Sampling sampling : {nn::Sampling::bilinear, nn::Sampling::cubic}) {
        const bool cubic = sampling == nn::Sampling::cubic;
        bench.time(cubic ? "warp_blend cubic, 2 refs, s = 8" : "warp_blend picture, 2 refs, s = 8",
                   0, [&] {
                       return ops.warp_blend({picture, picture}, flows, logits, 8, sampling);
                   });
    }
    Tensor feature = bench.feature({1, 96, h, w});
    bench.time("warp_blend 96, 2 refs, s = 1", 0, [&] {
        return ops.warp_blend({feature, feature}, flows, logits, 1, nn::Sampling::bilinear);
    });
    bench.time("block_match radius 8", 0, [&] { return ops.block_match(luma, luma, 8); });
}

}  // namespace

std::vector<BenchRow> bench_ops(Ops& ops, nn::MemoryWeights& weights) {
    Bench bench(ops, weights);
    bench_convolutions(bench, ops);
    bench_features(bench, ops);
    bench_pictures(bench, ops);
    for (BenchRow& row : bench.rows) row.conv_share = row.giga_ops / bench.rows.front().giga_ops;
    return std::move(bench.rows);
}

}  // namespace gvc::checkops
