#include "codec/chunk_search.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "codec/block_descent.h"
#include "codec/descent_loss.h"
#include "codec/quantiser.h"
#include "entropy/token_config.h"
#include "models/blocks.h"
#include "models/motion.h"
#include "nn/onednn/onednn_ops.h"

namespace gvc::codec {
namespace {

using models::kChunkFrames;
using models::kMotionLatents;
using nn::Ops;
using nn::Tensor;

constexpr int64_t kBlock = 64;  // pixels: four symbols of motion a side, which are coded together
constexpr int64_t kLatentCell = 16;
// LPIPS is that of two of the four frames, for both of each pair: half the time, hardly worse.
constexpr std::array<int, 2> kLookedAt = {1, 3};
// The first step, in quantiser steps of motion.
constexpr float kLength = 1.0f;
// Slopes of pictures are taken between so many cells of 8 pixels to both sides.
constexpr float kSlopeReach = 0.0625f;

std::vector<float> values_of(Ops& ops, const Tensor& x) {
    std::vector<float> values(static_cast<size_t>(x.shape().count()));
    ops.to_host(x, values.data());
    return values;
}

// [1, T*C, H, W] at 1/16 -> [T, C, 2H, 2W]: vectors as flows.
Tensor as_flows(Ops& ops, const Tensor& vectors) {
    return ops.channels_to_batch(ops.upsample(vectors, 2), kChunkFrames);
}

// Calls f(place in a token plane, place in [channel, position]) for symbols of motion.
template <typename F>
void each_motion(size_t positions, const F& f) {
    for (size_t c = 0; c < kMotionLatents; ++c)
        for (size_t p = 0; p < positions; ++p) f(p * entropy::kYChannels + c, c * positions + p);
}

// What a chunk looks like with other symbols of motion, near those that it was decoded with: the
// warped references move, masks and what the networks add stay. That is all but exact, and takes a
// tenth of decoding's time.
class MovedChunk {
  public:
    MovedChunk(Ops& ops, const models::Tokeniser& tokeniser, const ChunkToSearch& chunk)
        : ops_(ops), tokeniser_(tokeniser), chunk_(chunk), qps_{static_cast<float>(chunk.qp)} {}

    // Decodes symbols [96, position]; returns the pictures.
    Tensor decode(const std::vector<float>& symbols) {
        const Tensor y_hat = latent(symbols);
        models::DecoderState state = chunk_.state;
        decoded_ = tokeniser_.decode_chunk(ops_, y_hat, {chunk_.motion}, qps_, state);
        vectors_ = vectors(y_hat);
        rest_ = ops_.sub(decoded_.rgb, warped(decoded_.flows));
        return decoded_.rgb;
    }

    Tensor moved(const std::vector<float>& symbols) {
        const Tensor change = ops_.sub(vectors(latent(symbols)), vectors_);
        flows_ = ops_.add(decoded_.flows, as_flows(ops_, change));
        return ops_.add(rest_, warped(flows_));
    }

    // The gradient with respect to symbols of motion, [16, position], of what has the gradient g
    // with respect to the pictures that were moved last.
    std::vector<float> gradient(const Tensor& g) {
        const nn::Shape cells = vectors_.shape();
        const auto positions = static_cast<size_t>(cells.h * cells.w);
        std::vector<float> of_vectors(static_cast<size_t>(cells.count()));
        for (int way = 0; way < models::kFlowChannels; ++way) {
            const Tensor slope =
                ops_.sub(warped(shifted(way, kSlopeReach)), warped(shifted(way, -kSlopeReach)));
            const std::vector<float> means =
                values_of(ops_, ops_.mean_pool(ops_.mul(g, slope), kLatentCell));
            for (size_t i = 0; i < means.size(); ++i) {  // [frame, colour, position]
                const size_t frame = i / positions / 3;
                of_vectors[(frame * models::kFlowChannels + static_cast<size_t>(way)) * positions +
                           i % positions] +=
                    means[i] * (kLatentCell * kLatentCell / (2 * kSlopeReach));
            }
        }
        return values_of(ops_, tokeniser_.chunk_vectors_gradient(
                                   ops_, ops_.from_host(cells, of_vectors.data()), qps_));
    }

  private:
    Tensor latent(const std::vector<float>& symbols) {
        return ops_.add(chunk_.means, ops_.from_host(chunk_.means.shape(), symbols.data()));
    }
    Tensor vectors(const Tensor& y_hat) {
        return tokeniser_.chunk_vectors(ops_, y_hat, {chunk_.motion}, qps_, chunk_.state);
    }
    Tensor warped(const Tensor& flows) {
        const bool cubic = tokeniser_.config().cubic_warps > 0;
        return ops_.warp_blend({chunk_.state.last_rgb, chunk_.state.key_rgb}, flows,
                               decoded_.logits, models::kPatch,
                               cubic ? nn::Sampling::cubic : nn::Sampling::bilinear);
    }
    Tensor shifted(int channel, float by) {
        std::array<float, models::kFlowChannels> one, shift{};
        one.fill(1);
        shift[static_cast<size_t>(channel)] = by;
        const nn::Shape shape{1, models::kFlowChannels, 1, 1};
        return ops_.scale_shift(flows_, ops_.from_host(shape, one.data()),
                                ops_.from_host(shape, shift.data()));
    }

    Ops& ops_;
    const models::Tokeniser& tokeniser_;
    const ChunkToSearch& chunk_;
    std::vector<float> qps_;
    models::BaseOutput decoded_;
    Tensor vectors_, rest_, flows_;
};

// How far pictures are from the chunk's, block by block.
class Distortion {
  public:
    Distortion(Ops& ops, nn::Ops& plain, std::vector<models::LpipsGradient>& lpips,
               const ChunkToSearch& chunk)
        : ops_(ops), plain_(plain), lpips_(lpips), chunk_(chunk), shape_(chunk.rgb.shape()) {
        for (size_t i = 0; i < kLookedAt.size(); ++i) lpips_[i].aim(frame(chunk.rgb, i));
        std::vector<float> shown(static_cast<size_t>(shape_.h * shape_.w));
        for (int64_t y = 0; y < chunk.size.height; ++y)
            std::fill_n(shown.begin() + y * shape_.w, chunk.size.width, 1.0f);
        std::vector<float> counts;
        for (int64_t i = 0; i < shape_.n * shape_.c; ++i)
            counts.insert(counts.end(), shown.begin(), shown.end());
        counts_ = ops_.from_host(shape_, counts.data());
    }

    // Adds that of each block to `blocks`; returns the gradient with respect to the pictures.
    Tensor operator()(const Tensor& rgb, std::span<double> blocks) {
        const Tensor difference = ops_.mul(ops_.sub(rgb, chunk_.rgb), counts_);
        // The sign of the difference, but for pixels that are nearly right.
        constexpr float kSteep = 1e4f;
        const Tensor sign = ops_.clamp(ops_.affine(difference, kSteep, 0), -1, 1);
        const float share = kDescentL1 / static_cast<float>(3 * shape_.h * shape_.w);
        const int64_t columns = shape_.w / kBlock;
        const std::vector<float> means =
            values_of(ops_, ops_.mean_pool(ops_.mul(difference, sign), kLatentCell));
        const int64_t w = shape_.w / kLatentCell, h = shape_.h / kLatentCell;
        for (size_t i = 0; i < means.size(); ++i) {
            const int64_t at = static_cast<int64_t>(i) % (h * w);
            constexpr int64_t kCells = kBlock / kLatentCell;
            blocks[static_cast<size_t>(at / w / kCells * columns + at % w / kCells)] +=
                static_cast<double>(means[i] * share * kLatentCell * kLatentCell);
        }
        std::vector<Tensor> of_frames;
        const float weight = kDescentLpips * static_cast<float>(kChunkFrames / kLookedAt.size());
        const nn::Shape one{1, 3, shape_.h, shape_.w};
        for (size_t i = 0, t = 0; t < kChunkFrames; ++t) {
            std::vector<float> values(static_cast<size_t>(one.count()));
            if (i < kLookedAt.size() && static_cast<int>(t) == kLookedAt[i]) {
                const models::BlockSums sums{blocks, shape_.h / kBlock, columns};
                plain_.to_host(lpips_[i](frame(rgb, i), weight, &sums), values.data());
                ++i;
            }
            of_frames.push_back(ops_.from_host(one, values.data()));
        }
        const Tensor of_lpips = ops_.mul(ops_.concat_batch(of_frames), counts_);
        return ops_.add(ops_.affine(sign, share, 0), of_lpips);
    }

  private:
    // One that is looked at, from the tokeniser's backend to that of LPIPS.
    Tensor frame(const Tensor& rgb, size_t i) {
        return plain_.from_host({1, 3, shape_.h, shape_.w},
                                values_of(ops_, ops_.batch(rgb, kLookedAt[i], 1)).data());
    }

    Ops& ops_;
    nn::Ops& plain_;
    std::vector<models::LpipsGradient>& lpips_;
    const ChunkToSearch& chunk_;
    nn::Shape shape_;
    Tensor counts_;
};

// Tokens as a tensor has them, [96, position].
std::vector<float> plane_of(const nn::Shape& shape, std::span<const int16_t> tokens) {
    std::vector<float> symbols(tokens.size());
    each_sample(shape, [&](size_t token, size_t i) { symbols[i] = tokens[token]; });
    return symbols;
}

// Bits of motion, block by block.
class MotionBits {
  public:
    MotionBits(const ChunkToSearch& chunk, float weight)
        : chunk_(chunk), shape_(chunk.exact.shape()), weight_(weight) {}

    // Adds their weight to `blocks` and their slopes to `gradient`, 0 for what is not coded.
    void operator()(std::span<const float> symbols, std::span<double> blocks,
                    std::span<float> gradient) const {
        const auto w = static_cast<size_t>(shape_.w);
        constexpr auto kSide = static_cast<size_t>(BlockDescent::kSide);
        const auto positions = static_cast<size_t>(shape_.h) * w;
        each_motion(positions, [&](size_t token, size_t i) {
            const uint8_t scale = chunk_.scales[token];
            if (scale == 0) {
                if (!gradient.empty()) gradient[i] = 0;
                return;
            }
            const entropy::CdfCost& cost = chunk_.costs[scale];
            const int symbol = static_cast<int>(symbols[i]);
            const size_t p = i % positions;
            blocks[p / w / kSide * (w / kSide) + p % w / kSide] +=
                static_cast<double>(weight_ * cost.bits(symbol));
            if (!gradient.empty())
                gradient[i] += weight_ * 0.5f * (cost.bits(symbol + 1) - cost.bits(symbol - 1));
        });
    }

  private:
    const ChunkToSearch& chunk_;
    nn::Shape shape_;
    float weight_;
};

}  // namespace

ChunkSearch::ChunkSearch(const nn::WeightSource& alex, nn::Precision precision, int threads)
    : weights_(alex),
      plain_(nn::make_onednn_ops(weights_, precision)),
      lpips_ops_(*plain_),
      lpips_(kLookedAt.size(), models::LpipsGradient(lpips_ops_, models::LpipsNet::alex)) {
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
    Distortion distortion(ops, *plain_, lpips_, chunk);
    const MotionBits bits(chunk, bit_weight);
    std::vector<float> symbols = plane_of(latent, tokens);

    // What was exact before it was rounded is where symbols begin, as far as it rounds to them.
    std::vector<float> start = values_of(ops, ops.channels(chunk.exact, 0, kMotionLatents));
    each_motion(positions, [&](size_t token, size_t i) {
        constexpr float kInside = 0.49f;
        start[i] = chunk.scales[token] == 0
                       ? 0.0f
                       : std::clamp(start[i], symbols[i] - kInside, symbols[i] + kInside);
    });
    BlockDescent descent(std::move(start), latent.h, latent.w, kLength, bit_weight);
    const auto blocks = static_cast<size_t>(descent.blocks());
    const auto round = [&](const std::vector<float>& values) {
        for (size_t i = 0; i < values.size(); ++i) symbols[i] = quantise(values[i]);
    };
    const auto true_costs = [&] {
        std::vector<double> costs(blocks);
        distortion(moved.decode(symbols), costs);
        bits(symbols, costs, {});
        return costs;
    };

    const std::vector<double> before = true_costs();
    for (int step = 0; step <= steps; ++step) {
        round(descent.values());
        std::vector<double> costs(blocks);
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

    const auto w = static_cast<size_t>(latent.w);
    constexpr auto kSide = static_cast<size_t>(BlockDescent::kSide);
    each_motion(positions, [&](size_t token, size_t i) {
        const size_t p = i % positions, block = p / w / kSide * (w / kSide) + p % w / kSide;
        if (after[block] < before[block]) tokens[token] = static_cast<int16_t>(symbols[i]);
    });
}

}  // namespace gvc::codec
