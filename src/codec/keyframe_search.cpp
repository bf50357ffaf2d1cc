#include "codec/keyframe_search.h"

#include <algorithm>
#include <cmath>

#include "codec/quantiser.h"
#include "models/lpips_gradient.h"
#include "models/tokeniser.h"
#include "nn/gradient_ops.h"
#include "nn/gradient_weights.h"
#include "nn/onednn/onednn_ops.h"
#include "nn/weight_source.h"

namespace gvc::codec {
namespace {

// The loss is that of stage key of the trainer: kL1 * L1 + kLpips * LPIPS + bits, weighed as there.
// LPIPS is that of two networks in turn: both each time is half as fast, and hardly better.
constexpr float kL1 = 2.0f;
constexpr float kLpips = 0.4f;
constexpr float kKeyShare = 25.0f;
constexpr int kLpipsMinSide = 35;

// Adam (Kingma and Ba, ICLR 2015), whose steps shrink to nothing along a cosine. The more steps the
// smaller the first one, measured: 0.06 of a quantiser's step for 10, 0.03 for 60.
constexpr float kDecay = 0.9f, kSquareDecay = 0.99f;
float first_step(int steps) { return 0.19f / std::sqrt(static_cast<float>(steps)); }

// Which file parameters come from while a network is made: two of them have the same names.
struct Sources : nn::WeightSource {
    const nn::WeightSource* now = nullptr;

    std::optional<nn::WeightArray> find(const std::string& name) const override {
        return now->find(name);
    }
};

Result<weights::SafetensorsFile> open_lpips(const std::string& folder, const char* net) {
    auto file = weights::SafetensorsFile::open(folder + "/lpips_" + net + "_v0.1_fp32.safetensors");
    if (file.ok()) return file;
    return {Code::model, "LPIPS weights: " + file.status().message(),
            "they are in models/metrics of the source tree; --preset fast does without"};
}

class Adam {
  public:
    explicit Adam(size_t count) : mean_(count), square_(count) {}

    void next() {
        mean_share_ = 1 - std::pow(kDecay, static_cast<float>(++step_));
        square_share_ = 1 - std::pow(kSquareDecay, static_cast<float>(step_));
    }
    // What to take off value i.
    float operator()(size_t i, float gradient) {
        mean_[i] = kDecay * mean_[i] + (1 - kDecay) * gradient;
        square_[i] = kSquareDecay * square_[i] + (1 - kSquareDecay) * gradient * gradient;
        return mean_[i] / mean_share_ / (std::sqrt(square_[i] / square_share_) + 1e-12f);
    }

  private:
    std::vector<float> mean_, square_;
    float mean_share_ = 0, square_share_ = 0;
    int step_ = 0;
};

// 1 inside the picture, 0 where its edges were repeated.
std::vector<float> inside(PictureSize size) {
    const auto w = static_cast<size_t>(size.padded_width());
    const auto h = static_cast<size_t>(size.padded_height());
    std::vector<float> mask(3 * w * h);
    for (size_t row = 0; row < 3 * h; ++row)
        if (row % h < static_cast<size_t>(size.height))
            std::fill_n(mask.begin() + static_cast<std::ptrdiff_t>(row * w), size.width, 1.0f);
    return mask;
}

class Search final : public KeyframeSearch {
  public:
    Search(const nn::WeightSource& tokeniser, const models::TokeniserConfig& config,
           const nn::WeightSource& alex, const nn::WeightSource& squeeze, nn::Precision precision,
           int threads)
        : weights_(sources_),
          plain_(nn::make_onednn_ops(weights_, precision)),
          decoder_ops_(*plain_),
          lpips_ops_(*plain_) {
        plain_->set_threads(threads);
        sources_.now = &tokeniser;
        tokeniser_.emplace(decoder_ops_, config);
        sources_.now = &alex;
        lpips_.emplace_back(lpips_ops_, models::LpipsNet::alex);
        sources_.now = &squeeze;
        lpips_.emplace_back(lpips_ops_, models::LpipsNet::squeeze);
        sources_.now = nullptr;
    }

    const Status& status() const override { return plain_->status(); }
    std::vector<int16_t> search(const KeyframeToSearch& key, int steps) override;

  private:
    struct Targets {
        nn::Tensor rgb, inside;
    };
    // Gradient of the distortion, with one of the LPIPS, with respect to y_hat [96, H/16, W/16].
    void descend(const Targets& targets, const nn::Tensor& y_hat, int qp,
                 models::LpipsGradient& lpips, std::vector<float>& gradient);

    Sources sources_;
    nn::GradientWeights weights_;
    std::unique_ptr<nn::InferenceOps> plain_;
    nn::GradientOps decoder_ops_, lpips_ops_;
    std::optional<models::Tokeniser> tokeniser_;
    std::vector<models::LpipsGradient> lpips_;
};

void Search::descend(const Targets& targets, const nn::Tensor& y_hat, int qp,
                     models::LpipsGradient& lpips, std::vector<float>& gradient) {
    const auto samples = static_cast<float>(targets.rgb.shape().count());
    models::DecoderState state;
    decoder_ops_.watch(y_hat);
    const nn::Tensor rgb =
        tokeniser_->decode_key(decoder_ops_, y_hat, {static_cast<float>(qp)}, state).rgb;

    // The sign of the difference, but for pixels that are nearly right.
    constexpr float kSteep = 1e4f;
    const nn::Tensor sign =
        plain_->clamp(plain_->affine(plain_->sub(rgb, targets.rgb), kSteep, 0.0f), -1.0f, 1.0f);
    const nn::Tensor of_l1 = plain_->affine(sign, kL1 / samples, 0.0f);
    const nn::Tensor of_rgb = plain_->mul(plain_->add(of_l1, lpips(rgb, kLpips)), targets.inside);
    plain_->to_host(decoder_ops_.gradient({{rgb, of_rgb}}), gradient.data());
}

std::vector<int16_t> Search::search(const KeyframeToSearch& key, int steps) {
    const int64_t w = key.size.padded_width(), h = key.size.padded_height();
    const nn::Shape picture{1, 3, h, w}, latent{1, entropy::kYChannels, h / 16, w / 16};
    const auto positions = static_cast<size_t>(latent.h * latent.w);
    const size_t count = key.exact.size();
    std::vector<float> value = key.exact, seen(count), gradient(count);
    const auto token = [&](size_t i) {
        return i % positions * entropy::kYChannels + i / positions;
    };
    const auto round = [&] {
        for (size_t i = 0; i < count; ++i)
            seen[i] = key.scales[token(i)] == 0 ? 0.0f : static_cast<float>(quantise(value[i]));
    };
    const bool large = std::min(key.size.width, key.size.height) >= kLpipsMinSide;
    if (large && steps > 0) {
        const Targets targets{plain_->from_host(picture, key.rgb.data()),
                              plain_->from_host(picture, inside(key.size).data())};
        for (models::LpipsGradient& lpips : lpips_) lpips.aim(targets.rgb);
        const nn::Tensor means = plain_->from_host(latent, key.means.data());
        const float bit_weight = models::rate_weight(static_cast<float>(key.qp)) /
                                 (kKeyShare * static_cast<float>(w * h));
        Adam adam(count);
        for (int step = 0; step < steps; ++step) {
            round();
            descend(targets, plain_->add(plain_->from_host(latent, seen.data()), means), key.qp,
                    lpips_[static_cast<size_t>(step) % lpips_.size()], gradient);
            const float part = static_cast<float>(step) / static_cast<float>(steps);
            const float length =
                first_step(steps) * 0.5f * (1.0f + std::cos(static_cast<float>(M_PI) * part));
            adam.next();
            for (size_t i = 0; i < count; ++i) {
                const uint8_t scale = key.scales[token(i)];
                if (scale == 0) continue;
                const int symbol = static_cast<int>(seen[i]);
                const entropy::CdfCost& cost = key.costs[scale];
                const float bits = 0.5f * (cost.bits(symbol + 1) - cost.bits(symbol - 1));
                value[i] -= length * adam(i, gradient[i] + bit_weight * bits);
            }
        }
    }
    round();
    std::vector<int16_t> plane(count);
    for (size_t i = 0; i < count; ++i) plane[token(i)] = static_cast<int16_t>(seen[i]);
    return plane;
}

}  // namespace

Result<std::unique_ptr<KeyframeSearch>> KeyframeSearch::make(
    const weights::SafetensorsFile& tokeniser, const std::string& metrics_folder,
    nn::Precision precision, int threads) {
    GVC_ASSIGN_OR_RETURN(const auto config, models::tokeniser_config(tokeniser.metadata()));
    GVC_ASSIGN_OR_RETURN(auto alex, open_lpips(metrics_folder, "alex"));
    GVC_ASSIGN_OR_RETURN(auto squeeze, open_lpips(metrics_folder, "squeeze"));
    const nn::FileWeights of_tokeniser(tokeniser), of_alex(std::move(alex)),
        of_squeeze(std::move(squeeze));
    auto search =
        std::make_unique<Search>(of_tokeniser, config, of_alex, of_squeeze, precision, threads);
    GVC_RETURN_IF_ERROR(search->status());
    return std::unique_ptr<KeyframeSearch>(std::move(search));
}

}  // namespace gvc::codec
