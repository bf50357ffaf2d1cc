#include "train/codec_step.h"

#include <cmath>

#include "models/qualities.h"
#include "nn/torch/torch_ops.h"
#include "train/losses.h"

namespace gvc::train {
namespace {

using nn::from_torch;
using nn::to_torch;

// What a picture's common motion takes, about.
constexpr double kCommonMotionBits = 56;

struct Quantised {
    nn::Tensor y_hat, z_hat;
    CodedPicture coded;
};

template <typename Means>
Quantised quantise(const models::Latent& latent, const EntropyModel& entropy,
                   const at::Tensor& previous, const std::vector<float>& qps,
                   const at::Tensor& received, bool neighbours, bool settled, Means means) {
    Quantised q;
    at::Tensor z = to_torch(latent.z).to(at::kFloat), y = to_torch(latent.y).to(at::kFloat);
    if (settled) z = z.detach();
    at::Tensor z_hat = round_straight_through(z);
    q.z_hat = from_torch(received.defined() ? z_hat * received : z_hat);
    at::Tensor mean = to_torch(means(q.z_hat)).to(at::kFloat);
    at::Tensor residual = y - mean;
    q.coded.rates = entropy.rates(residual, z, z_hat, previous, qps, neighbours);
    at::Tensor symbols = residual + (q.coded.rates.symbols - residual).detach();
    // Index 0 is not coded: what the decoder sees there is the mean.
    const at::Tensor seen = symbols * (q.coded.rates.y.index > 0.5).to(at::kFloat);
    // Of keyframes straight through here, too: what is not coded now must be able to grow until it
    // is. Of chunks, of whose channels a few live, the slopes of what nobody sends drown the rest.
    const bool may_grow = entropy.has_context() && !settled;
    at::Tensor decoded = may_grow ? symbols + (seen - symbols).detach() : seen;
    if (received.defined()) decoded = decoded * received.repeat_interleave(4, 2);
    q.y_hat = from_torch(decoded + mean);
    symbols = seen;
    q.coded.symbols = symbols.detach();
    q.coded.hyper_symbols = z_hat.detach();
    q.coded.y_std = residual.detach().std();
    return q;
}

}  // namespace

CodedPicture code_key(nn::Ops& ops, const Networks& nets, const at::Tensor& rgb,
                      const std::vector<float>& qps, models::DecoderState& state, bool neighbours) {
    models::Latent latent = nets.tokeniser.analyse_key(ops, from_torch(rgb), qps);
    Quantised q =
        quantise(latent, nets.key_entropy, {}, qps, {}, neighbours, nets.settled,
                 [&](const nn::Tensor& z_hat) { return nets.tokeniser.key_means(ops, z_hat); });
    q.coded.base = nets.tokeniser.decode_key(ops, q.y_hat, qps, state);
    return q.coded;
}

CodedPicture code_chunk(nn::Ops& ops, const Networks& nets, const at::Tensor& rgb,
                        const std::vector<float>& qps, const at::Tensor& previous,
                        models::DecoderState& state, const at::Tensor& received) {
    models::Latent latent = nets.tokeniser.analyse_chunk(ops, from_torch(rgb), state, qps);
    Quantised q = quantise(
        latent, nets.chunk_entropy, previous, qps, received, false, nets.settled,
        [&](const nn::Tensor& z_hat) { return nets.tokeniser.chunk_means(ops, z_hat, state); });
    for (size_t i = 0; i < latent.common.size(); ++i)
        if (latent.common[i] != CommonMotion())
            q.coded.rates.bits_hard[static_cast<int64_t>(i)] += kCommonMotionBits;
    q.coded.base = nets.tokeniser.decode_chunk(ops, q.y_hat, latent.common, qps, state);
    return q.coded;
}

at::Tensor key_bit_weights(const std::vector<float>& qps, const at::Tensor& rgb) {
    const double pixels = double(rgb.size(2) * rgb.size(3));
    std::vector<float> weights;
    for (float qp : qps)
        weights.push_back(static_cast<float>(models::rate_weight(qp) / models::kKeyShare / pixels));
    return torch::tensor(weights).to(rgb.device());
}

at::Tensor draw_received(int batch, int64_t rows, int slices, double lost,
                         std::mt19937_64& random) {
    std::bernoulli_distribution is_lost(lost);
    at::Tensor received = torch::ones({batch, 1, rows, 1});
    for (int64_t i = 0; i < batch; ++i)
        for (int64_t s = 0; s < slices; ++s) {
            const int64_t first = rows * s / slices, end = rows * (s + 1) / slices;
            if (is_lost(random)) received[i].narrow(1, first, end - first).zero_();
        }
    return received;
}

at::Tensor unit_frames(const at::Tensor& sequences, int unit, int earlier) {
    if (unit < 0) return sequences.select(1, 0).contiguous();
    constexpr int T = models::kChunkFrames;
    return sequences.narrow(1, 1 + T * unit - earlier, T).flatten(0, 1);
}

std::vector<float> qps_of_chunks(const std::vector<float>& key_qps) {
    std::vector<float> qps;
    for (float qp : key_qps)
        qps.push_back(static_cast<float>(models::chunk_qp(static_cast<int>(qp))));
    return qps;
}

std::vector<float> draw_qps(int batch, std::mt19937_64& random) {
    std::uniform_real_distribution<float> part(0.0f, 1.0f);
    std::vector<float> qps;
    for (int i = 0; i < batch; ++i)
        qps.push_back(std::floor(32.0f * (static_cast<float>(i) + part(random)) / batch));
    return qps;
}

}  // namespace gvc::train
