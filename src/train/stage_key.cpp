// Stage 1: the keyframe codec with the base head.
#include "train/trainer.h"

namespace gvc::train {

at::Tensor Trainer::key_loss(Values& values) {
    at::Tensor rgb = batch_of(1);
    std::vector<float> qps = draw_qps(options_.batch, random_);
    models::DecoderState state;
    CodedPicture coded = code_key(*ops_, *nets_, rgb, qps, state);

    const at::Tensor& picture = nn::to_torch(coded.base.rgb);
    at::Tensor d = distortion(picture, rgb, values, "key");
    double pixels = double(rgb.size(2) * rgb.size(3));
    at::Tensor rate = coded.rates.bits * key_bit_weights(qps, rgb);

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
