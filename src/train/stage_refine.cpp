// The refiner: stage 4, flow matching on the teacher's latents (match); stage 5, one step in
// pixels, behind a frozen tokeniser (refine). Everything at once is stage joint, in
// stage_chunk.cpp.
#include "models/refiner.h"
#include "nn/torch/torch_motion.h"
#include "train/trainer.h"

namespace gvc::train {
namespace {

constexpr int T = models::kChunkFrames;
// In pixels. LPIPS leads: distortion is what the base picture is trained for.
constexpr double kL1Weight = 0.5, kMsSsimWeight = 0.2, kLpipsWeight = 1.0, kFlickerWeight = 0.5;

std::vector<float> repeated(const std::vector<float>& values, int times) {
    std::vector<float> result;
    for (float v : values) result.insert(result.end(), times, v);
    return result;
}

}  // namespace

models::RefinerInput Trainer::refiner_input(const models::BaseOutput& decoded,
                                            const at::Tensor& base, const at::Tensor& style,
                                            const std::vector<float>& qps,
                                            const References& references) {
    const auto t = static_cast<int>(base.size(0) / style.size(0));
    models::RefinerInput input;
    input.z_t = decoded.z_base;
    input.feature = decoded.feature;
    input.base_rgb = input.previous = nn::from_torch(base);
    if (decoded.flows.defined())
        input.previous = nn::from_torch(nn::torch_warp_blend(
            {references.last, references.key}, nn::to_torch(decoded.flows),
            nn::to_torch(decoded.logits), models::kPatch, nn::Sampling::bilinear));
    input.style = nn::from_torch(style.repeat_interleave(t, 0));
    input.qps = repeated(qps, t);
    input.times.assign(input.qps.size(), 0.0f);
    return input;
}

at::Tensor Trainer::refine_unit(const models::BaseOutput& decoded, const at::Tensor& base,
                                const at::Tensor& style, const std::vector<float>& qps,
                                const References& references) {
    const auto t = static_cast<int>(base.size(0) / style.size(0));
    const auto input = refiner_input(decoded, base, style, qps, references);
    return nn::to_torch(refiner_->run(*ops_, input, t, true).rgb).to(at::kFloat);
}

at::Tensor Trainer::style_of(const at::Tensor& key) {
    at::Tensor style = nn::to_torch(nets_->tokeniser.style(*ops_, nn::from_torch(key)));
    return leaves_out("descriptor") ? at::zeros_like(style) : round_straight_through(style);
}

at::Tensor Trainer::refined_distortion(const CodedUnit& unit, const at::Tensor& style,
                                       References& references, Values& values) {
    const at::Tensor& truth = unit.truth;
    const int64_t n = options_.batch, c = truth.size(2), t = truth.size(0) / n;
    const at::Tensor base = nn::to_torch(unit.coded.base.rgb).to(at::kFloat).clamp(0.0, 1.0);
    const at::Tensor refined = refine_unit(unit.coded.base, base, style, unit.qps, references);

    // L1 of all frames, MS-SSIM and LPIPS of one of the chunk.
    const int64_t pick = std::uniform_int_distribution<int64_t>(0, t - 1)(random_);
    auto one = [&](const at::Tensor& x) { return x.view({n, t, 3, c, c}).select(1, pick); };
    const at::Tensor l1 = (refined - truth).abs().mean();
    const size_t net = std::uniform_int_distribution<size_t>(0, lpips_.size() - 1)(random_);
    const int64_t dx = std::uniform_int_distribution<int>(0, 7)(random_), s = c - 8;
    const int64_t dy = std::uniform_int_distribution<int>(0, 7)(random_);
    auto crop = [&](const at::Tensor& x) { return one(x).narrow(2, dy, s).narrow(3, dx, s); };
    const at::Tensor l = lpips_[net](crop(refined), crop(truth)).mean();
    at::Tensor d = kL1Weight * l1 + kMsSsimWeight * ms_ssim_loss(one(refined), one(truth)).mean() +
                   kLpipsWeight * l;
    if (t > 1) {  // changes between frames like the source's
        auto change = [&](const at::Tensor& x) {
            const at::Tensor v = x.view({n, t, 3, c, c});
            return v.narrow(1, 1, t - 1) - v.narrow(1, 0, t - 1);
        };
        d = d + kFlickerWeight * (change(refined) - change(truth)).abs().mean();
    }
    {
        torch::NoGradGuard no_grad;
        if (net == 0) {
            const std::string name = t > 1 ? "chunk" : "key";
            values[name + "_alex_base"] = lpips_[0](crop(base), crop(truth)).mean().item<double>();
            values[name + "_alex_refined"] = l.item<double>();
        }
        values["refined_l1"] = l1.item<double>();
        values["base_l1"] = (base - truth).abs().mean().item<double>();
    }
    if (critic_ && t > 1)
        d = with_adversary(d, truth, base, refined, "refiner.head_out.weight", values);
    references.move_on(last_of_unit(refined.detach().clamp(0.0, 1.0)), t == 1);
    return d;
}

std::vector<CodedUnit> Trainer::coded_gop(const at::Tensor& frames, const std::vector<float>& qps) {
    torch::NoGradGuard no_grad;
    models::DecoderState state;
    const at::Tensor key = unit_frames(frames, -1);
    std::vector<CodedUnit> units{{coded_key(key, qps, state), key, qps}};
    append_chunks(frames, qps, state, units);
    return units;
}

void Trainer::append_chunks(const at::Tensor& frames, const std::vector<float>& key_qps,
                            models::DecoderState state, std::vector<CodedUnit>& units) {
    torch::NoGradGuard no_grad;
    const std::vector<float> qps = qps_of_chunks(key_qps);
    at::Tensor previous;
    for (int k = 0; k < (frames.size(1) - 1) / T; ++k) {
        const at::Tensor truth = unit_frames(frames, k);
        units.push_back({code_chunk(*ops_, *nets_, truth, qps, previous, state), truth, qps});
        previous = units.back().coded.symbols;
    }
}

at::Tensor Trainer::mean_over_units(const UnitLoss& loss_of) {
    const std::vector<CodedUnit> units =
        coded_gop(sequences_of(1 + T * options_.chunks), draw_qps(options_.batch, random_));
    const at::Tensor style = style_of(units.front().truth);
    References references;
    at::Tensor loss;
    for (const CodedUnit& unit : units) {
        const at::Tensor d = loss_of(unit, style, references);
        loss = loss.defined() ? loss + d : d;
    }
    return loss / double(units.size());
}

at::Tensor Trainer::refine_loss(Values& values) {
    std::vector<at::Tensor> shown;
    const auto loss_of = [&](const CodedUnit& unit, const at::Tensor& style,
                             References& references) {
        const at::Tensor d = refined_distortion(unit, style, references, values);
        if (show_)
            shown.insert(shown.end(),
                         {last_of_unit(unit.truth), last_of_unit(nn::to_torch(unit.coded.base.rgb)),
                          references.last});
        return d;
    };
    const at::Tensor loss = mean_over_units(loss_of);
    if (show_) show(shown);
    return loss;
}

// Rectified flow: z_t = (1 - t) z + t noise, of which the network finds the teacher's z (Liu et al.
// 2022). Half of the batch starts from the teacher's latent, as in the middle of many steps, half
// from the base's, as the decoder does.
at::Tensor Trainer::match_loss(Values& values) {
    return mean_over_units([&](const CodedUnit& unit, const at::Tensor& style,
                               References& references) {
        const at::Tensor base = nn::to_torch(unit.coded.base.rgb).to(at::kFloat).clamp(0.0, 1.0);
        models::RefinerInput input =
            refiner_input(unit.coded.base, base, style, unit.qps, references);
        const at::Tensor z = teacher_->latent(unit.truth);
        const at::Tensor z_base = nn::to_torch(unit.coded.base.z_base).to(at::kFloat);
        const int64_t t = unit.truth.size(0) / options_.batch;
        // One time for all frames of an item: they are refined together.
        input.times.clear();
        std::vector<float> from_base;
        for (int64_t i = 0; i < options_.batch; ++i) {
            const auto time = std::uniform_real_distribution<float>(0, 1)(random_);
            const bool base_first = std::bernoulli_distribution(0.5)(random_);
            input.times.insert(input.times.end(), size_t(t), time);
            from_base.insert(from_base.end(), size_t(t), base_first ? 1.0f : 0.0f);
        }
        const at::Tensor time = torch::tensor(input.times).view({-1, 1, 1, 1}).to(device_);
        const at::Tensor mix = torch::tensor(from_base).view({-1, 1, 1, 1}).to(device_);
        const at::Tensor start = mix * z_base + (1 - mix) * z;
        input.z_t = nn::from_torch((1 - time) * start + time * torch::randn_like(z));
        const at::Tensor found =
            nn::to_torch(refiner_->run(*ops_, input, static_cast<int>(t), false).z0).to(at::kFloat);
        const at::Tensor d = (found - z).square().mean();
        const std::string name = t > 1 ? "chunk" : "key";
        values[name + "_latent"] = d.item<double>();
        values[name + "_latent_base"] = (z_base - z).square().mean().item<double>();
        references.move_on(last_of_unit(base), t == 1);
        return d;
    });
}

}  // namespace gvc::train
