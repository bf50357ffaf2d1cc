// What a chunk looks like with other symbols of motion, near those that it was decoded with: the
// warped references move, masks and what the networks add stay. That is all but exact, and takes a
// tenth of decoding's time.
#pragma once

#include <vector>

#include "codec/chunk_search.h"

namespace gvc::codec {

// Symbols are [96, position]. Refers to what it is made with.
class MovedChunk {
  public:
    MovedChunk(nn::Ops& ops, const models::Tokeniser& tokeniser, const ChunkToSearch& chunk)
        : ops_(ops), tokeniser_(tokeniser), chunk_(chunk), qps_{static_cast<float>(chunk.qp)} {}

    // Decodes symbols; returns the pictures, [4, 3, padded height, padded width].
    nn::Tensor decode(const std::vector<float>& symbols);
    // The pictures with others, moved from what was decoded last.
    nn::Tensor moved(const std::vector<float>& symbols);
    // The gradient with respect to symbols of motion, [16, position], of what has the gradient g
    // with respect to the pictures that were moved last.
    std::vector<float> gradient(const nn::Tensor& g);

  private:
    nn::Tensor latent(const std::vector<float>& symbols);
    nn::Tensor vectors(const nn::Tensor& y_hat);
    nn::Tensor warped(const nn::Tensor& flows);
    nn::Tensor shifted(int channel, float by);

    nn::Ops& ops_;
    const models::Tokeniser& tokeniser_;
    const ChunkToSearch& chunk_;
    std::vector<float> qps_;
    models::BaseOutput decoded_;
    nn::Tensor vectors_, rest_, flows_;
};

}  // namespace gvc::codec
