// Stage entropy: the keyframe's entropy model alone, on the symbols that an encoder sends.
#include "nn/torch/torch_ops.h"
#include "train/symbol_search.h"
#include "train/trainer.h"

namespace gvc::train {

KeyToSearch Trainer::key_to_search(const at::Tensor& rgb, const std::vector<float>& qps) const {
    torch::NoGradGuard no_grad;
    KeyToSearch key;
    key.rgb = rgb;
    key.qps = qps;
    const models::Latent latent = nets_->tokeniser.analyse_key(*ops_, nn::from_torch(rgb), qps);
    key.hyper = rounded(nn::to_torch(latent.z).to(at::kFloat));
    key.means =
        nn::to_torch(nets_->tokeniser.key_means(*ops_, nn::from_torch(key.hyper))).to(at::kFloat);
    key.exact = nn::to_torch(latent.y).to(at::kFloat) - key.means;
    return key;
}

// Symbols are looked for once, since it takes long, and drawn from again and again.
void Trainer::fill_pool() {
    std::vector<at::Tensor> symbols, hyper, qps;
    for (int64_t made = 0; made < options_.pool; made += options_.batch) {
        const KeyToSearch key = key_to_search(batch_of(1), draw_qps(options_.batch, random_));
        const at::Tensor found =
            searched_symbols(*ops_, *nets_, lpips_, key, options_.search_steps);
        symbols.push_back(found.to(at::kShort));
        hyper.push_back(key.hyper.to(at::kShort));
        qps.push_back(torch::tensor(key.qps));
        std::fprintf(stderr, "\rpool: %lld of %lld pictures",
                     static_cast<long long>(made + options_.batch),
                     static_cast<long long>(options_.pool));
    }
    std::fprintf(stderr, "\n");
    pool_ = {at::cat(symbols), at::cat(hyper), at::cat(qps)};
}

// The same share of each quality's bits is worth the same: their logarithm.
at::Tensor Trainer::entropy_loss(Values& values) {
    const at::Tensor drawn = torch::randint(pool_.symbols.size(0), {options_.batch}, at::kLong);
    const auto take = [&](const at::Tensor& from) {
        return from.index_select(0, drawn.to(from.device())).to(at::kFloat);
    };
    const at::Tensor qps = take(pool_.qps).contiguous();
    const std::vector<float> of(qps.data_ptr<float>(), qps.data_ptr<float>() + qps.numel());
    const at::Tensor bits = nets_->key_entropy.bits_of(take(pool_.symbols), take(pool_.hyper), of);
    const double pixels = double(options_.crop) * options_.crop;
    values["bpp"] = bits.detach().mean().item<double>() / pixels;
    return at::log(bits).mean();
}

}  // namespace gvc::train
