// Stage 5, short form: the refiner in one step, in pixels, on a frozen tokeniser.
#include "models/refiner.h"
#include "nn/torch/torch_motion.h"
#include "train/trainer.h"

namespace gvc::train {
namespace {

constexpr int T = models::kChunkFrames;

std::vector<float> repeated(const std::vector<float>& values, int times) {
    std::vector<float> result;
    for (float v : values) result.insert(result.end(), times, v);
    return result;
}

}  // namespace

at::Tensor Trainer::refine_unit(const models::BaseOutput& decoded, const at::Tensor& base,
                                const at::Tensor& style, const std::vector<float>& qps,
                                const at::Tensor& last, const at::Tensor& key) {
    const int t = decoded.flows.defined() ? T : 1;
    models::RefinerInput input;
    input.z_t = decoded.z_base;
    input.feature = decoded.feature;
    input.base_rgb = nn::from_torch(base);
    input.previous = input.base_rgb;
    if (t > 1)
        input.previous = nn::from_torch(nn::torch_warp_blend(
            {last.repeat_interleave(T, 0), key.repeat_interleave(T, 0)},
            nn::to_torch(decoded.flows), nn::to_torch(decoded.logits), models::kPatch));
    input.style = nn::from_torch(style.repeat_interleave(t, 0));
    input.qps = repeated(qps, t);
    input.times.assign(input.qps.size(), 0.0f);
    return nn::to_torch(refiner_->run(*ops_, input, t, true).rgb).to(at::kFloat);
}

at::Tensor Trainer::style_of(const at::Tensor& key) {
    at::Tensor style = nn::to_torch(nets_->tokeniser.style(*ops_, nn::from_torch(key)));
    return leaves_out("descriptor") ? at::zeros_like(style) : round_straight_through(style);
}

at::Tensor Trainer::refine_loss(Values& values) {
    int64_t n = options_.batch;
    int count = options_.chunks;
    at::Tensor frames = batch_of(1 + T * count);
    int64_t c = frames.size(2);
    frames = frames.view({n, 1 + T * count, 3, c, c});
    const std::vector<float> qps = draw_qps(options_.batch, random_);
    const std::vector<float> chunk_qps = qps_of_chunks(qps);

    at::Tensor key_truth = unit_frames(frames, -1);
    const at::Tensor style = style_of(key_truth);

    models::DecoderState state;
    at::Tensor previous_symbols, last_refined, key_refined, loss;
    std::vector<at::Tensor> shown;
    double base_lpips = 0, refined_lpips = 0;
    for (int k = -1; k < count; ++k) {
        int t = k < 0 ? 1 : T;
        at::Tensor truth = k < 0 ? key_truth : unit_frames(frames, k);
        CodedPicture coded;
        {
            torch::NoGradGuard no_grad;
            coded = k < 0 ? code_key(*ops_, *nets_, truth, qps, state)
                          : code_chunk(*ops_, *nets_, truth, chunk_qps, previous_symbols, state);
            if (k >= 0) previous_symbols = coded.symbols;
        }
        at::Tensor base = nn::to_torch(coded.base.rgb).clamp(0.0, 1.0);
        at::Tensor refined = refine_unit(coded.base, base, style, k < 0 ? qps : chunk_qps,
                                         last_refined, key_refined);

        // L1 + MS-SSIM of all, LPIPS of one frame of the chunk.
        int64_t pick = t > 1 ? std::uniform_int_distribution<int64_t>(0, t - 1)(random_) : 0;
        auto one = [&](const at::Tensor& x) { return x.view({n, t, 3, c, c}).select(1, pick); };
        at::Tensor l1 = (refined - truth).abs().mean();
        at::Tensor d = 0.5 * l1 + 0.2 * ms_ssim_loss(one(refined), one(truth)).mean();
        size_t net = std::uniform_int_distribution<size_t>(0, lpips_.size() - 1)(random_);
        int64_t dx = std::uniform_int_distribution<int>(0, 7)(random_), s = c - 8;
        int64_t dy = std::uniform_int_distribution<int>(0, 7)(random_);
        auto crop = [&](const at::Tensor& x) { return one(x).narrow(2, dy, s).narrow(3, dx, s); };
        at::Tensor l = lpips_[net](crop(refined), crop(truth)).mean();
        d = d + 1.0 * l;
        if (t > 1) {  // temporal: changes between frames like the source's
            auto change = [&](const at::Tensor& x) {
                at::Tensor v = x.view({n, t, 3, c, c});
                return v.narrow(1, 1, t - 1) - v.narrow(1, 0, t - 1);
            };
            d = d + 0.5 * (change(refined) - change(truth)).abs().mean();
        }
        loss = loss.defined() ? loss + d : d;
        {
            torch::NoGradGuard no_grad;
            if (net == 0) {
                base_lpips += lpips_[0](crop(base), crop(truth)).mean().item<double>();
                refined_lpips += l.item<double>();
                std::string name = k < 0 ? "key" : "chunk";
                values[name + "_alex_base"] = base_lpips;
                values[name + "_alex_refined"] = refined_lpips;
                base_lpips = refined_lpips = 0;
            }
            values["l1"] = l1.item<double>();
            values["base_l1"] = (base - truth).abs().mean().item<double>();
        }
        at::Tensor kept = refined.detach().clamp(0.0, 1.0).view({n, t, 3, c, c}).select(1, t - 1);
        last_refined = kept.contiguous();
        if (k < 0) key_refined = last_refined;
        if (show_) {
            auto last = [&](const at::Tensor& x) {
                return x.view({n, t, 3, c, c}).select(1, t - 1);
            };
            shown.insert(shown.end(), {last(truth), last(base), last(refined)});
        }
    }
    if (show_) show(shown);
    return loss / double(1 + count);
}

}  // namespace gvc::train
