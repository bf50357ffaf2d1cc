#include "models/hybrid.h"

#include <algorithm>
#include <cmath>

#include "models/motion.h"

namespace gvc::models {

using nn::Act;
using nn::Ops;
using nn::Tensor;

namespace {

constexpr int kCodeWidth = 32;

// Every condition is brought to the range of a qp, so that one kind of features serves all.
std::vector<float> mapped(const std::vector<float>& values, float (*map)(float)) {
    std::vector<float> result;
    for (float v : values) result.push_back(std::clamp(map(v), 0.0f, 31.0f));
    return result;
}

float of_crf(float crf) { return crf / 2; }
float of_scale(float scale) { return (1 - scale) * 62; }          // half size: 31
float of_bpp(float bpp) { return (-4 - std::log2(bpp)) * 5.2f; }  // 1/16: 0, 1/1024: 31

// Of the warped picture against the decoded one: even at this mean luma difference, in [0, 1], and
// from there an e-fold for each further kFitScale.
constexpr float kFitEven = 6.0f / 255, kFitScale = 1.5f / 255;
constexpr float kNever = -30.0f;

}  // namespace

Tensor previous_pictures(Ops& ops, const Tensor& rgb, const Tensor& last_rgb,
                         const Tensor& last_refined, int frames) {
    const MotionHint motion = motion_to_last(ops, rgb, last_rgb, frames);
    const nn::Shape cells = motion.costs.shape();
    const Tensor still = ops.zeros({cells.n, 2, cells.h, cells.w});
    const Tensor none = ops.zeros(cells);
    const Tensor fit = ops.affine(motion.costs, -1.0f / kFitScale, kFitEven / kFitScale);
    const Tensor logits = ops.concat({fit, none, ops.affine(none, 1.0f, kNever)});
    return ops.warp_blend({last_refined, rgb}, ops.concat({motion.vectors, still}), logits, kPatch,
                          nn::Sampling::bilinear);
}

HybridRefiner::HybridRefiner(Ops& ops, const HybridConfig& c, const RefinerConfig& refiner)
    : recurrent_(c.recurrent > 0),
      code_in_(ops, "hybrid.code_in", 3 * kQualityFeatures, kCodeWidth, 1, 1, Act::silu),
      code_out_(ops, "hybrid.code_out", kCodeWidth, kStyleSymbols),
      feature_in_(ops, "hybrid.feature_in", 2 * kPatchChannels, c.width_frame),
      z_base_(ops, "hybrid.z_base", c.width_frame, kFlowLatentChannels),
      feature_(ops, "hybrid.feature", c.width_frame, c.blocks),
      detail_(ops, c),
      refiner_(ops, refiner, c.width_frame, "hybrid.refiner") {}

Tensor HybridRefiner::run(Ops& ops, const HybridInput& input, int frames) const {
    const auto qps = mapped(input.crfs, of_crf);
    const Tensor code = code_out_(
        ops, code_in_(ops, ops.concat({quality_features(ops, qps),
                                       quality_features(ops, mapped(input.scales, of_scale)),
                                       quality_features(ops, mapped(input.bpps, of_bpp))})));
    RefinerInput in;
    const Tensor seen =
        feature_in_.of_parts(ops, {patch_part(input.rgb), patch_part(input.previous)});
    in.feature = feature_(ops, detail_.run(ops, input.detail, seen));
    in.z_t = z_base_(ops, in.feature);
    in.base_rgb = input.rgb;
    in.previous = input.previous;
    in.style = code;
    in.qps = qps;
    in.times.assign(qps.size(), 0.0f);
    return refiner_.run(ops, in, frames, true).rgb;
}

}  // namespace gvc::models
