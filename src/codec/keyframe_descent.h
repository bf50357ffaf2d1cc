// The descent of codec/keyframe_search.h on a part of a keyframe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "codec/followers.h"
#include "entropy/cdf.h"
#include "models/lpips_gradient.h"
#include "models/tokeniser.h"
#include "nn/gradient_ops.h"
#include "nn/gradient_weights.h"
#include "nn/inference_ops.h"
#include "weights/safetensors.h"

namespace gvc::codec {

// Arrays are [channels, rows, columns]; those of the latent have 96 channels, at 1/16.
struct KeyframePart {
    int64_t width = 0, height = 0;  // in pixels, multiples of 64
    std::vector<float> rgb;         // [3, height, width]
    std::vector<float> counts;      // likewise: what errors weigh, 0 where they do not count
    std::vector<float> exact;       // y minus its means, where the descent starts
    std::vector<float> means;       // of y
    std::vector<entropy::TokenRow>
        token_rows;  // of y's symbols; 0: stays as it is, rounded or 0 in `exact`
    int qp = 0;
    std::span<const Follower> followers;             // of the same size
    std::span<const float> behind, share, keyframe;  // [3, height, width], as KeyframeToSearch
                                                     // has them
};

class KeyframeDescent {
  public:
    // Check status() afterwards.
    KeyframeDescent(const nn::WeightSource& tokeniser, const models::TokeniserConfig& config,
                    const nn::WeightSource& alex, const nn::WeightSource& squeeze,
                    nn::Precision precision, int threads);
    KeyframeDescent(const KeyframeDescent&) = delete;  // networks refer to members
    KeyframeDescent& operator=(const KeyframeDescent&) = delete;

    // Symbols after so many steps; costs: of a symbol at each row.
    std::vector<float> run(const KeyframePart& part, std::span<const entropy::CdfCost> costs,
                           int steps);

    // Adds LPIPS (AlexNet) of what is shown to `blocks`; pictures have that shape, [1, 3, H, W].
    void add_distance(const nn::Shape& shape, const std::vector<float>& original,
                      const std::vector<float>& shown, const models::BlockSums& blocks);

    // A weight that is missing or an operation that failed, if any.
    const Status& status() const { return plain_->status(); }

  private:
    // Which file parameters come from while a network is made: two of them have the same names.
    struct Sources : nn::WeightSource {
        const nn::WeightSource* now = nullptr;
        std::optional<nn::WeightArray> find(const std::string& name) const override {
            return now->find(name);
        }
    };
    struct Target {
        nn::Tensor rgb, counts;
        std::optional<FollowersGradient> followers;
        int looks;                 // so many times the keyframe itself had a look
        nn::Tensor behind, share;  // undefined: all of the keyframe is seen
    };

    // Gradient of the distortion with respect to y_hat.
    void go_back(Target& target, const nn::Tensor& y_hat, int qp, int step,
                 std::vector<float>& gradient);

    Sources sources_;
    nn::GradientWeights weights_{sources_};
    std::unique_ptr<nn::InferenceOps> plain_;
    nn::GradientOps decoder_ops_, lpips_ops_;
    std::optional<models::Tokeniser> tokeniser_;
    std::vector<models::LpipsGradient> lpips_;
};

}  // namespace gvc::codec
