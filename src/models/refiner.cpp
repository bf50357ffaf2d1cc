#include "models/refiner.h"

#include <cmath>
#include <numbers>

namespace gvc::models {

using nn::Act;
using nn::Init;
using nn::Ops;
using nn::Tensor;

namespace {

constexpr int kTimeFeatures = 8;
constexpr int kConditionWidth = 64;

Tensor time_features(Ops& ops, const std::vector<float>& times) {
    std::vector<float> values;
    for (float t : times)
        for (int k = 1; k <= kTimeFeatures; ++k)
            values.push_back(std::cos(std::numbers::pi_v<float> * k * t));
    return ops.from_host({static_cast<int64_t>(times.size()), kTimeFeatures, 1, 1}, values.data());
}

}  // namespace

DiCo::DiCo(Ops& ops, const std::string& name, int channels, int condition)
    : scale1_(ops, name + ".scale1", condition, channels, 1, 1, Act::none, Init::zero),
      shift1_(ops, name + ".shift1", condition, channels, 1, 1, Act::none, Init::zero),
      scale2_(ops, name + ".scale2", condition, channels, 1, 1, Act::none, Init::zero),
      shift2_(ops, name + ".shift2", condition, channels, 1, 1, Act::none, Init::zero),
      in_(ops, name + ".in", channels, channels),
      attention_(ops, name + ".attention", channels, channels, 1, 1, Act::sigmoid),
      out_(ops, name + ".out", channels, channels, 1, 1, Act::none, Init::kaiming, 0.3f),
      expand_(ops, name + ".expand", channels, 4 * channels, 1, 1, Act::gelu),
      reduce_(ops, name + ".reduce", 4 * channels, channels, 1, 1, Act::none, Init::kaiming, 0.3f),
      depthwise_(ops.depthwise_weight(name + ".depthwise", channels)) {}

Tensor DiCo::operator()(Ops& ops, const Tensor& x, const Tensor& condition) const {
    Tensor h = ops.norm_modulate(x, scale1_(ops, condition), shift1_(ops, condition));
    h = ops.depthwise(in_(ops, h), depthwise_, Act::gelu);
    h = ops.scale_shift(h, attention_(ops, ops.global_mean(h)), {});
    Tensor mixed = out_(ops, h, x);
    h = ops.norm_modulate(mixed, scale2_(ops, condition), shift2_(ops, condition));
    return reduce_(ops, expand_(ops, h), mixed);
}

Refiner::Refiner(Ops& ops, const RefinerConfig& c, int width_frame)
    : config_(c),
      condition_in_(ops, "refiner.condition_in", kQualityFeatures + kTimeFeatures + kStyleSymbols,
                    kConditionWidth, 1, 1, Act::silu),
      condition_mid_(ops, "refiner.condition_mid", kConditionWidth, kConditionWidth, 1, 1,
                     Act::silu),
      in_(ops, "refiner.in", kFlowLatentChannels + width_frame + 2 * kPatchChannels, c.width),
      z0_(ops, "refiner.z0", c.width, kFlowLatentChannels, 1, 1, Act::none, Init::kaiming, 0.1f),
      head_up_(ops, "refiner.head_up", c.width, 4 * c.width_s4),
      head_out_(ops, "refiner.head_out", c.width_s4, 3 * 16, 1, 1, Act::none, Init::zero),
      pixel_blocks_(ops, "refiner.pixel", c.width_s4, c.pixel_blocks) {
    for (int i = 0; i < c.blocks; ++i)
        blocks_.emplace_back(ops, "refiner.block" + std::to_string(i), c.width, kConditionWidth);
}

RefinerOutput Refiner::run(Ops& ops, const RefinerInput& input, int frames, bool pixels) const {
    Tensor condition = ops.concat(
        {quality_features(ops, input.qps), time_features(ops, input.times), input.style});
    condition = condition_mid_(ops, condition_in_(ops, condition));

    Tensor x = in_(ops, ops.concat({input.z_t, input.feature, patches(ops, input.base_rgb),
                                    patches(ops, input.previous)}));
    // Mixers stand before blocks that are evenly spread: of 5 blocks and 2 mixers, before 1 and 3.
    for (int i = 0, mixed = 0; i < config_.blocks; ++i) {
        if (frames > 1 && mixed < config_.mixers &&
            i == (2 * mixed + 1) * config_.blocks / (2 * config_.mixers)) {
            x = ops.temporal_shift(x, frames);
            ++mixed;
        }
        x = blocks_[i](ops, x, condition);
    }

    RefinerOutput out;
    out.z0 = z0_(ops, x, input.z_t);
    if (pixels) {
        Tensor y = pixel_blocks_(ops, ops.shuffle(head_up_(ops, x), 2));
        out.rgb = ops.add(ops.shuffle(head_out_(ops, y), 4), input.base_rgb);
    }
    return out;
}

}  // namespace gvc::models
