#include "codec/keyframe_descent.h"

#include <cmath>

#include "codec/descent_loss.h"
#include "codec/quantiser.h"
#include "entropy/token_config.h"
#include "nn/onednn/onednn_ops.h"
#include "nn/values.h"

namespace gvc::codec {
namespace {

// A GOP of 29 has eight pictures to look at. In the time of a short search more steps are worth
// more than more pictures in each: one there, else two (docs/decisions/0015-followers.md).
int turns_of(int steps) { return steps < 48 ? 8 : 4; }

// Kingma and Ba, "Adam", ICLR 2015.
class Adam {
  public:
    explicit Adam(size_t count) : mean_(count), square_(count) {}

    void next() {
        ++step_;
        mean_share_ = 1.0f - std::pow(kDescentMemory, step_);
        square_share_ = 1.0f - std::pow(kDescentSquareMemory, step_);
    }
    // What to take off value i, in units of the step's length.
    float operator()(size_t i, float gradient) {
        mean_[i] = kDescentMemory * mean_[i] + (1 - kDescentMemory) * gradient;
        square_[i] =
            kDescentSquareMemory * square_[i] + (1 - kDescentSquareMemory) * gradient * gradient;
        return mean_[i] / mean_share_ / (std::sqrt(square_[i] / square_share_) + 1e-12f);
    }

  private:
    std::vector<float> mean_, square_;
    float mean_share_ = 0, square_share_ = 0, step_ = 0;
};

}  // namespace

KeyframeDescent::KeyframeDescent(const nn::WeightSource& tokeniser,
                                 const models::TokeniserConfig& config,
                                 const nn::WeightSource& alex, const nn::WeightSource& squeeze,
                                 nn::Precision precision, int threads)
    : plain_(nn::make_onednn_ops(weights_, precision)), decoder_ops_(*plain_), lpips_ops_(*plain_) {
    plain_->set_threads(threads);
    sources_.now = &tokeniser;
    tokeniser_.emplace(decoder_ops_, config);
    sources_.now = &alex;
    lpips_.emplace_back(lpips_ops_, models::LpipsNet::alex);
    sources_.now = &squeeze;
    lpips_.emplace_back(lpips_ops_, models::LpipsNet::squeeze);
    sources_.now = nullptr;
}

void KeyframeDescent::go_back(Target& target, const nn::Tensor& y_hat, int qp, int step,
                              std::vector<float>& gradient) {
    models::DecoderState state;
    decoder_ops_.watch(y_hat);
    const nn::Tensor decoded =
        tokeniser_->decode_key(decoder_ops_, y_hat, {static_cast<float>(qp)}, state).rgb;
    nn::Tensor rgb = decoded;
    if (target.share.defined()) rgb = nn::mixed(*plain_, target.behind, decoded, target.share);

    nn::Tensor of_rgb;
    if (target.followers) of_rgb = (*target.followers)(rgb, step);
    const float share = target.followers ? target.followers->key_share(step) : 1.0f;
    if (share > 0) {
        const nn::Tensor sign = slope_of_l1(*plain_, plain_->sub(rgb, target.rgb));
        const float l1_share = share * kDescentL1 / static_cast<float>(rgb.shape().count());
        const nn::Tensor of_l1 = plain_->affine(sign, l1_share, 0.0f);
        // LPIPS of two networks in turn: both each time is half as fast, and hardly better.
        models::LpipsGradient& lpips = lpips_[static_cast<size_t>(target.looks++) % lpips_.size()];
        const nn::Tensor own =
            plain_->mul(plain_->add(of_l1, lpips(rgb, share * kDescentLpips)), target.counts);
        of_rgb = of_rgb.defined() ? plain_->add(of_rgb, own) : own;
    }
    if (target.share.defined()) of_rgb = plain_->mul(of_rgb, target.share);
    plain_->to_host(decoder_ops_.gradient({{decoded, of_rgb}}), gradient.data());
}

void KeyframeDescent::add_distance(const nn::Shape& shape, const std::vector<float>& original,
                                   const std::vector<float>& shown,
                                   const models::BlockSums& blocks) {
    models::LpipsGradient& alex = lpips_.front();
    alex.aim(plain_->from_host(shape, original.data()));
    alex.distance(plain_->from_host(shape, shown.data()), &blocks);
}

std::vector<float> KeyframeDescent::run(const KeyframePart& part,
                                        std::span<const entropy::CdfCost> costs, int steps) {
    const nn::Shape picture{1, 3, part.height, part.width};
    const nn::Shape latent{1, entropy::kYChannels, part.height / 16, part.width / 16};
    Target target{plain_->from_host(picture, part.rgb.data()),
                  plain_->from_host(picture, part.counts.data()),
                  {},
                  0,
                  {},
                  {}};
    if (!part.share.empty()) {
        target.behind = plain_->from_host(picture, part.behind.data());
        target.share = plain_->from_host(picture, part.share.data());
    }
    if (!part.followers.empty()) {
        nn::Tensor keyframe;
        if (!part.keyframe.empty()) keyframe = plain_->from_host(picture, part.keyframe.data());
        target.followers.emplace(*plain_, tokeniser_->config(), part.followers, lpips_,
                                 target.counts, turns_of(steps), keyframe);
    }
    for (models::LpipsGradient& lpips : lpips_) lpips.aim(target.rgb);
    const nn::Tensor means = plain_->from_host(latent, part.means.data());
    const float bit_weight = models::rate_weight(static_cast<float>(part.qp)) /
                             (models::kKeyShare * static_cast<float>(part.width * part.height));
    const size_t count = part.exact.size();
    std::vector<float> value = part.exact, symbols = value, gradient(count);
    const auto round = [&] {
        for (size_t i = 0; i < count; ++i)
            if (part.token_rows[i] != 0) symbols[i] = static_cast<float>(quantise(value[i]));
    };
    round();
    Adam adam(count);
    for (int step = 0; step < steps; ++step) {
        go_back(target, plain_->add(plain_->from_host(latent, symbols.data()), means), part.qp,
                step, gradient);
        const float length = step_length(step, steps, static_cast<float>(part.qp));
        adam.next();
        for (size_t i = 0; i < count; ++i) {
            if (part.token_rows[i] == 0) continue;
            const entropy::CdfCost& cost = costs[part.token_rows[i]];
            const int symbol = static_cast<int>(symbols[i]);
            const float bits = 0.5f * (cost.bits(symbol + 1) - cost.bits(symbol - 1));
            value[i] -= length * adam(i, gradient[i] + bit_weight * bits);
        }
        round();
    }
    return symbols;
}

}  // namespace gvc::codec
