// Operations that are made of others, for backends that have nothing better.
#include "nn/ops.h"

namespace gvc::nn {

Tensor Ops::from_host_padded(const Shape& shape, const float* values, int64_t h, int64_t w) {
    return pad_edge(from_host(shape, values), h, w);
}

void Ops::to_host_shown(const Tensor& x, const Tensor& base, float share, int64_t h, int64_t w,
                        float* values) {
    const Tensor mixed = share == 1 ? x : add(affine(x, share, 0), affine(base, 1 - share, 0));
    to_host(crop(clamp(mixed, 0, 1), h, w), values);
}

Tensor Ops::conv_parts(const std::vector<ConvPart>& parts, const ConvWeight& w, Act act) {
    std::vector<Tensor> xs;
    for (const ConvPart& part : parts) {
        Tensor x = part.x;
        if (part.scale != 1 || part.shift != 0) x = affine(x, part.scale, part.shift);
        xs.push_back(part.cell > 1 ? unshuffle(x, part.cell) : x);
    }
    return conv(xs.size() > 1 ? concat(xs) : xs.front(), w, act);
}

Tensor Ops::conv_shuffle(const Tensor& x, const ConvWeight& w, int r, const Tensor& residual) {
    return add(shuffle(conv(x, w), r), residual);
}

Tensor Ops::dcb(const Tensor& x, const DcbWeights& w) {
    const Tensor mixed =
        conv(depthwise(conv(x, w.in, Act::silu), w.depthwise), w.out, Act::none, x);
    return conv(sum_halves(conv(mixed, w.expand), Act::silu), w.reduce, Act::none, mixed);
}

}  // namespace gvc::nn
