// Stages 2 and 3: flow alone, then chunks behind a keyframe, then longer GOPs.
#include "models/config.h"
#include "nn/torch/torch_motion.h"
#include "train/trainer.h"

namespace gvc::train {
namespace {

constexpr int T = models::kChunkFrames;

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

}  // namespace

// Motion first, on source frames and without a rate: with the rate on from the start the decoded
// flow never leaves zero.
at::Tensor Trainer::flow_loss(Values& values) {
    int64_t n = options_.batch;
    at::Tensor frames = batch_of(T + 2);  // keyframe, last frame, chunk
    int64_t c = frames.size(2);
    frames = frames.view({n, T + 2, 3, c, c});
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

at::Tensor Trainer::chunk_loss(Values& values) {
    int64_t n = options_.batch;
    int count = options_.chunks;
    at::Tensor frames = batch_of(1 + T * count);
    int64_t c = frames.size(2);
    frames = frames.view({n, 1 + T * count, 3, c, c});
    std::vector<float> qps = draw_qps(options_.batch, random_);
    const std::vector<float> chunk_qps = qps_of_chunks(qps);
    std::vector<float> key_weights, chunk_weights;
    for (size_t i = 0; i < qps.size(); ++i) {
        key_weights.push_back(float(bands_.weight(qps[i]) / 29.0 / double(c * c)));
        chunk_weights.push_back(float(bands_.weight(chunk_qps[i]) / double(T) / double(c * c)));
    }
    at::Tensor key_weight = torch::tensor(key_weights).to(device_);
    at::Tensor chunk_weight = torch::tensor(chunk_weights).to(device_);

    models::DecoderState state;
    at::Tensor key = unit_frames(frames, -1);
    CodedPicture coded = code_key(*ops_, *nets_, key, qps, state);
    // The keyframe's own picture counts as one of the frames; its bits serve 29 of them.
    at::Tensor loss = (distortion(nn::to_torch(coded.base.rgb), key, values, "key") +
                       rate_share() * coded.rates.bits * key_weight * double(1 + T * count))
                          .mean();
    at::Tensor gop_bits = coded.rates.bits_hard.detach().clone();
    values["key_bpp"] = coded.rates.bits_hard.mean().item<double>() / double(c * c);
    values["key_mse"] =
        (nn::to_torch(coded.base.rgb).detach() - key).square().mean().item<double>();

    bool chain = std::uniform_real_distribution<double>(0, 1)(random_) < 0.75;
    at::Tensor previous, last_source = key;
    std::vector<at::Tensor> shown{key, nn::to_torch(coded.base.rgb)};
    for (int k = 0; k < count; ++k) {
        at::Tensor chunk = unit_frames(frames, k);
        at::Tensor last = nn::to_torch(state.last_rgb).detach();
        at::Tensor key_picture = nn::to_torch(state.key_rgb).detach();
        coded = code_chunk(*ops_, *nets_, chunk, chunk_qps, previous, state);
        if (chain) previous = coded.symbols;

        at::Tensor picture = nn::to_torch(coded.base.rgb).to(at::kFloat);
        at::Tensor l1 = (picture - chunk).abs().mean(at::IntArrayRef{1, 2, 3});  // [N*T]
        at::Tensor d = 2.0 * l1.view({n, T}).mean(1);
        // LPIPS of one frame of the four: a quarter of its cost, the same expectation. The last
        // frame, which the next chunk leans on, is drawn twice as often.
        int64_t t = std::min<int64_t>(std::uniform_int_distribution<int64_t>(0, T)(random_), T - 1);
        at::Tensor one = picture.view({n, T, 3, c, c}).select(1, t);
        at::Tensor truth = chunk.view({n, T, 3, c, c}).select(1, t);
        d = d + distortion(one, truth, values, "chunk") -
            2.0 * (one - truth).abs().mean(at::IntArrayRef{1, 2, 3});
        FlowLosses f = flow_losses(nn::to_torch(coded.base.flows), chunk, last, key_picture);
        loss = loss + double(T) * (d + rate_share() * coded.rates.bits * chunk_weight).mean() +
               double(T) * (0.1 * f.photometric + 0.001 * f.smooth);

        gop_bits += coded.rates.bits_hard * (double(models::kGopChunks) / count);
        std::string name = "c" + std::to_string(k);
        values[name + "_bpp"] = coded.rates.bits_hard.mean().item<double>() / double(c * c * T);
        values[name + "_mse"] = (picture.detach() - chunk).square().mean().item<double>();
        if (k + 1 == count) {
            values["bpp_fine"] = coded.rates.bits_hard[0].item<double>() / double(c * c * T);
            values["bpp_coarse"] = coded.rates.bits_hard[-1].item<double>() / double(c * c * T);
            values["bpp_motion"] =
                coded.rates.bits_motion.mean().item<double>() / double(c * c * T);
            values["bpp_hyper"] = coded.rates.bits_hyper.mean().item<double>() / double(c * c * T);
            values["living"] = double(living_channels(coded.symbols.narrow(0, 0, 1)));
            values["y_std"] = coded.y_std.item<double>();
            values["photometric"] = f.photometric.item<double>();
        }
        if (show_) {
            shown.push_back(chunk.view({n, T, 3, c, c}).select(1, T - 1));
            shown.push_back(picture.view({n, T, 3, c, c}).select(1, T - 1));
        }
    }
    gop_bits = gop_bits.to(at::kCPU);
    for (int64_t i = 0; i < n; ++i)
        bands_.observe(qps[static_cast<size_t>(i)],
                       gop_bits[i].item<double>() / double(models::kGopFrames * c * c));
    if (show_) show(shown);
    return loss / double(1 + T * count);
}

}  // namespace gvc::train
