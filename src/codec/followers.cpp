#include "codec/followers.h"

#include <algorithm>

#include "codec/descent_loss.h"
#include "codec/picture.h"
#include "models/blocks.h"
#include "models/motion_latent.h"
#include "nn/parallel.h"

namespace gvc::codec {

using nn::Tensor;

namespace {

// What counts, [1, 3, H, W], times [H, W].
Tensor weighted(nn::Ops& ops, const Tensor& counts, const std::vector<float>& weights) {
    if (weights.empty()) return counts;
    std::vector<float> planes;
    for (int c = 0; c < 3; ++c) planes.insert(planes.end(), weights.begin(), weights.end());
    return ops.mul(counts, ops.from_host(counts.shape(), planes.data()));
}

}  // namespace

Follower make_follower(nn::Ops& ops, const models::TokeniserConfig& config,
                       const models::DecoderState& before, const models::BaseOutput& base,
                       const Tensor& rgb, int pictures) {
    const int64_t last = base.rgb.shape().n - 1;
    const auto of_last = [&](const Tensor& x) { return ops.batch(x, last, 1); };
    const Tensor flows = of_last(base.flows), logits = of_last(base.logits);
    const Tensor warped = ops.warp_blend({before.last_rgb, before.key_rgb}, flows, logits,
                                         models::kPatch, models::warp_sampling(config));
    Follower follower;
    follower.pictures = pictures;
    follower.first = !before.way_to_key.defined();
    follower.flows = values_of(ops, flows);
    follower.logits = values_of(ops, logits);
    follower.rest = values_of(ops, ops.sub(of_last(base.rgb), warped));
    follower.rgb = values_of(ops, rgb);
    return follower;
}

FollowersGradient::FollowersGradient(nn::Ops& ops, const models::TokeniserConfig& config,
                                     std::span<const Follower> followers,
                                     std::span<const models::LpipsGradient> judges,
                                     const Tensor& counts, int turns, Tensor keyframe)
    : ops_(ops),
      sampling_(models::warp_sampling(config)),
      turns_(turns),
      keyframe_(std::move(keyframe)) {
    const nn::Shape picture = counts.shape();
    const int64_t h = picture.h / models::kPatch, w = picture.w / models::kPatch;
    for (const Follower& follower : followers) pictures_ += follower.pictures;
    for (const Follower& f : followers) {
        const Tensor flows = ops.from_host({1, 4, h, w}, f.flows.data());
        const Tensor logits = ops.from_host({1, 3, h, w}, f.logits.data());
        const auto of_cells = [&](const std::vector<float>& values) {
            return values.empty() ? Tensor() : ops.from_host(picture, values.data());
        };
        chain_.push_back({f.first || chain_.empty(),
                          static_cast<float>(f.pictures) / static_cast<float>(pictures_),
                          flows,
                          logits,
                          ops.from_host(picture, f.rest.data()),
                          ops.from_host(picture, f.rgb.data()),
                          weighted(ops, counts, f.weights),
                          of_cells(f.cells),
                          of_cells(f.share),
                          {ops, flows, logits, models::kPatch, sampling_},
                          judges[chain_.size() % judges.size()]});
        chain_.back().judge.aim(chain_.back().rgb);
    }
}

int FollowersGradient::turns() const {
    return std::min(turns_, static_cast<int>(chain_.size()) + 1);
}

bool FollowersGradient::has_turn(size_t picture, int step) const {
    return static_cast<int>(picture) % turns() == step % turns();
}

float FollowersGradient::key_share(int step) const {
    if (!has_turn(chain_.size(), step)) return 0;
    return static_cast<float>(turns()) / static_cast<float>(pictures_);
}

std::vector<bool> FollowersGradient::needed(int step) const {
    std::vector<bool> needed(chain_.size());
    bool by_next = false;
    for (size_t i = chain_.size(); i-- > 0;) {
        needed[i] = by_next || has_turn(i, step);
        by_next = needed[i] && !chain_[i].first;
    }
    return needed;
}

std::vector<float> FollowersGradient::own_gradient(Chained& f, const Tensor& shown) {
    const float share = f.weight * static_cast<float>(turns());
    const float l1_share = share * kDescentL1 / static_cast<float>(shown.shape().count());
    const Tensor sign = slope_of_l1(ops_, ops_.sub(shown, f.rgb));
    const Tensor sum =
        ops_.add(ops_.affine(sign, l1_share, 0.0f), f.judge(shown, share * kDescentLpips));
    return values_of(ops_, ops_.mul(sum, f.counts));
}

Tensor FollowersGradient::show(const Chained& f, const Tensor& last, const Tensor& key) {
    const Tensor warped =
        ops_.warp_blend({last, key}, f.flows, f.logits, models::kPatch, sampling_);
    const Tensor shown = ops_.add(warped, f.rest);
    return f.share.defined() ? nn::mixed(ops_, shown, f.cells, f.share) : shown;
}

Tensor FollowersGradient::operator()(const Tensor& key, int step) {
    const std::vector<bool> needed = this->needed(step);
    const Tensor of_gop = clamped(key);
    const Tensor long_term = keyframe_.defined() ? keyframe_ : of_gop;
    std::vector<Tensor> shown(chain_.size());
    for (size_t i = 0; i < chain_.size(); ++i) {
        if (!needed[i]) continue;
        shown[i] = show(chain_[i], chain_[i].first ? of_gop : clamped(shown[i - 1]), long_term);
    }

    const auto count = static_cast<size_t>(key.shape().count());
    std::vector<float> of_key(count), of_key_too(count), of_shown(count), of_last(count);
    for (size_t i = chain_.size(); i-- > 0;) {
        if (!needed[i]) continue;
        Chained& f = chain_[i];
        const bool made_use_of = i + 1 < chain_.size() && needed[i + 1] && !chain_[i + 1].first;
        if (made_use_of) {
            of_shown.swap(of_last);
        } else {
            std::fill(of_shown.begin(), of_shown.end(), 0.0f);
        }
        if (has_turn(i, step)) {
            const std::vector<float> own = own_gradient(f, shown[i]);
            for (size_t k = 0; k < count; ++k) of_shown[k] += own[k];
        }
        if (f.share.defined()) {
            const Tensor rest = ops_.affine(f.share, -1.0f, 1.0f);
            of_shown =
                values_of(ops_, ops_.mul(rest, ops_.from_host(key.shape(), of_shown.data())));
        }
        if (!f.first) std::fill(of_last.begin(), of_last.end(), 0.0f);
        // Both references at the same time: each has a sum of its own. Another keyframe needs none.
        std::vector<float>& of_reference = f.first ? of_key_too : of_last;
        const int64_t references = keyframe_.defined() ? 1 : 2;
        nn::parallel_for(ops_.threads(), references, 1, [&](int64_t begin, int64_t end) {
            for (int64_t r = begin; r < end; ++r)
                f.back.add(static_cast<size_t>(r), of_shown, r == 0 ? of_reference : of_key);
        });
    }
    for (size_t k = 0; k < count; ++k) of_key[k] += of_key_too[k];
    return ops_.from_host(key.shape(), of_key.data());
}

}  // namespace gvc::codec
