#include "codec/moved_chunk.h"

#include <array>

#include "models/blocks.h"
#include "models/motion_latent.h"

namespace gvc::codec {

using models::kFlowChannels;
using nn::Tensor;

namespace {

constexpr int64_t kLatentCell = 16;  // pixels
// Slopes of pictures are taken between so many cells of 8 pixels to both sides.
constexpr float kSlopeReach = 0.0625f;

// [1, T*C, H, W] at 1/16 -> [T, C, 2H, 2W]: vectors as flows.
Tensor as_flows(nn::Ops& ops, const Tensor& vectors) {
    return ops.channels_to_batch(ops.upsample(vectors, 2), models::kChunkFrames);
}

}  // namespace

Tensor MovedChunk::decode(const std::vector<float>& symbols) {
    const Tensor y_hat = latent(symbols);
    models::DecoderState state = chunk_.state;
    decoded_ = tokeniser_.decode_chunk(ops_, y_hat, {chunk_.motion}, qps_, state);
    vectors_ = vectors(y_hat);
    rest_ = ops_.sub(decoded_.rgb, warped(decoded_.flows));
    return decoded_.rgb;
}

Tensor MovedChunk::moved(const std::vector<float>& symbols) {
    const Tensor change = ops_.sub(vectors(latent(symbols)), vectors_);
    flows_ = ops_.add(decoded_.flows, as_flows(ops_, change));
    return ops_.add(rest_, warped(flows_));
}

std::vector<float> MovedChunk::gradient(const Tensor& g) {
    const nn::Shape cells = vectors_.shape();
    const auto positions = static_cast<size_t>(cells.h * cells.w);
    std::vector<float> of_vectors(static_cast<size_t>(cells.count()));
    for (int way = 0; way < kFlowChannels; ++way) {
        const Tensor slope =
            ops_.sub(warped(shifted(way, kSlopeReach)), warped(shifted(way, -kSlopeReach)));
        const std::vector<float> means =
            values_of(ops_, ops_.mean_pool(ops_.mul(g, slope), kLatentCell));
        for (size_t i = 0; i < means.size(); ++i) {  // [frame, colour, position]
            const size_t frame = i / positions / 3;
            of_vectors[(frame * kFlowChannels + static_cast<size_t>(way)) * positions +
                       i % positions] += means[i] * (kLatentCell * kLatentCell / (2 * kSlopeReach));
        }
    }
    return values_of(ops_, tokeniser_.chunk_vectors_gradient(
                               ops_, ops_.from_host(cells, of_vectors.data()), qps_));
}

Tensor MovedChunk::latent(const std::vector<float>& symbols) {
    return ops_.add(chunk_.means, ops_.from_host(chunk_.means.shape(), symbols.data()));
}

Tensor MovedChunk::vectors(const Tensor& y_hat) {
    return tokeniser_.chunk_vectors(ops_, y_hat, {chunk_.motion}, qps_, chunk_.state);
}

Tensor MovedChunk::warped(const Tensor& flows) {
    return ops_.warp_blend({chunk_.state.last_rgb, chunk_.state.key_rgb}, flows, decoded_.logits,
                           models::kPatch, models::warp_sampling(tokeniser_.config()));
}

Tensor MovedChunk::shifted(int channel, float by) {
    std::array<float, kFlowChannels> one, shift{};
    one.fill(1);
    shift[static_cast<size_t>(channel)] = by;
    const nn::Shape shape{1, kFlowChannels, 1, 1};
    return ops_.scale_shift(flows_, ops_.from_host(shape, one.data()),
                            ops_.from_host(shape, shift.data()));
}

}  // namespace gvc::codec
