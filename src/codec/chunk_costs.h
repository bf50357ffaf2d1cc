// What a chunk's descent goes down on, block by block of 64x64 pixels: how far its pictures are
// from the source's, and the bits of their motion.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "codec/block_descent.h"
#include "codec/chunk_search.h"
#include "entropy/token_config.h"
#include "models/lpips_gradient.h"
#include "models/motion_latent.h"

namespace gvc::codec {

// LPIPS is that of two of the four frames, for both of each pair: half the time, hardly worse.
inline constexpr std::array<int, 2> kFramesLookedAt = {1, 3};

class ChunkDistortion {
  public:
    // lpips: on the backend `plain`, one for each frame that is looked at. Refers to what it is
    // made with.
    ChunkDistortion(nn::Ops& ops, nn::Ops& plain, std::vector<models::LpipsGradient>& lpips,
                    const ChunkToSearch& chunk);

    // Adds that of each block to `blocks`; returns the gradient with respect to the pictures.
    nn::Tensor operator()(const nn::Tensor& rgb, std::span<double> blocks);

  private:
    // One that is looked at, from the tokeniser's backend to that of LPIPS.
    nn::Tensor frame(const nn::Tensor& rgb, size_t i);

    nn::Ops& ops_;
    nn::Ops& plain_;
    std::vector<models::LpipsGradient>& lpips_;
    const ChunkToSearch& chunk_;
    nn::Shape shape_;
    nn::Tensor counts_;  // 1 where the picture is, 0 where it is padded
};

class MotionBits {
  public:
    MotionBits(const ChunkToSearch& chunk, float weight)
        : chunk_(chunk), shape_(chunk.exact.shape()), weight_(weight) {}

    // Adds their weight to `blocks` and their slopes to `gradient`, unless that is empty; 0 for
    // what is not coded. symbols: [channel, position], those of motion first.
    void operator()(std::span<const float> symbols, std::span<double> blocks,
                    std::span<float> gradient) const;

  private:
    const ChunkToSearch& chunk_;
    nn::Shape shape_;
    float weight_;
};

// Calls f(place in a token plane, place in [channel, position]) for symbols of motion.
template <typename F>
void each_motion(size_t positions, const F& f) {
    for (size_t c = 0; c < models::kMotionLatents; ++c)
        for (size_t p = 0; p < positions; ++p) f(p * entropy::kYChannels + c, c * positions + p);
}

}  // namespace gvc::codec
