// A chunk's motion by descent: what the block search found is where it begins.
//
// Block matching (models/motion_search.h) looks for what fits; here the symbols of motion go
// downhill on what the decoder will show, distortion and bits, as a keyframe's do
// (codec/keyframe_search.h). Motion is no convex thing: each block of 64x64 pixels keeps the best
// symbols it has had, and a step that made it worse is taken back and halved. The bitstream and the
// decoder stay as they are. docs/decisions/0013-chunk-search.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/affine.h"
#include "base/result.h"
#include "codec/picture.h"
#include "entropy/cdf.h"
#include "models/lpips_gradient.h"
#include "models/tokeniser.h"
#include "nn/gradient_ops.h"
#include "nn/gradient_weights.h"
#include "nn/inference_ops.h"

namespace gvc::codec {

// A chunk as the encoder has it; tensors are those of the tokeniser's backend.
struct ChunkToSearch {
    PictureSize size;
    nn::Tensor rgb;              // [4, 3, padded height, padded width]
    nn::Tensor exact;            // [1, 96, H/16, W/16]: y minus its means, not rounded
    nn::Tensor means;            // of y
    models::DecoderState state;  // before the chunk
    CommonMotion motion;         // of the chunk as a whole
    std::span<const entropy::TokenRow> token_rows;  // of y's tokens, in the order of token planes
    std::span<const entropy::CdfCost> costs;        // of a token at each row
    int qp = 0;
    int key_qp = 0;  // of the GOP's first unit: what a bit weighs
};

class ChunkSearch {
  public:
    // Code::model if LPIPS' weights are not in that folder or damaged.
    static Result<std::unique_ptr<ChunkSearch>> make(const std::string& metrics_folder,
                                                     nn::Precision precision, int threads);
    ChunkSearch(const ChunkSearch&) = delete;  // networks refer to members
    ChunkSearch& operator=(const ChunkSearch&) = delete;

    // Improves y's tokens, in the order of token planes, in so many steps. Larger pictures than
    // kMostPixels stay as they are: four of them in single precision take too much memory.
    void search(nn::Ops& ops, const models::Tokeniser& tokeniser, const ChunkToSearch& chunk,
                int steps, std::vector<int16_t>& tokens);
    static constexpr int64_t kMostPixels = 2560 * 1472;

    // An operation that failed (no memory) since this was made, if any.
    const Status& status() const { return plain_->status(); }

  private:
    ChunkSearch(const nn::WeightSource& alex, nn::Precision precision, int threads);

    nn::GradientWeights weights_;  // while networks are made
    std::unique_ptr<nn::InferenceOps> plain_;
    nn::GradientOps lpips_ops_;
    std::vector<models::LpipsGradient> lpips_;  // one for each frame that is looked at
};

}  // namespace gvc::codec
