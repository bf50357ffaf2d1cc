// What is made of a keyframe: the pictures of its GOP, most of which are the keyframe, warped. For
// the search for its symbols (codec/keyframe_search.h), which goes down on what all of them show.
// docs/decisions/0015-followers.md.
#pragma once

#include <span>
#include <vector>

#include "models/lpips_gradient.h"
#include "models/tokeniser.h"
#include "nn/ops.h"
#include "nn/warp_gradient.h"

namespace gvc::codec {

// A chunk's last picture in the order of decoding, which stands for the chunk's others: they, and
// the next chunk, are made of what it is made of. Its motion and masks, and what the networks add
// to what is warped, are those of a keyframe not searched for. Arrays are [channels, rows,
// columns].
struct Follower {
    bool first = false;  // its chunk's last frame before is the keyframe; else the follower before
    int pictures = 0;    // so many of the GOP's it stands for
    std::vector<float> flows, logits;  // [4, H/8, W/8] and [3, H/8, W/8]
    std::vector<float> rest;           // [3, H, W]: what is added to what is warped
    std::vector<float> rgb;            // [3, H, W]: the original
    std::vector<float> weights;        // [H, W]: what errors weigh; empty, as made: 1
    // Cells that are coded anew: what they show, [3, H, W], and their share of the picture,
    // likewise. Empty: there are none.
    std::vector<float> cells, share;
};

// `before`: the state that the chunk was decoded from, `base`: what it was decoded to; rgb: the
// original of its last picture, [1, 3, H, W]; pictures: as Follower has them.
Follower make_follower(nn::Ops& ops, const models::TokeniserConfig& config,
                       const models::DecoderState& before, const models::BaseOutput& base,
                       const nn::Tensor& rgb, int pictures);

class FollowersGradient {
  public:
    // counts: [1, 3, H, W], 1 where errors count, else 0; judges: LPIPS of each network, of which
    // copies are made. A picture is looked at in one of `turns` steps. keyframe: what followers
    // refer to as such where that is not the picture they are made of, [1, 3, H, W]; the first of
    // them has that picture as its last frame before in any case. Tensors and networks are of the
    // backend `ops`, which must outlive this.
    FollowersGradient(nn::Ops& ops, const models::TokeniserConfig& config,
                      std::span<const Follower> followers,
                      std::span<const models::LpipsGradient> judges, const nn::Tensor& counts,
                      int turns, nn::Tensor keyframe = {});

    // What the keyframe itself weighs in this step. The loss is the mean over the GOP's pictures
    // (codec/descent_loss.h); those that a step looks at weigh more for the others.
    float key_share(int step) const;
    // The gradient of what the followers add to that with respect to the keyframe, [1, 3, H, W].
    nn::Tensor operator()(const nn::Tensor& key, int step);

  private:
    struct Chained {
        bool first;
        float weight;
        nn::Tensor flows, logits, rest, rgb, counts;
        nn::Tensor cells, share;  // undefined where nothing is refreshed
        nn::WarpGradient back;
        models::LpipsGradient judge;
    };

    int turns() const;
    // Whether it is this picture's turn; the keyframe comes behind its followers.
    bool has_turn(size_t picture, int step) const;
    // The followers that this step looks at, and those that they are made of.
    std::vector<bool> needed(int step) const;
    // Of what it shows, with respect to it, [3, H, W].
    std::vector<float> own_gradient(Chained& follower, const nn::Tensor& shown);
    nn::Tensor clamped(const nn::Tensor& rgb) { return ops_.clamp(rgb, 0.0f, 1.0f); }
    nn::Tensor show(const Chained& follower, const nn::Tensor& last, const nn::Tensor& key);

    nn::Ops& ops_;
    nn::Sampling sampling_;
    int turns_;
    nn::Tensor keyframe_;
    int pictures_ = 1;
    std::vector<Chained> chain_;
};

}  // namespace gvc::codec
