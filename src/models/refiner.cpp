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
constexpr int kStemPatch = 4;
constexpr int kStemPatchChannels = 3 * kStemPatch * kStemPatch;

Tensor time_features(Ops& ops, const std::vector<float>& times) {
    std::vector<float> values;
    for (float t : times)
        for (int k = 1; k <= kTimeFeatures; ++k)
            values.push_back(std::cos(std::numbers::pi_v<float> * k * t));
    return ops.from_host({static_cast<int64_t>(times.size()), kTimeFeatures, 1, 1}, values.data());
}

}  // namespace

Refiner::Refiner(Ops& ops, const RefinerConfig& c, int width_frame, const std::string& p)
    : config_(c),
      condition_in_(ops, p + ".condition_in", kQualityFeatures + kTimeFeatures + kStyleSymbols,
                    kConditionWidth, 1, 1, Act::silu),
      condition_mid_(ops, p + ".condition_mid", kConditionWidth, kConditionWidth, 1, 1, Act::silu),
      stem_in_(ops, p + ".stem_in", kStemPatchChannels, c.width_s4),
      in_(ops, p + ".in", kFlowLatentChannels + width_frame + 4 * c.width_s4 + kPatchChannels,
          c.width),
      z0_(ops, p + ".z0", c.width, kFlowLatentChannels, 1, 1, Act::none, Init::kaiming, 0.1f),
      head_up_(ops, p + ".head_up", c.width, 4 * c.width_s4),
      head_out_(ops, p + ".head_out", c.width_s4, kStemPatchChannels, 1, 1, Act::none, Init::zero),
      stem_(ops, p + ".stem", c.width_s4, c.stem_blocks),
      pixel_blocks_(ops, p + ".pixel", c.width_s4, c.pixel_blocks) {
    for (int i = 0; i < c.blocks; ++i) {
        const std::string name = p + ".block" + std::to_string(i);
        modulations_.emplace_back(ops, name + ".modulation", kConditionWidth, c.width);
        blocks_.emplace_back(ops, name, c.width);
    }
}

RefinerOutput Refiner::run(Ops& ops, const RefinerInput& input, int frames, bool pixels) const {
    Tensor condition = ops.concat(
        {quality_features(ops, input.qps), time_features(ops, input.times), input.style});
    condition = condition_mid_(ops, condition_in_(ops, condition));

    const Tensor stem =
        stem_(ops, stem_in_.of_parts(ops, {patch_part(input.base_rgb, kStemPatch)}));
    Tensor x =
        in_.of_parts(ops, {{input.z_t}, {input.feature}, {stem, 2}, patch_part(input.previous)});
    // Mixers stand before blocks that are evenly spread: of 5 blocks and 2 mixers, before 1 and 3.
    for (int i = 0, mixed = 0; i < config_.blocks; ++i) {
        if (frames > 1 && mixed < config_.mixers &&
            i == (2 * mixed + 1) * config_.blocks / (2 * config_.mixers)) {
            x = ops.temporal_shift(x, frames);
            ++mixed;
        }
        x = blocks_[i](ops, modulations_[i](ops, x, condition));
    }

    RefinerOutput out;
    if (!pixels) {
        out.z0 = z0_(ops, x, input.z_t);
    } else {
        const Tensor y = pixel_blocks_(ops, head_up_.shuffled(ops, x, 2, stem));
        out.rgb = head_out_.shuffled(ops, y, kStemPatch, input.base_rgb);
    }
    return out;
}

}  // namespace gvc::models
