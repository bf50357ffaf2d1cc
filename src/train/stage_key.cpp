// Stage 1: the keyframe codec with the base head.
#include "train/trainer.h"

namespace gvc::train {

// Of the GOP's 29 frames the keyframe is one, but all of them lean on it: a bit spent here is worth
// about twenty-five frames' share.
constexpr double kKeyShare = 25.0;

at::Tensor Trainer::key_loss(Values& values) {
    at::Tensor rgb = batch_of(1);
    std::vector<float> qps = draw_qps(options_.batch, random_);
    models::DecoderState state;
    CodedPicture coded = code_key(*ops_, *nets_, rgb, qps, state);

    const at::Tensor& picture = nn::to_torch(coded.base.rgb);
    at::Tensor d = distortion(picture, rgb, values, "key");
    double pixels = double(rgb.size(2) * rgb.size(3));
    std::vector<float> weights;
    for (float qp : qps)
        weights.push_back(static_cast<float>(models::rate_weight(qp) / kKeyShare / pixels));
    at::Tensor rate = coded.rates.bits * torch::tensor(weights).to(device_);

    values["bpp"] = coded.rates.bits_hard.mean().item<double>() / pixels;
    values["bpp_hyper"] = coded.rates.bits_hyper.mean().item<double>() / pixels;
    values["bpp_fine"] = coded.rates.bits_hard[0].item<double>() / pixels;
    values["bpp_coarse"] = coded.rates.bits_hard[-1].item<double>() / pixels;
    values["living"] = double(living_channels(coded.symbols.narrow(0, 0, 1)));
    values["y_std"] = coded.y_std.item<double>();
    values["mse"] = (picture.detach() - rgb).square().mean().item<double>();
    if (show_) show({rgb, picture});
    return (d + rate_share() * rate).mean() + latent_distortion(coded, rgb, "key", values);
}

}  // namespace gvc::train
