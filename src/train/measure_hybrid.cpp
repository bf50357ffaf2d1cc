// What the hybrid's refiner reaches on pairs that are held out from training.
#include <cstdio>

#include "nn/torch/torch_ops.h"
#include "train/losses.h"
#include "train/trainer.h"

namespace gvc::train {

constexpr int64_t kMeasuredGroups = 3;  // the first one only for what the others refer to

Result<Values> Trainer::measure_hybrid(int batches, const HybridParts& parts) {
    if (!hybrid_) return Status(Code::usage, "the checkpoint is not one of the hybrid's refiner");
    torch::NoGradGuard no_grad;
    constexpr int64_t T = models::kChunkFrames;
    const int64_t n = options_.batch, c = options_.crop;
    GVC_ASSIGN_OR_RETURN(const PairSet pairs, PairSet::open(options_.pack, "val"));
    random_.seed(kMeasureSeed);
    parameters_.swap_average();
    Values sums;
    for (int i = 0; i < batches; ++i) {
        Values ignored;
        HybridBatch batch = hybrid_batch(pairs, kMeasuredGroups, parts.detail ? 0.0 : 1.0, ignored);
        std::vector<at::Tensor> groups;
        at::Tensor last;
        for (int64_t group = 0; group < kMeasuredGroups; ++group) {
            groups.push_back(
                refine_group(batch, group, last, parts).clamp(0, 1).view({n, T, 3, c, c}));
            last = groups.back().select(1, T - 1);
        }
        const at::Tensor refined = at::cat(groups, 1);
        constexpr int64_t kLater = (kMeasuredGroups - 1) * T;
        const auto later = [&](const at::Tensor& x) { return batch.frames(x, T, kLater); };
        // LPIPS between frames that follow each other.
        const auto change = [&](const at::Tensor& x) {
            return lpips_[0](later(x), batch.frames(x, T - 1, kLater));
        };
        const at::Tensor truth = later(batch.truth), true_change = change(batch.truth);
        const auto measure = [&](const at::Tensor& shown, const std::string& suffix) {
            const at::Tensor x = later(shown);
            sums["lpips_alex" + suffix] += lpips_[0](x, truth).mean().item<double>();
            sums["lpips_squeeze" + suffix] += lpips_[1](x, truth).mean().item<double>();
            sums["psnr_rgb" + suffix] += mean_psnr(x, truth).item<double>();
            sums["tlpips_alex" + suffix] +=
                (change(shown) - true_change).abs().mean().item<double>();
        };
        measure(refined, "");
        measure(batch.coded, "_base");
        std::fprintf(stderr, "\rmeasure %d/%d", i + 1, batches);
    }
    parameters_.swap_average();
    std::fprintf(stderr, "\n");
    for (auto& [name, value] : sums) value /= batches;
    return sums;
}

}  // namespace gvc::train
