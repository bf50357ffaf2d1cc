#include "codec/followers.h"

#include <algorithm>

#include "codec/descent_loss.h"
#include "codec/picture.h"
#include "models/blocks.h"
#include "nn/parallel.h"

namespace gvc::codec {

using nn::Tensor;

namespace {

// A picture is looked at in one of so many steps.
constexpr int kTurns = 4;

nn::Sampling sampling_of(const models::TokeniserConfig& config) {
    return config.cubic_warps > 0 ? nn::Sampling::cubic : nn::Sampling::bilinear;
}

}  // namespace

Follower make_follower(nn::Ops& ops, const models::TokeniserConfig& config,
                       const models::DecoderState& before, const models::BaseOutput& base,
                       const Tensor& rgb) {
    const int64_t last = base.rgb.shape().n - 1;
    const auto of_last = [&](const Tensor& x) { return ops.batch(x, last, 1); };
    const Tensor flows = of_last(base.flows), logits = of_last(base.logits);
    const Tensor warped = ops.warp_blend({before.last_rgb, before.key_rgb}, flows, logits,
                                         models::kPatch, sampling_of(config));
    Follower follower;
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
                                     const Tensor& counts)
    : ops_(ops), sampling_(sampling_of(config)), counts_(counts) {
    const nn::Shape picture = counts.shape();
    const int64_t h = picture.h / models::kPatch, w = picture.w / models::kPatch;
    for (const Follower& follower : followers) pictures_ += follower.pictures;
    for (const Follower& f : followers) {
        const Tensor flows = ops.from_host({1, 4, h, w}, f.flows.data());
        const Tensor logits = ops.from_host({1, 3, h, w}, f.logits.data());
        chain_.push_back({f.first,
                          static_cast<float>(f.pictures) / static_cast<float>(pictures_),
                          flows,
                          logits,
                          ops.from_host(picture, f.rest.data()),
                          ops.from_host(picture, f.rgb.data()),
                          {ops, flows, logits, models::kPatch, sampling_},
                          judges[chain_.size() % judges.size()]});
        chain_.back().judge.aim(chain_.back().rgb);
    }
}

int FollowersGradient::turns() const {
    return std::min(kTurns, static_cast<int>(chain_.size()) + 1);
}

bool FollowersGradient::has_turn(size_t picture, int step) const {
    return static_cast<int>(picture) % turns() == step % turns();
}

float FollowersGradient::key_share(int step) const {
    if (!has_turn(chain_.size(), step)) return 0;
    return static_cast<float>(turns()) / static_cast<float>(pictures_);
}

Tensor FollowersGradient::operator()(const Tensor& key, int step) {
    const nn::Shape picture = key.shape();
    const auto count = static_cast<size_t>(picture.count());
    const float l1_share = kDescentL1 / static_cast<float>(count);

    const Tensor of_gop = clamped(key);
    std::vector<Tensor> shown;
    for (const Chained& f : chain_) {
        const Tensor last = f.first ? of_gop : clamped(shown.back());
        const Tensor warped =
            ops_.warp_blend({last, of_gop}, f.flows, f.logits, models::kPatch, sampling_);
        shown.push_back(ops_.add(warped, f.rest));
    }

    std::vector<float> of_key(count), of_last(count), of_shown(count), of_key_too(count);
    bool given =
        false;  // whether of_last says what the follower behind this one, made of it, gives
    for (size_t i = chain_.size(); i-- > 0;) {
        Chained& f = chain_[i];
        const bool own_turn = has_turn(i, step);
        if (!given && !own_turn) continue;
        if (given) {
            of_shown.swap(of_last);
        } else {
            std::fill(of_shown.begin(), of_shown.end(), 0.0f);
        }
        std::fill(of_last.begin(), of_last.end(), 0.0f);
        if (own_turn) {
            const float share = f.share * static_cast<float>(turns());
            const Tensor sign = slope_of_l1(ops_, ops_.sub(shown[i], f.rgb));
            const Tensor own = ops_.mul(ops_.add(ops_.affine(sign, share * l1_share, 0.0f),
                                                 f.judge(shown[i], share * kDescentLpips)),
                                        counts_);
            const std::vector<float> values = values_of(ops_, own);
            for (size_t k = 0; k < count; ++k) of_shown[k] += values[k];
        }
        // Both references at the same time: each has a sum of its own.
        std::vector<float>& of_reference = f.first ? of_key_too : of_last;
        nn::parallel_for(ops_.threads(), 2, 1, [&](int64_t begin, int64_t end) {
            for (int64_t r = begin; r < end; ++r)
                f.back.add(static_cast<size_t>(r), of_shown, r == 0 ? of_reference : of_key);
        });
        given = !f.first;
    }
    for (size_t k = 0; k < count; ++k) of_key[k] += of_key_too[k];
    return ops_.from_host(picture, of_key.data());
}

}  // namespace gvc::codec
