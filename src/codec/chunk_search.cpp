#include "codec/chunk_search.h"

#include <algorithm>
#include <cmath>

#include "codec/block_descent.h"
#include "codec/chunk_costs.h"
#include "codec/moved_chunk.h"
#include "codec/quantiser.h"
#include "models/motion_latent.h"
#include "nn/onednn/onednn_ops.h"

namespace gvc::codec {
namespace {

using models::kMotionLatents;
using nn::Ops;
using nn::Tensor;

// The first step, in quantiser steps of motion.
constexpr float kLength = 1.0f;

// Tokens as a tensor has them, [96, position].
std::vector<float> plane_of(const nn::Shape& shape, std::span<const int16_t> tokens) {
    std::vector<float> symbols(tokens.size());
    each_sample(shape, [&](size_t token, size_t i) { symbols[i] = tokens[token]; });
    return symbols;
}

}  // namespace

ChunkSearch::ChunkSearch(const nn::WeightSource& alex, nn::Precision precision, int threads)
    : weights_(alex),
      plain_(nn::make_onednn_ops(weights_, precision)),
      lpips_ops_(*plain_),
      lpips_(kFramesLookedAt.size(), models::LpipsGradient(lpips_ops_, models::LpipsNet::alex)) {
    plain_->set_threads(threads);
}

Result<std::unique_ptr<ChunkSearch>> ChunkSearch::make(const std::string& metrics_folder,
                                                       nn::Precision precision, int threads) {
    GVC_ASSIGN_OR_RETURN(auto alex, models::open_lpips(metrics_folder, models::LpipsNet::alex));
    const nn::FileWeights source(std::move(alex));
    std::unique_ptr<ChunkSearch> search(new ChunkSearch(source, precision, threads));
    GVC_RETURN_IF_ERROR(search->status());
    return search;
}

void ChunkSearch::search(Ops& ops, const models::Tokeniser& tokeniser, const ChunkToSearch& chunk,
                         int steps, std::vector<int16_t>& tokens) {
    const nn::Shape latent = chunk.exact.shape();
    const int64_t pixels = chunk.rgb.shape().h * chunk.rgb.shape().w;
    if (steps <= 0 || pixels > kMostPixels) return;
    const auto positions = static_cast<size_t>(latent.h * latent.w);
    const float bit_weight =
        models::rate_weight(static_cast<float>(chunk.key_qp)) / static_cast<float>(pixels);

    MovedChunk moved(ops, tokeniser, chunk);
    ChunkDistortion distortion(ops, *plain_, lpips_, chunk);
    const MotionBits bits(chunk, bit_weight);
    std::vector<float> symbols = plane_of(latent, tokens);

    // What was exact before it was rounded is where symbols begin, as far as it rounds to them.
    std::vector<float> start = values_of(ops, ops.channels(chunk.exact, 0, kMotionLatents));
    each_motion(positions, [&](size_t token, size_t i) {
        constexpr float kInside = 0.49f;
        start[i] = chunk.token_rows[token] == 0
                       ? 0.0f
                       : std::clamp(start[i], symbols[i] - kInside, symbols[i] + kInside);
    });
    const auto rows = static_cast<size_t>(latent.h), columns = static_cast<size_t>(latent.w);
    BlockDescent descent(std::move(start), rows, columns, kLength, bit_weight);
    const auto round = [&](const std::vector<float>& values) {
        for (size_t i = 0; i < values.size(); ++i) symbols[i] = quantise(values[i]);
    };
    const auto true_costs = [&] {
        std::vector<double> costs(descent.blocks());
        distortion(moved.decode(symbols), costs);
        bits(symbols, costs, {});
        return costs;
    };

    const std::vector<double> before = true_costs();
    for (int step = 0; step <= steps; ++step) {
        round(descent.values());
        std::vector<double> costs(descent.blocks());
        const Tensor of_rgb = distortion(moved.moved(symbols), costs);
        if (step == steps) {
            bits(symbols, costs, {});
            descent.found_last(costs);
            break;
        }
        std::vector<float> gradient = moved.gradient(of_rgb);
        bits(symbols, costs, gradient);
        descent.found(costs, gradient);
    }
    round(descent.best());
    const std::vector<double> after = true_costs();

    each_motion(positions, [&](size_t token, size_t i) {
        const size_t block = block_at(i % positions, columns);
        if (after[block] < before[block]) tokens[token] = static_cast<int16_t>(symbols[i]);
    });
}

}  // namespace gvc::codec
