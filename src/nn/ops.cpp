#include "nn/ops.h"

namespace gvc::nn {

Tensor Ops::dcb(const Tensor& x, const DcbWeights& w) {
    const Tensor mixed =
        conv(depthwise(conv(x, w.in, Act::silu), w.depthwise), w.out, Act::none, x);
    return conv(sum_halves(conv(mixed, w.expand), Act::silu), w.reduce, Act::none, mixed);
}

}  // namespace gvc::nn
