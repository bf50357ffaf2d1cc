#include "codec/chunk_costs.h"

#include <algorithm>

#include "codec/descent_loss.h"

namespace gvc::codec {

using models::kChunkFrames;
using nn::Tensor;

namespace {

constexpr int64_t kBlock = 64, kLatentCell = 16;  // pixels

}  // namespace

ChunkDistortion::ChunkDistortion(nn::Ops& ops, nn::Ops& plain,
                                 std::vector<models::LpipsGradient>& lpips,
                                 const ChunkToSearch& chunk)
    : ops_(ops), plain_(plain), lpips_(lpips), chunk_(chunk), shape_(chunk.rgb.shape()) {
    for (size_t i = 0; i < kFramesLookedAt.size(); ++i) lpips_[i].aim(frame(chunk.rgb, i));
    std::vector<float> shown(static_cast<size_t>(shape_.h * shape_.w));
    for (int64_t y = 0; y < chunk.size.height; ++y)
        std::fill_n(shown.begin() + y * shape_.w, chunk.size.width, 1.0f);
    std::vector<float> counts;
    for (int64_t i = 0; i < shape_.n * shape_.c; ++i)
        counts.insert(counts.end(), shown.begin(), shown.end());
    counts_ = ops_.from_host(shape_, counts.data());
}

Tensor ChunkDistortion::operator()(const Tensor& rgb, std::span<double> blocks) {
    const Tensor difference = ops_.mul(ops_.sub(rgb, chunk_.rgb), counts_);
    const Tensor sign = slope_of_l1(ops_, difference);
    const float share = kDescentL1 / static_cast<float>(3 * shape_.h * shape_.w);
    const std::vector<float> means =
        values_of(ops_, ops_.mean_pool(ops_.mul(difference, sign), kLatentCell));
    const auto columns = static_cast<size_t>(shape_.w / kLatentCell);
    const size_t positions = columns * static_cast<size_t>(shape_.h / kLatentCell);
    for (size_t i = 0; i < means.size(); ++i)
        blocks[block_at(i % positions, columns)] +=
            static_cast<double>(means[i] * share * kLatentCell * kLatentCell);

    const float weight = kDescentLpips * static_cast<float>(kChunkFrames / kFramesLookedAt.size());
    const models::BlockSums sums{blocks, shape_.h / kBlock, shape_.w / kBlock};
    const nn::Shape one{1, 3, shape_.h, shape_.w};
    std::vector<Tensor> of_frames(kChunkFrames, ops_.zeros(one));
    for (size_t i = 0; i < kFramesLookedAt.size(); ++i) {
        const std::vector<float> g = values_of(plain_, lpips_[i](frame(rgb, i), weight, &sums));
        of_frames[static_cast<size_t>(kFramesLookedAt[i])] = ops_.from_host(one, g.data());
    }
    const Tensor of_lpips = ops_.mul(ops_.concat_batch(of_frames), counts_);
    return ops_.add(ops_.affine(sign, share, 0), of_lpips);
}

Tensor ChunkDistortion::frame(const Tensor& rgb, size_t i) {
    return plain_.from_host({1, 3, shape_.h, shape_.w},
                            values_of(ops_, ops_.batch(rgb, kFramesLookedAt[i], 1)).data());
}

void MotionBits::operator()(std::span<const float> symbols, std::span<double> blocks,
                            std::span<float> gradient) const {
    const auto w = static_cast<size_t>(shape_.w);
    const auto positions = static_cast<size_t>(shape_.h) * w;
    each_motion(positions, [&](size_t token, size_t i) {
        const entropy::TokenRow row = chunk_.token_rows[token];
        if (row == 0) {
            if (!gradient.empty()) gradient[i] = 0;
            return;
        }
        const entropy::CdfCost& cost = chunk_.costs[row];
        const int symbol = static_cast<int>(symbols[i]);
        blocks[block_at(i % positions, w)] += static_cast<double>(weight_ * cost.bits(symbol));
        if (!gradient.empty())
            gradient[i] += weight_ * 0.5f * (cost.bits(symbol + 1) - cost.bits(symbol - 1));
    });
}

}  // namespace gvc::codec
