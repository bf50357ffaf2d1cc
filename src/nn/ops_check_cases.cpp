#include "nn/ops_check_cases.h"

namespace gvc::nn {

int64_t CheckContext::pick(int64_t low, int64_t high) {
    // Not std::uniform_int_distribution: its results differ between libraries.
    return low + static_cast<int64_t>(random_() % static_cast<uint64_t>(high - low + 1));
}

Act CheckContext::act() { return static_cast<Act>(pick(0, static_cast<int>(Act::exp))); }

Shape CheckContext::shape(int64_t max_channels) {
    // Widths of vectors, less, more, and what networks use.
    int64_t c = pick(0, 1) ? pick(1, max_channels) : 16 * pick(1, (max_channels + 15) / 16);
    return {pick(1, 4), c, pick(1, 13), pick(1, 19)};
}

std::vector<float> CheckContext::values(int64_t count, int range) {
    std::vector<float> result(static_cast<size_t>(count));
    for (float& value : result) value = static_cast<float>(pick(-range, range)) / 64;
    return result;
}

Tensor CheckContext::input(const Shape& shape, int range) {
    return ops.from_host(shape, values(shape.count(), range).data());
}

Tensor CheckContext::feature(const Shape& shape) {
    ConvSpec spec;
    spec.in = spec.out = static_cast<int>(shape.c);
    spec.bias = false;
    std::vector<float> identity(static_cast<size_t>(shape.c * shape.c));
    for (int64_t c = 0; c < shape.c; ++c) identity[c * shape.c + c] = 1;
    weights_.set("identity.weight", {shape.c, shape.c, 1, 1}, std::move(identity));
    return ops.conv(input(shape), ops.conv_weight("identity", spec));
}

ConvWeight CheckContext::conv_weight(const ConvSpec& spec) {
    int64_t fan_in = int64_t{spec.in} * spec.kernel * spec.kernel;
    weights_.set("conv.weight", {spec.out, spec.in, spec.kernel, spec.kernel},
                 values(spec.out * fan_in, fan_in < 100 ? 31 : 7));
    weights_.set("conv.bias", {spec.out}, values(spec.out, 127));
    return ops.conv_weight("conv", spec);
}

DepthwiseWeight CheckContext::depthwise_weight(int channels) {
    weights_.set("depthwise.weight", {channels, 1, 3, 3}, values(channels * 9, 31));
    weights_.set("depthwise.bias", {channels}, values(channels, 127));
    return ops.depthwise_weight("depthwise", channels);
}

namespace {

using Context = CheckContext;

Tensor conv_of(Context& t, int kernel, int stride, bool with_residual) {
    Shape shape = t.shape(80);
    shape.h += kernel;
    shape.w += kernel;
    ConvSpec spec;
    spec.in = static_cast<int>(shape.c);
    spec.out = static_cast<int>(t.shape(80).c);
    spec.kernel = kernel;
    spec.stride = stride;
    spec.pad = t.pick(0, 3) ? -1 : static_cast<int>(t.pick(0, kernel / 2));
    spec.bias = t.pick(0, 3) > 0;
    ConvWeight weight = t.conv_weight(spec);
    // exp of a large sum compares nothing but the largest value.
    Act act = t.act();
    if (act == Act::exp) act = Act::silu;
    Tensor x = t.pick(0, 1) ? t.feature(shape) : t.input(shape);
    Tensor residual;
    if (with_residual) {
        Shape result{shape.n, spec.out, (shape.h + 2 * spec.padding() - kernel) / stride + 1,
                     (shape.w + 2 * spec.padding() - kernel) / stride + 1};
        residual = t.pick(0, 3) ? t.feature(result) : t.input(result);
    }
    return t.ops.conv(x, weight, act, residual);
}

Tensor conv_1x1(Context& t) { return conv_of(t, 1, 1, false); }
Tensor conv_1x1_residual(Context& t) { return conv_of(t, 1, 1, true); }
Tensor conv_3x3(Context& t) { return conv_of(t, 3, 1, false); }
Tensor conv_3x3_residual(Context& t) { return conv_of(t, 3, 1, true); }
Tensor conv_stride(Context& t) { return conv_of(t, 3, 2, false); }
Tensor conv_any(Context& t) {
    int kernel = static_cast<int>(t.pick(2, 11)), stride = static_cast<int>(t.pick(1, 4));
    return conv_of(t, kernel, stride, t.pick(0, 1));
}

Tensor conv_vector(Context& t) {
    ConvSpec spec;
    spec.in = static_cast<int>(t.pick(1, 40));
    spec.out = static_cast<int>(t.pick(1, 40));
    ConvWeight weight = t.conv_weight(spec);
    return t.ops.conv(t.input({t.pick(1, 4), spec.in, 1, 1}), weight, Act::silu);
}

Tensor depthwise(Context& t) {
    Shape shape = t.shape(100);
    DepthwiseWeight weight = t.depthwise_weight(static_cast<int>(shape.c));
    Act act = t.act();
    return t.ops.depthwise(t.feature(shape), weight, act == Act::exp ? Act::gelu : act);
}

Tensor to_host_shown(Context& t) {
    const Shape shape = t.shape(9);
    const Tensor x = t.pick(0, 2) ? t.input(shape) : t.feature(shape), base = t.input(shape);
    const Shape part{shape.n, shape.c, t.pick(1, shape.h), t.pick(1, shape.w)};
    std::vector<float> values(static_cast<size_t>(part.count()));
    const float share = static_cast<float>(t.pick(1, 4)) / 4;
    t.ops.to_host_shown(x, base, share, part.h, part.w, values.data());
    return t.ops.from_host(part, values.data());
}

Tensor conv_parts(Context& t) {
    Shape shape = t.shape(1);
    shape.h += 1;
    std::vector<ConvPart> parts;
    ConvSpec spec;
    for (int64_t i = t.pick(1, 4); i > 0; --i) {
        ConvPart part;
        part.cell = static_cast<int>(t.pick(0, 2) ? t.pick(1, 4) : 1);
        Shape cells{shape.n, t.pick(0, 1) ? 16 * t.pick(1, 4) : t.pick(1, 9), shape.h * part.cell,
                    shape.w * part.cell};
        if (t.pick(0, 1)) {
            part.x = t.input(cells, 31);
            part.scale = 4;
            part.shift = -2;
        } else {
            part.x = t.feature(cells);
        }
        if (!parts.empty() && t.pick(0, 2) == 0) part = parts.front();
        spec.in += static_cast<int>(part.x.shape().c) * part.cell * part.cell;
        parts.push_back(part);
    }
    spec.out = static_cast<int>(t.shape(80).c);
    return t.ops.conv_parts(parts, t.conv_weight(spec), t.pick(0, 1) ? Act::silu : Act::none);
}

Tensor conv_shuffle(Context& t) {
    Shape shape = t.shape(80);
    shape.w += 100 * t.pick(0, 1);
    const int r = static_cast<int>(t.pick(1, 4));
    ConvSpec spec;
    spec.in = static_cast<int>(shape.c);
    const int channels = static_cast<int>(t.pick(0, 1) ? t.pick(1, 9) : 16 * t.pick(1, 3));
    spec.out = r * r * channels;
    const Shape cells{shape.n, channels, shape.h * r, shape.w * r};
    const Tensor residual = t.pick(0, 1) ? t.feature(cells) : t.input(cells);
    return t.ops.conv_shuffle(t.feature(shape), t.conv_weight(spec), r, residual);
}

Tensor dcb(Context& t) {
    Shape shape = t.shape(100);
    shape.h += t.pick(0, 1);
    shape.w += t.pick(0, 20);
    const auto c = static_cast<int>(shape.c);
    const auto conv = [&](int in, int out) {
        ConvSpec spec;
        spec.in = in;
        spec.out = out;
        return t.conv_weight(spec);
    };
    DcbWeights w;
    w.in = conv(c, c);
    w.depthwise = t.depthwise_weight(c);
    w.out = conv(c, c);
    w.expand = conv(c, 4 * c);
    w.reduce = conv(2 * c, c);
    return t.ops.dcb(t.pick(0, 3) ? t.feature(shape) : t.input(shape), w);
}

template <Act A>
Tensor activate(Context& t) {
    return t.ops.activate(t.feature(t.shape(40)), A);
}

template <typename Op>
Tensor binary(Context& t, Op op) {
    Shape shape = t.shape(40);
    Tensor a = t.pick(0, 1) ? t.feature(shape) : t.input(shape);
    Tensor b = t.pick(0, 1) ? t.feature(shape) : t.input(shape);
    return op(a, b);
}

Tensor add(Context& t) {
    return binary(t, [&](const Tensor& a, const Tensor& b) { return t.ops.add(a, b); });
}
Tensor sub(Context& t) {
    return binary(t, [&](const Tensor& a, const Tensor& b) { return t.ops.sub(a, b); });
}
Tensor mul(Context& t) {
    return binary(t, [&](const Tensor& a, const Tensor& b) { return t.ops.mul(a, b); });
}

Tensor condition(Context& t, const Shape& shape) {
    return t.input({t.pick(0, 1) ? shape.n : 1, shape.c, 1, 1});
}

Tensor scale_shift(Context& t) {
    Shape shape = t.shape(80);
    Tensor scale = condition(t, shape), shift;
    if (t.pick(0, 2)) shift = condition(t, shape);
    return t.ops.scale_shift(t.feature(shape), scale, shift);
}

Tensor norm_modulate(Context& t) {
    Shape shape = t.shape(160);
    shape.c += 2;
    Tensor scale = condition(t, shape), shift = condition(t, shape);
    return t.ops.norm_modulate(t.feature(shape), scale, shift);
}

Tensor group_norm(Context& t) {
    int groups = static_cast<int>(t.pick(1, 5));
    Shape shape = t.shape(1);
    shape.c = groups * t.pick(1, 12);
    shape.h += 1;
    shape.w += 3;
    Tensor weight = t.input({1, shape.c, 1, 1}), bias = t.input({1, shape.c, 1, 1});
    return t.ops.group_norm(t.feature(shape), groups, weight, bias, 1e-5f);
}

Tensor affine(Context& t) { return t.ops.affine(t.feature(t.shape(40)), 0.75f, -2); }
Tensor clamp(Context& t) { return t.ops.clamp(t.feature(t.shape(40)), -0.5f, 1.25f); }

Tensor sum_halves(Context& t) {
    Shape shape = t.shape(80);
    shape.c *= 2;
    return t.ops.sum_halves(t.feature(shape), t.act());
}

Tensor concat(Context& t) {
    Shape shape = t.shape(1);
    std::vector<Tensor> parts;
    for (int64_t i = t.pick(1, 4); i > 0; --i) {
        shape.c = t.shape(100).c;
        parts.push_back(t.pick(0, 2) ? t.feature(shape) : t.input(shape));
    }
    return t.ops.concat(parts);
}

Tensor channels(Context& t) {
    Shape shape = t.shape(150);
    int64_t count = t.pick(1, shape.c);
    return t.ops.channels(t.feature(shape), t.pick(0, shape.c - count), count);
}

Tensor concat_batch(Context& t) {
    Shape shape = t.shape(40);
    std::vector<Tensor> parts;
    for (int64_t i = t.pick(1, 4); i > 0; --i) {
        shape.n = t.pick(1, 3);
        parts.push_back(t.pick(0, 3) ? t.feature(shape) : t.input(shape));
    }
    return t.ops.concat_batch(parts);
}

Tensor batch(Context& t) {
    Shape shape = t.shape(40);
    int64_t count = t.pick(1, shape.n);
    Tensor part = t.ops.batch(t.feature(shape), t.pick(0, shape.n - count), count);
    // A part of a part, and used by something else than a copy to the host.
    return t.ops.affine(t.ops.batch(part, count - 1, 1), 1, 0);
}

Tensor channels_to_batch(Context& t) {
    Shape shape = t.shape(40);
    int64_t parts = t.pick(1, 4);
    shape.c *= parts;
    return t.ops.channels_to_batch(t.feature(shape), parts);
}

Tensor batch_to_channels(Context& t) {
    Shape shape = t.shape(40);
    int64_t parts = t.pick(1, 4);
    shape.n *= parts;
    return t.ops.batch_to_channels(t.feature(shape), parts);
}

Tensor repeat_batch(Context& t) { return t.ops.repeat_batch(t.feature(t.shape(40)), t.pick(1, 4)); }

Tensor rows(Context& t) {
    Tensor table = t.input({5, t.pick(1, 40), 1, 1});
    std::vector<int> chosen;
    for (int64_t i = t.pick(1, 4); i > 0; --i) chosen.push_back(static_cast<int>(t.pick(0, 4)));
    return t.ops.rows(table, chosen);
}

Tensor unshuffle(Context& t) {
    Shape shape = t.shape(20);
    int r = static_cast<int>(t.pick(1, 8));
    return t.ops.unshuffle(t.feature({shape.n, shape.c, shape.h * r, shape.w * r}), r);
}

Tensor shuffle(Context& t) {
    Shape shape = t.shape(8);
    int r = static_cast<int>(t.pick(1, 4));
    shape.c *= r * r;
    return t.ops.shuffle(t.feature(shape), r);
}

Tensor pad_edge(Context& t) {
    Shape shape = t.shape(40);
    return t.ops.pad_edge(t.feature(shape), shape.h + t.pick(0, 5), shape.w + t.pick(0, 5));
}

Tensor from_host_padded(Context& t) {
    const Shape shape = t.shape(5);
    std::vector<float> values(static_cast<size_t>(shape.count()));
    for (float& value : values) value = static_cast<float>(t.pick(-127, 127)) / 64;
    return t.ops.from_host_padded(shape, values.data(), shape.h + t.pick(0, 5),
                                  shape.w + t.pick(0, 5));
}

Tensor crop(Context& t) {
    Shape shape = t.shape(40);
    return t.ops.crop(t.feature(shape), t.pick(1, shape.h), t.pick(1, shape.w));
}

Tensor temporal_shift(Context& t) {
    Shape shape = t.shape(140);
    int64_t frames = t.pick(1, 4);
    shape.n *= frames;
    return t.ops.temporal_shift(t.feature(shape), frames);
}

Tensor global_mean(Context& t) {
    Shape shape = t.shape(80);
    shape.h *= 4;  // more than one block of a blocked sum
    return t.ops.global_mean(t.feature(shape));
}

Tensor upsample(Context& t) {
    return t.ops.upsample(t.feature(t.shape(40)), static_cast<int>(t.pick(1, 8)));
}

Tensor mean_pool(Context& t) {
    Shape shape = t.shape(40);
    int factor = static_cast<int>(t.pick(1, 8));
    return t.ops.mean_pool(t.feature({shape.n, shape.c, shape.h * factor, shape.w * factor}),
                           factor);
}

Tensor max_pool(Context& t) {
    Shape shape = t.shape(40);
    int kernel = static_cast<int>(t.pick(1, 3)), stride = static_cast<int>(t.pick(1, 3));
    shape.h += 3;
    shape.w += 3;
    return t.ops.max_pool(t.feature(shape), kernel, stride, t.pick(0, 1));
}

Tensor unit_length(Context& t) {
    Shape shape = t.shape(80);
    shape.c += 2;
    return t.ops.unit_length(t.feature(shape));
}

template <Act A>
Tensor activate_gradient(Context& t) {
    const Shape shape = t.shape(40);
    // Zero is where slopes jump.
    const Tensor x = t.ops.affine(t.pick(0, 1) ? t.feature(shape) : t.input(shape), 1, 1.0f / 128);
    return t.ops.activate_gradient(x, A, t.pick(0, 1) ? t.feature(shape) : t.input(shape));
}

Tensor max_pool_gradient(Context& t) {
    Shape shape = t.shape(40);
    const int kernel = static_cast<int>(t.pick(1, 3)), stride = static_cast<int>(t.pick(1, 3));
    shape.h += 3;
    shape.w += 3;
    const Tensor x = t.feature(shape);
    const bool ceil_mode = t.pick(0, 1);
    const Tensor g = t.input(t.ops.max_pool(x, kernel, stride, ceil_mode).shape());
    return t.ops.max_pool_gradient(x, g, kernel, stride);
}

Tensor unit_length_gradient(Context& t) {
    Shape shape = t.shape(80);
    shape.c += 2;  // at length 0 there is no gradient
    return t.ops.unit_length_gradient(t.feature(shape),
                                      t.pick(0, 1) ? t.feature(shape) : t.input(shape));
}

Tensor warp_of(Context& t, int64_t channels, bool features, int s,
               Sampling sampling = Sampling::bilinear) {
    Shape cells = t.shape(1);
    int64_t refs = t.pick(1, 3);
    const int64_t items = cells.n;
    cells.n *= t.pick(1, 3);
    std::vector<Tensor> pictures;
    for (int64_t i = 0; i < refs; ++i) {
        // One for all that follow each other, or one each.
        Shape picture{t.pick(0, 1) ? items : cells.n, channels, cells.h * s, cells.w * s};
        pictures.push_back(features ? t.feature(picture) : t.input(picture));
    }
    // Flows of several cells, so that many samples fall outside.
    Tensor flows = t.ops.affine(t.input({cells.n, 2 * refs, cells.h, cells.w}), 4, 0);
    Tensor logits = t.input({cells.n, refs + 1, cells.h, cells.w});
    return t.ops.warp_blend(pictures, flows, logits, s, sampling);
}

Tensor warp_pictures(Context& t) { return warp_of(t, 3, false, static_cast<int>(t.pick(1, 8))); }
Tensor warp_pictures_8(Context& t) { return warp_of(t, 3, false, 8); }
Tensor warp_cubic(Context& t) {
    return warp_of(t, 3, false, static_cast<int>(t.pick(1, 8)), Sampling::cubic);
}
Tensor warp_features(Context& t) { return warp_of(t, t.pick(1, 70), true, 1); }

Tensor block_match(Context& t) {
    // Few values, so that there are ties; sums of multiples of 1/64 are exact in any order.
    Shape shape = t.shape(1);
    shape.c = 1;
    Tensor current = t.input(shape, 3), reference = t.input(shape, 3);
    return t.ops.block_match(current, reference, static_cast<int>(t.pick(0, 8)));
}

}  // namespace

const std::vector<CheckCase>& check_cases() {
    using enum Exactness;
    static const std::vector<CheckCase> cases = {
        {"to_host_shown", rounds, to_host_shown},
        {"conv 1x1", sums, conv_1x1},
        {"conv 1x1 + residual", sums, conv_1x1_residual},
        {"conv 3x3", sums, conv_3x3},
        {"conv 3x3 + residual", sums, conv_3x3_residual},
        {"conv 3x3 stride 2", sums, conv_stride},
        {"conv of any kernel", sums, conv_any},
        {"conv of vectors", sums, conv_vector},
        {"depthwise", sums, depthwise},
        {"conv of parts", sums, conv_parts},
        {"conv and shuffle", sums, conv_shuffle},
        {"dcb", sums, dcb},
        {"activate relu", moves, activate<Act::relu>},
        {"activate leaky", rounds, activate<Act::leaky>},
        {"activate silu", rounds, activate<Act::silu>},
        {"activate gelu", rounds, activate<Act::gelu>},
        {"activate sigmoid", rounds, activate<Act::sigmoid>},
        {"activate exp", rounds, activate<Act::exp>},
        {"add", rounds, add},
        {"sub", rounds, sub},
        {"mul", rounds, mul},
        {"scale_shift", rounds, scale_shift},
        {"affine", rounds, affine},
        {"clamp", moves, clamp},
        {"sum_halves", rounds, sum_halves},
        {"norm_modulate", sums, norm_modulate},
        {"group_norm", sums, group_norm},
        {"concat", moves, concat},
        {"channels", moves, channels},
        {"concat_batch", moves, concat_batch},
        {"batch", moves, batch},
        {"channels_to_batch", moves, channels_to_batch},
        {"batch_to_channels", moves, batch_to_channels},
        {"repeat_batch", moves, repeat_batch},
        {"rows", moves, rows},
        {"unshuffle", moves, unshuffle},
        {"shuffle", moves, shuffle},
        {"pad_edge", moves, pad_edge},
        {"from_host_padded", moves, from_host_padded},
        {"crop", moves, crop},
        {"temporal_shift", moves, temporal_shift},
        {"global_mean", sums, global_mean},
        {"upsample", positions, upsample},
        {"mean_pool", sums, mean_pool},
        {"max_pool", moves, max_pool},
        {"unit_length", sums, unit_length},
        {"gradient of relu", moves, activate_gradient<Act::relu>},
        {"gradient of leaky", rounds, activate_gradient<Act::leaky>},
        {"gradient of silu", rounds, activate_gradient<Act::silu>},
        {"gradient of gelu", rounds, activate_gradient<Act::gelu>},
        {"gradient of sigmoid", rounds, activate_gradient<Act::sigmoid>},
        {"gradient of exp", rounds, activate_gradient<Act::exp>},
        {"gradient of max_pool", sums, max_pool_gradient},
        {"gradient of unit_length", sums, unit_length_gradient},
        {"warp_blend pictures", positions, warp_pictures},
        {"warp_blend pictures, s = 8", positions, warp_pictures_8},
        {"warp_blend pictures, cubic", positions, warp_cubic},
        {"warp_blend features", positions, warp_features},
        {"block_match", rounds, block_match},
    };
    return cases;
}

}  // namespace gvc::nn
