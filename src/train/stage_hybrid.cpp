// Stage 1b: the hybrid's refiner on pictures that AV1 decoded.
#include <array>

#include "nn/torch/torch_ops.h"
#include "train/trainer.h"

namespace gvc::train {
namespace {

constexpr double kLpipsWeight = 1.0;  // of each of its two networks
constexpr int64_t kSeenFrames = 2;  // of each group of four by MS-SSIM and LPIPS: more tell little
constexpr double kNoDetail = 0.1;   // share of groups that are refined without a detail code
constexpr double kFlickerWeight = 0.5;
// How often one, two and three groups are refined in a row.
constexpr std::initializer_list<double> kGroups = {0.25, 0.4, 0.35};
constexpr int kBaseEvery = 5;  // steps, one of which measures the unrefined base, for the log

// A value for each frame of a group, from one for each frame of all groups.
std::vector<float> of_group(const std::vector<float>& all, int64_t groups) {
    std::vector<float> values;
    for (size_t i = 0; i < all.size(); i += static_cast<size_t>(groups)) values.push_back(all[i]);
    return values;
}

}  // namespace

// The detail code of each item, with this share of them left out: [batch * frames, bands, H/32,
// W/32].
at::Tensor Trainer::detail_code(const PairSet::Batch& batch, int64_t frames, double left_out,
                                Values& values) {
    torch::NoGradGuard no_grad;
    constexpr int kPictures = PairSet::kContext;
    const auto energy = [&](const at::Tensor& pictures) {
        return nn::to_torch(models::detail_energy(*ops_, nn::from_torch(pictures.to(device_))))
            .to(at::kCPU, at::kFloat)
            .contiguous();
    };
    const at::Tensor before = energy(batch.truth_context), after = energy(batch.coded_context);
    const int64_t h = before.size(2), w = before.size(3);
    const auto count = static_cast<size_t>(before[0].numel() * kPictures);
    at::Tensor code = torch::zeros({options_.batch, models::kDetailBands, h, w});
    std::array<double, 2 * models::kDetailLimit + 1> shares{};
    for (int64_t n = 0; n < options_.batch; ++n) {
        const auto values_of = [&](const at::Tensor& x) {
            return std::span<const float>(x[n * kPictures].data_ptr<float>(), count);
        };
        auto symbols = models::detail_symbols(values_of(before), values_of(after), kPictures);
        for (int8_t s : symbols) shares[static_cast<size_t>(s + models::kDetailLimit)] += 1;
        if (std::uniform_real_distribution<double>(0, 1)(random_) < left_out) continue;
        code[n] = torch::from_blob(symbols.data(), {models::kDetailBands, h, w}, at::kChar)
                      .to(at::kFloat);
    }
    for (size_t i = 0; i < shares.size(); ++i)
        values["detail" + std::to_string(i)] = shares[i] / double(code.numel());
    return code.repeat_interleave(frames, 0).to(device_);
}

// Frames of a batch, item by item, each in order of time.
at::Tensor HybridBatch::frames(const at::Tensor& all, int64_t first, int64_t count) const {
    return all.narrow(1, first, count).flatten(0, 1);
}

HybridBatch Trainer::hybrid_batch(const PairSet& pairs, int64_t groups, double no_detail,
                                  Values& values) {
    constexpr int T = models::kChunkFrames;
    const int64_t n = options_.batch, c = options_.crop;
    PairSet::Batch batch =
        pairs.sample(options_.batch, static_cast<int>(groups * T), options_.crop, random_);
    HybridBatch result;
    result.truth = batch.truth.to(device_).view({n, groups * T, 3, c, c});
    result.coded = batch.coded.to(device_).view({n, groups * T, 3, c, c});
    result.input.detail = nn::from_torch(detail_code(batch, T, no_detail, values));
    result.input.crfs = of_group(batch.conditions.crfs, groups);
    result.input.scales = of_group(batch.conditions.scales, groups);
    result.input.bpps = of_group(batch.conditions.bpps, groups);
    return result;
}

at::Tensor Trainer::refine_group(HybridBatch& batch, int64_t group, const at::Tensor& last_refined,
                                 const HybridParts& parts) {
    constexpr int T = models::kChunkFrames;
    models::HybridInput& input = batch.input;
    input.rgb = input.previous = nn::from_torch(batch.frames(batch.coded, group * T, T));
    if (last_refined.defined() && parts.previous && hybrid_->recurrent()) {
        torch::NoGradGuard no_grad;
        const at::Tensor last = batch.frames(batch.coded, group * T - 1, 1);
        input.previous = models::previous_pictures(*ops_, input.rgb, nn::from_torch(last),
                                                   nn::from_torch(last_refined), T);
    }
    return nn::to_torch(hybrid_->run(*ops_, input, parts.neighbours ? T : 1)).to(at::kFloat);
}

// Of groups of frames in a row, the last one is learned from: the ones before it are refined for
// what it refers to.
at::Tensor Trainer::hybrid_loss(Values& values) {
    constexpr int T = models::kChunkFrames;
    const int64_t n = options_.batch, c = options_.crop;
    const int64_t groups =
        hybrid_->recurrent() ? 1 + std::discrete_distribution<int64_t>(kGroups)(random_) : 1;
    HybridBatch batch = hybrid_batch(*pairs_, groups, kNoDetail, values);
    at::Tensor last_refined;  // [n, 3, c, c]
    for (int64_t group = 0; group + 1 < groups; ++group) {
        torch::NoGradGuard no_grad;
        last_refined = refine_group(batch, group, last_refined, {})
                           .view({n, T, 3, c, c})
                           .select(1, T - 1)
                           .clamp(0, 1);
    }
    const at::Tensor refined = refine_group(batch, groups - 1, last_refined, {});
    const at::Tensor truth = batch.frames(batch.truth, (groups - 1) * T, T);
    const at::Tensor coded = batch.frames(batch.coded, (groups - 1) * T, T);

    const at::Tensor l1 = (refined - truth).abs().mean();
    at::Tensor d = l1;
    // Cropping by a random offset keeps the loss from learning the networks' sampling grid.
    const int64_t dx = std::uniform_int_distribution<int>(0, 7)(random_), s = c - 8;
    const int64_t dy = std::uniform_int_distribution<int>(0, 7)(random_);
    const at::Tensor chosen = at::randperm(T).narrow(0, 0, kSeenFrames).to(device_);
    auto crop = [&](const at::Tensor& x) {
        const at::Tensor seen = x.view({n, T, 3, c, c}).index_select(1, chosen).flatten(0, 1);
        return seen.narrow(2, dy, s).narrow(3, dx, s);
    };
    d = d + 0.2 * ms_ssim_loss(crop(refined), crop(truth)).mean();
    for (size_t net = 0; net < lpips_.size(); ++net) {
        const std::string name = net == 0 ? "alex" : "squeeze";
        const at::Tensor l = lpips_[net](crop(refined), crop(truth)).mean();
        d = d + kLpipsWeight * l;
        values[name] = l.item<double>();
        if (run_steps_ % kBaseEvery == 0) {
            torch::NoGradGuard no_grad;
            values[name + "_base"] = lpips_[net](crop(coded), crop(truth)).mean().item<double>();
        }
    }
    auto change = [&](const at::Tensor& x) {
        const at::Tensor v = x.view({n, T, 3, c, c});
        return v.narrow(1, 1, T - 1) - v.narrow(1, 0, T - 1);
    };
    const auto first = [&](const at::Tensor& x) { return x.view({n, T, 3, c, c}).select(1, 0); };
    at::Tensor flicker = (change(refined) - change(truth)).abs().mean();
    if (groups > 1) {
        // The seam between two groups is one of four places where frames meet.
        const at::Tensor before = batch.frames(batch.truth, (groups - 1) * T - 1, 1);
        const at::Tensor seam =
            ((first(refined) - last_refined) - (first(truth) - before)).abs().mean();
        values["seam"] = seam.item<double>();
        values["previous_l1"] =
            (nn::to_torch(batch.input.previous).to(at::kFloat) - truth).abs().mean().item<double>();
        flicker = (flicker * (T - 1) + seam) / T;
    }
    values["flicker"] = flicker.item<double>();
    d = d + kFlickerWeight * flicker;
    values["l1"] = l1.item<double>();
    values["l1_base"] = (coded - truth).abs().mean().item<double>();
    if (show_) {
        show({first(truth), first(coded), first(refined)});
    }
    if (!critic_) return d;
    return with_adversary(d, truth, coded, refined, "hybrid.refiner.head_out.weight", values);
}

}  // namespace gvc::train
