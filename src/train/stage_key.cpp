// Stage 1: the keyframe codec with the base head, and its encoder alone.
#include "nn/torch/torch_ops.h"
#include "train/symbol_search.h"
#include "train/trainer.h"

namespace gvc::train {

at::Tensor Trainer::key_loss(Values& values) {
    const at::Tensor rgb = batch_of(1);
    const std::vector<float> qps = draw_qps(options_.batch, random_);
    if (options_.search_steps == 0) return plain_key_loss(rgb, qps, values);
    // Every other picture: qps rise along the batch, and both halves want all of them.
    const auto half = [](const std::vector<float>& all, size_t from) {
        std::vector<float> some;
        for (size_t i = from; i < all.size(); i += 2) some.push_back(all[i]);
        return some;
    };
    const at::Tensor searched =
        0.5 * searched_key_loss(rgb.slice(0, 1, {}, 2).contiguous(), half(qps, 1), values);
    searched.backward();
    // The encoder has no part in these symbols, and what the decoder alone wants of the steps that
    // both of them share, smaller ones, costs bits that it does not see.
    for (const auto& [name, value] : parameters_.all())
        if (name.find(".log_step.") != std::string::npos) at::Tensor(value).mutable_grad().reset();
    return 0.5 * plain_key_loss(rgb.slice(0, 0, {}, 2).contiguous(), half(qps, 0), values) +
           searched.detach();
}

// As the encoder makes them. Beside searched symbols the rates are those of the hyperprior alone:
// what their neighbours tell of symbols that were not searched for misleads it.
at::Tensor Trainer::plain_key_loss(const at::Tensor& rgb, const std::vector<float>& qps,
                                   Values& values) {
    models::DecoderState state;
    CodedPicture coded = code_key(*ops_, *nets_, rgb, qps, state, options_.search_steps == 0);

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

// Symbols count as constants; the bits have gradients for the entropy model, the picture for the
// decoder.
CodedPicture Trainer::searched_key(const at::Tensor& rgb, const std::vector<float>& qps,
                                   models::DecoderState& state) {
    const KeyToSearch key = key_to_search(rgb, qps);
    CodedPicture coded;
    coded.symbols = searched_symbols(*ops_, *nets_, lpips_, key, options_.search_steps);
    coded.base =
        nets_->tokeniser.decode_key(*ops_, nn::from_torch(coded.symbols + key.means), qps, state);
    coded.rates.bits = nets_->key_entropy.bits_of(coded.symbols, key.hyper, qps);
    coded.rates.bits_hard = coded.rates.bits.detach();
    return coded;
}

CodedPicture Trainer::coded_key(const at::Tensor& rgb, const std::vector<float>& qps,
                                models::DecoderState& state) {
    return options_.search_steps > 0 ? searched_key(rgb, qps, state)
                                     : code_key(*ops_, *nets_, rgb, qps, state);
}

// Where a search has come to rest the loss of what it found falls with the decoder as the loss of
// what it would find next does.
at::Tensor Trainer::searched_key_loss(const at::Tensor& rgb, const std::vector<float>& qps,
                                      Values& values) {
    models::DecoderState state;
    const CodedPicture coded = searched_key(rgb, qps, state);
    const at::Tensor d = distortion(nn::to_torch(coded.base.rgb), rgb, values, "searched");
    values["searched_bpp"] =
        coded.rates.bits_hard.mean().item<double>() / double(rgb.size(2) * rgb.size(3));
    return (d + rate_share() * coded.rates.bits * key_bit_weights(qps, rgb)).mean();
}

}  // namespace gvc::train
