#include "nn/op_timer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

namespace gvc::nn {

Tensor OpTimer::input(const Shape& shape) {
    std::vector<float> values(static_cast<size_t>(shape.count()));
    for (size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i % 65521));
    return ops_.from_host(shape, values.data());
}

Tensor OpTimer::feature(const Shape& shape) {
    const int channels = static_cast<int>(shape.c);
    return ops_.conv(input(shape), conv_weight(channels, channels, 1, 1));
}

ConvWeight OpTimer::conv_weight(int in, int out, int kernel, int stride) {
    ConvSpec spec;
    spec.in = in;
    spec.out = out;
    spec.kernel = kernel;
    spec.stride = stride;
    weights_.set("timer.weight", {out, in, kernel, kernel},
                 std::vector<float>(static_cast<size_t>(out) * in * kernel * kernel, 0.01f));
    weights_.set("timer.bias", {out}, std::vector<float>(static_cast<size_t>(out)));
    return ops_.conv_weight("timer", spec);
}

DepthwiseWeight OpTimer::depthwise_weight(int channels) {
    weights_.set("timer.weight", {channels, 1, 3, 3},
                 std::vector<float>(static_cast<size_t>(channels) * 9, 0.1f));
    weights_.set("timer.bias", {channels}, std::vector<float>(static_cast<size_t>(channels)));
    return ops_.depthwise_weight("timer", channels);
}

double OpTimer::seconds(const std::function<Tensor()>& op) {
    using Clock = std::chrono::steady_clock;
    wait_for(op());
    double best = 1e9, total = 0;
    for (int run = 0; run < 3 || (total < 0.25 && run < 200); ++run) {
        const auto start = Clock::now();
        wait_for(op());
        const double taken = std::chrono::duration<double>(Clock::now() - start).count();
        best = std::min(best, taken);
        total += taken;
    }
    return best;
}

void OpTimer::wait_for(const Tensor& x) {
    const Tensor corner = ops_.channels(ops_.crop(ops_.batch(x, x.shape().n - 1, 1), 1, 1), 0, 1);
    float value;
    ops_.to_host(corner, &value);
}

double peak_products(Ops& ops, MemoryWeights& weights) {
    // Small enough for a core's cache, and quick enough to be done within a turn of a machine that
    // others use too.
    constexpr int kChannels[] = {96, 128, 192};
    const int64_t rows = 16 * ops.threads();
    OpTimer timer(ops, weights);
    double most = 0;
    for (const int c : kChannels) {
        const Tensor x = timer.feature({1, c, rows, 128});
        const ConvWeight weight = timer.conv_weight(c, c, 1, 1);
        const double products = static_cast<double>(x.shape().count()) * c;
        most = std::max(most, products / timer.seconds([&] { return ops.conv(x, weight); }));
    }
    return most;
}

}  // namespace gvc::nn
