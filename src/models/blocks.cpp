#include "models/blocks.h"

#include <cmath>
#include <numbers>

namespace gvc::models {

using nn::Act;
using nn::Init;
using nn::Ops;
using nn::Tensor;

namespace {

nn::ConvSpec conv_spec(int in, int out, int kernel = 1, int stride = 1, Init init = Init::kaiming,
                       float gain = 1.0f) {
    nn::ConvSpec spec;
    spec.in = in;
    spec.out = out;
    spec.kernel = kernel;
    spec.stride = stride;
    spec.init = init;
    spec.gain = gain;
    return spec;
}

}  // namespace

Conv::Conv(Ops& ops, const std::string& name, int in, int out, int kernel, int stride, Act act,
           Init init, float gain)
    : weight_(ops.conv_weight(name, conv_spec(in, out, kernel, stride, init, gain))), act_(act) {}

Tensor Conv::operator()(Ops& ops, const Tensor& x, const Tensor& residual) const {
    return ops.conv(x, weight_, act_, residual);
}

Tensor Conv::of_parts(Ops& ops, const std::vector<nn::ConvPart>& parts) const {
    return ops.conv_parts(parts, weight_, act_);
}

Tensor Conv::shuffled(Ops& ops, const Tensor& x, int r, const Tensor& residual) const {
    return ops.conv_shuffle(x, weight_, r, residual);
}

Dcb::Dcb(Ops& ops, const std::string& name, int channels) {
    const int c = channels;
    constexpr float kBranch = 0.3f;  // residual branches start small
    weights_.in = ops.conv_weight(name + ".in", conv_spec(c, c));
    weights_.out = ops.conv_weight(name + ".out", conv_spec(c, c, 1, 1, Init::kaiming, kBranch));
    weights_.expand = ops.conv_weight(name + ".expand", conv_spec(c, 4 * c));
    weights_.reduce =
        ops.conv_weight(name + ".reduce", conv_spec(2 * c, c, 1, 1, Init::kaiming, kBranch));
    weights_.depthwise = ops.depthwise_weight(name + ".depthwise", c);
}

Tensor Dcb::operator()(Ops& ops, const Tensor& x) const { return ops.dcb(x, weights_); }

DcbStack::DcbStack(Ops& ops, const std::string& name, int channels, int count) {
    for (int i = 0; i < count; ++i)
        blocks_.emplace_back(ops, name + "." + std::to_string(i), channels);
}

Tensor DcbStack::operator()(Ops& ops, Tensor x) const {
    for (const Dcb& block : blocks_) x = block(ops, x);
    return x;
}

Modulation::Modulation(Ops& ops, const std::string& name, int condition, int channels)
    : scale_(ops, name + ".scale", condition, channels, 1, 1, Act::none, Init::zero),
      shift_(ops, name + ".shift", condition, channels, 1, 1, Act::none, Init::zero) {}

Tensor Modulation::operator()(Ops& ops, const Tensor& x, const Tensor& condition) const {
    return ops.scale_shift(x, ops.affine(scale_(ops, condition), 1.0f, 1.0f),
                           shift_(ops, condition));
}

Tensor quality_features(Ops& ops, const std::vector<float>& qps) {
    std::vector<float> values;
    for (float qp : qps)
        for (int k = 1; k <= kQualityFeatures; ++k)
            values.push_back(std::cos(std::numbers::pi_v<float> * k * (qp + 0.5f) / 32.0f));
    return ops.from_host({static_cast<int64_t>(qps.size()), kQualityFeatures, 1, 1}, values.data());
}

nn::ConvPart patch_part(const Tensor& rgb, int patch) { return {rgb, patch, 4.0f, -2.0f}; }

Tensor patches(Ops& ops, const Tensor& rgb) {
    const nn::ConvPart part = patch_part(rgb);
    return ops.unshuffle(ops.affine(part.x, part.scale, part.shift), part.cell);
}

}  // namespace gvc::models
