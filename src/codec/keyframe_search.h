// A keyframe's symbols by descent: what the encoder's network says is where it begins.
//
// A network that makes a latent of a picture in one go misses the best one by far ("amortisation
// gap": Cremer et al., ICML 2018; for compression Campos et al., CVPRW 2019, Yang et al., NeurIPS
// 2020). Here the latent goes downhill on what the networks were trained for, distortion and bits
// of this one picture. The bitstream and the decoder stay as they are. docs/decisions/0011.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/keyframe_descent.h"
#include "codec/picture.h"
#include "entropy/cdf.h"
#include "nn/ops.h"
#include "weights/safetensors.h"

namespace gvc::codec {

// A keyframe as the encoder has it. Arrays are [channels, rows, columns].
struct KeyframeToSearch {
    PictureSize size;
    std::vector<float> rgb;      // [3, padded height, padded width]
    std::vector<float> weights;  // [padded height, padded width]: of errors; empty: 1
    std::vector<float> exact;    // y minus its means, not rounded
    std::vector<float> means;    // of y
    std::span<const entropy::TokenRow> token_rows;  // of y's tokens, in the order of token planes
    std::span<const entropy::CdfCost> costs;        // of a token at each row
    int qp = 0;
    // The cells of 64x64 pixels that are coded, [rows, columns]; others' token rows are 0, and only
    // what is around these cells is looked at. Empty: all are.
    std::span<const uint8_t> cells;
    std::span<const Follower> followers;  // made of it; none: it alone is looked at
    // Where it is only seen in cells, in front of another picture: that one, [3, padded height,
    // padded width], and the share of the keyframe, likewise. Empty: it is all that is seen.
    std::span<const float> behind, share;
    // Its followers' other reference, likewise, where that is another picture. Empty: it is not.
    std::span<const float> keyframe;
};

class KeyframeSearch {
  public:
    // Code::model if LPIPS' weights are not in that folder or damaged.
    static Result<std::unique_ptr<KeyframeSearch>> make(const weights::SafetensorsFile& tokeniser,
                                                        const std::string& metrics_folder,
                                                        nn::Precision precision, int threads);

    // y's tokens, in the order of token planes, after so many steps. Large pictures are searched
    // tile by tile, so that memory is bounded, and those of few cells around these.
    std::vector<int16_t> search(const KeyframeToSearch& key, int steps);

    // LPIPS (AlexNet) of a picture, [3, padded height, padded width], by its cells of 64x64 pixels,
    // [rows, columns]: what each adds to that of the whole.
    std::vector<double> distances(PictureSize size, const std::vector<float>& original,
                                  const std::vector<float>& shown);

    // Whether pictures of this size are searched in one piece. Others have no look at followers.
    static bool in_one(PictureSize size);

    // An operation that failed (no memory) since this was made, if any.
    const Status& status() const { return descent_->status(); }

  private:
    KeyframeSearch() = default;
    std::unique_ptr<KeyframeDescent> descent_;
};

}  // namespace gvc::codec
