// Stages 2, 3 and 5: flow alone, then chunks behind a keyframe, then longer GOPs, then base and
// refiner together.
#include "models/config.h"
#include "nn/torch/torch_motion.h"
#include "train/trainer.h"

namespace gvc::train {
namespace {

constexpr int T = models::kChunkFrames;
// Gradients go back through as many chunks. Through five their norm is 4 and more, with a tail that
// made a fifth of the steps be skipped; through two it is 1.
constexpr int kTruncation = 2;
// In stage joint, of the base picture's distortion: the refined picture is the one that is shown.
constexpr double kBaseShare = 0.5;
// One batch of so many keeps the refiner's latent head at work, where there is a teacher.
constexpr int kMatchEvery = 4;

void detach(models::DecoderState& state) {
    for (nn::Tensor* x : {&state.memory, &state.last_rgb, &state.last_feature, &state.key_rgb,
                          &state.key_feature, &state.way_to_key})
        if (x->defined()) *x = nn::from_torch(nn::to_torch(*x).detach());
}

at::Tensor each(const at::Tensor& x) { return x.repeat_interleave(T, 0); }

// How well the source warped by the decoded flows fits, and how smooth they are. flows [N*T, 4, h,
// w].
struct FlowLosses {
    at::Tensor photometric, smooth;
};

FlowLosses flow_losses(const at::Tensor& flows, const at::Tensor& frames, const at::Tensor& last,
                       const at::Tensor& key) {
    FlowLosses sum;
    int i = 0;
    for (const at::Tensor& reference : {each(last), each(key)}) {
        at::Tensor flow = flows.narrow(1, 2 * i, 2).to(at::kFloat);
        // At half size: a quarter of the work, and smoother gradients.
        at::Tensor small = at::avg_pool2d(frames, {2, 2}), ref = at::avg_pool2d(reference, {2, 2});
        at::Tensor full = nn::upsample_bilinear(flow, 4) * 4.0;
        at::Tensor fit = photometric(nn::torch_warp(ref, full), small).mean();
        at::Tensor smooth = smoothness(flow);
        sum.photometric = i ? sum.photometric + fit : fit;
        sum.smooth = i ? sum.smooth + smooth : smooth;
        ++i;
    }
    return sum;
}

// A P-key as the decoder has it: of the chunk's four equal frames one.
models::BaseOutput last_frames(const models::BaseOutput& base) {
    const auto last = [](const nn::Tensor& x) {
        const at::Tensor t = nn::to_torch(x);
        return nn::from_torch(t.slice(0, T - 1, t.size(0), T));
    };
    return {last(base.rgb), last(base.feature), last(base.z_base), last(base.flows),
            last(base.logits)};
}

}  // namespace

// Motion first, on source frames and without a rate: with the rate on from the start the decoded
// flow never leaves zero.
at::Tensor Trainer::flow_loss(Values& values) {
    const int64_t n = options_.batch, c = options_.crop;
    const at::Tensor frames = sequences_of(T + 2);  // keyframe, last frame, chunk
    at::Tensor key = frames.select(1, 0).contiguous(), last = frames.select(1, 1).contiguous();
    at::Tensor chunk = frames.narrow(1, 2, T).reshape({n * T, 3, c, c});
    std::vector<float> qps = draw_qps(options_.batch, random_);

    models::DecoderState state;
    {
        torch::NoGradGuard no_grad;
        code_key(*ops_, *nets_, last, qps, state);
        state.last_rgb = nn::from_torch(last);
        state.key_rgb = nn::from_torch(key);
    }
    CodedPicture coded = code_chunk(*ops_, *nets_, chunk, qps, {}, state);
    const at::Tensor& flows = nn::to_torch(coded.base.flows);
    FlowLosses f = flow_losses(flows, chunk, last, key);
    at::Tensor picture = nn::to_torch(coded.base.rgb).to(at::kFloat);
    at::Tensor l1 = (picture - chunk).abs().mean();

    values["photometric"] = f.photometric.item<double>();
    values["flow"] = flows.detach().to(at::kFloat).abs().mean().item<double>();
    values["l1"] = l1.item<double>();
    values["copy_l1"] = (each(last) - chunk).abs().mean().item<double>();
    values["y_std"] = coded.y_std.item<double>();
    values["bpp"] = coded.rates.bits_hard.mean().item<double>() / double(c * c * T);
    // A trace of the rate teaches the scale network what it will have to say, without any pressure.
    at::Tensor rate = coded.rates.bits.mean() / double(c * c * T);
    return 2.0 * f.photometric + 0.02 * f.smooth + 2.0 * l1 + 0.05 * rate;
}

// 2 x L1 of all frames and LPIPS of one of the four: a quarter of its cost, the same expectation.
// The last frame, which the next chunk leans on, is drawn twice as often. [N]
at::Tensor Trainer::chunk_distortion(const at::Tensor& pictures, const at::Tensor& truth,
                                     Values& values) {
    const int64_t n = options_.batch, c = options_.crop;
    const at::Tensor l1 = (pictures - truth).abs().mean(at::IntArrayRef{1, 2, 3}).view({n, T});
    const int64_t t =
        std::min<int64_t>(std::uniform_int_distribution<int64_t>(0, T)(random_), T - 1);
    const auto one = [&](const at::Tensor& x) { return x.view({n, T, 3, c, c}).select(1, t); };
    return distortion(one(pictures), one(truth), values, "chunk") +
           2.0 * (l1.mean(1) - l1.select(1, t));
}

at::Tensor Trainer::chunk_loss(Values& values) {
    const bool joint = options_.stage == "joint";
    if (joint && teacher_ && run_steps_ % kMatchEvery == kMatchEvery - 1) return match_loss(values);
    const int64_t n = options_.batch, c = options_.crop;
    const int count = options_.chunks;
    const at::Tensor frames = sequences_of(1 + T * count);
    const std::vector<float> qps = draw_qps(options_.batch, random_);
    const std::vector<float> chunk_qps = qps_of_chunks(qps);
    // Weights of a keyframe's bits, which serve a GOP, and of a chunk's.
    std::vector<float> key_weights, chunk_weights;
    for (size_t i = 0; i < qps.size(); ++i) {
        key_weights.push_back(
            float(bands_.weight(qps[i]) / double(models::kGopFrames) / double(c * c)));
        chunk_weights.push_back(float(bands_.weight(chunk_qps[i]) / double(T) / double(c * c)));
    }
    const at::Tensor key_weight = torch::tensor(key_weights).to(device_) * double(1 + T * count);
    const at::Tensor chunk_weight = torch::tensor(chunk_weights).to(device_) * double(T);
    const double base_share = joint ? kBaseShare : 1.0;
    const auto draw = [&](double share) { return std::bernoulli_distribution(share)(random_); };

    models::DecoderState state;
    const at::Tensor key = unit_frames(frames, -1);
    CodedPicture coded = coded_key(key, qps, state);
    // The keyframe's own picture counts as one of the frames.
    at::Tensor loss = (base_share * distortion(nn::to_torch(coded.base.rgb), key, values, "key") +
                       rate_share() * coded.rates.bits * key_weight)
                          .mean() +
                      latent_distortion(coded, key, "key", values);
    std::vector<CodedUnit> units{{coded, key, qps}};
    at::Tensor gop_bits = coded.rates.bits_hard.detach().clone();
    values["key_bpp"] = coded.rates.bits_hard.mean().item<double>() / double(c * c);
    values["key_mse"] =
        (nn::to_torch(coded.base.rgb).detach() - key).square().mean().item<double>();

    // Slices that may be lost are coded without the chunk before them.
    const bool lossy = options_.lost > 0 && draw(0.5);
    const bool chain = !lossy && draw(0.75);
    const int pkey = count > 2 && draw(options_.chained)
                         ? std::uniform_int_distribution<int>(1, count - 2)(random_)
                         : count;
    at::Tensor previous;
    std::vector<at::Tensor> shown{key, nn::to_torch(coded.base.rgb)};
    for (int k = 0; k < count; ++k) {
        at::Tensor chunk = unit_frames(frames, k, k > pkey ? T - 1 : 0);
        if (k == pkey) {
            chunk =
                chunk.view({n, T, 3, c, c}).narrow(1, 0, 1).repeat_interleave(T, 1).flatten(0, 1);
            previous = at::Tensor();
        }
        const std::vector<float>& unit_qps = k == pkey ? qps : chunk_qps;
        if (k > 0 && k % kTruncation == 0) detach(state);
        const at::Tensor last = nn::to_torch(state.last_rgb).detach();
        const at::Tensor key_picture = nn::to_torch(state.key_rgb).detach();
        at::Tensor received;
        if (lossy)
            received = draw_received(options_.batch, c / 64,
                                     std::uniform_int_distribution<int>(1, int(c / 64))(random_),
                                     options_.lost, random_)
                           .to(device_);
        coded = code_chunk(*ops_, *nets_, chunk, unit_qps, previous, state, received);
        if (chain) previous = coded.symbols;

        const at::Tensor picture = nn::to_torch(coded.base.rgb).to(at::kFloat);
        const FlowLosses f = flow_losses(nn::to_torch(coded.base.flows), chunk, last, key_picture);
        const double shares = k == pkey ? 1.0 : double(T);  // frames
        loss = loss +
               (shares * base_share * chunk_distortion(picture, chunk, values) +
                rate_share() * coded.rates.bits * (k == pkey ? key_weight : chunk_weight))
                   .mean() +
               shares * (0.1 * f.photometric + 0.001 * f.smooth +
                         latent_distortion(coded, chunk, "chunk", values));
        if (k == pkey) {
            state.last_becomes_key();
            coded.base = last_frames(coded.base);
        }
        if (joint)
            units.push_back(
                {coded, (k == pkey ? last_of_unit(chunk) : chunk).contiguous(), unit_qps, shares});

        gop_bits += coded.rates.bits_hard * (double(models::kGopChunks) / count);
        const std::string name = "c" + std::to_string(k);
        values[name + "_bpp"] = coded.rates.bits_hard.mean().item<double>() / double(c * c * T);
        values[name + "_mse"] = (picture.detach() - chunk).square().mean().item<double>();
        if (k + 1 == count) {
            const auto bpp = [&](const at::Tensor& bits) {
                return bits.mean().item<double>() / double(c * c * T);
            };
            values["bpp_fine"] = bpp(coded.rates.bits_hard[0]);
            values["bpp_coarse"] = bpp(coded.rates.bits_hard[-1]);
            values["bpp_motion"] = bpp(coded.rates.bits_motion);
            values["bpp_hyper"] = bpp(coded.rates.bits_hyper);
            values["living"] = double(living_channels(coded.symbols.narrow(0, 0, 1)));
            values["y_std"] = coded.y_std.item<double>();
            values["photometric"] = f.photometric.item<double>();
        }
        if (show_) {
            shown.push_back(last_of_unit(chunk));
            shown.push_back(last_of_unit(picture));
        }
    }
    if (joint) {
        const at::Tensor style = style_of(key);
        References references;
        for (const CodedUnit& unit : units)
            loss = loss + unit.share * refined_distortion(unit, style, references, values);
    }
    gop_bits = gop_bits.to(at::kCPU);
    for (int64_t i = 0; i < n; ++i)
        bands_.observe(qps[static_cast<size_t>(i)],
                       gop_bits[i].item<double>() / double(models::kGopFrames * c * c));
    if (show_) show(shown);
    return loss / double(1 + T * count);
}

}  // namespace gvc::train
