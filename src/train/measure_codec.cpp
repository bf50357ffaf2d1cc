// What the neural codec reaches on sequences that are held out from training, and how long it
// takes.
#include <torch/cuda.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

#include "nn/torch/torch_ops.h"
#include "train/losses.h"
#include "train/trainer.h"

namespace gvc::train {
namespace {

constexpr std::array<int, 5> kMeasuredQps = {4, 12, 18, 24, 31};
constexpr int T = models::kChunkFrames;

}  // namespace

Result<Values> Trainer::measure_codec(int batches) {
    if (!nets_) return Status(Code::usage, "the checkpoint is not one of the neural codec");
    torch::NoGradGuard no_grad;
    const int64_t n = options_.batch, c = options_.crop;
    const int count = options_.chunks;
    GVC_ASSIGN_OR_RETURN(const Dataset held_out, Dataset::open(options_.pack, "val", device_));
    if (held_out.longest() < 1 + T * count)
        return Status(Code::usage, "no held-out sequence is that long", "take fewer --chunks");
    std::mt19937_64 random(kMeasureSeed);
    parameters_.swap_average();
    Values sums;
    for (int i = 0; i < batches; ++i) {
        const at::Tensor frames =
            held_out.plain_sample(options_.batch, 1 + T * count, options_.crop, random)
                .view({n, 1 + T * count, 3, c, c});
        for (int qp : kMeasuredQps) {
            const std::string name = "qp" + std::to_string(qp) + ".";
            const std::vector<float> qps(static_cast<size_t>(n), float(qp));
            // As an encoder does: with the keyframe in the middle, on from it and back from it.
            const int before = count / 2;
            const at::Tensor onward = frames.slice(1, T * before), key = unit_frames(onward, -1);
            models::DecoderState state;
            std::vector<CodedUnit> units{{coded_key(key, qps, state), key, qps}};
            append_chunks(onward, qps, state, units);
            const size_t behind = units.size();
            append_chunks(frames.slice(1, 0, T * before + 1).flip({1}), qps, state, units);
            double key_bits = 0, chunk_bits = 0;
            std::vector<at::Tensor> base, refined, truth;
            for (const CodedUnit& unit : units) {
                (truth.empty() ? key_bits : chunk_bits) +=
                    unit.coded.rates.bits_hard.mean().item<double>();
                truth.push_back(unit.truth);
                base.push_back(nn::to_torch(unit.coded.base.rgb).to(at::kFloat).clamp(0, 1));
            }
            if (refiner_) {
                const at::Tensor style = style_of(truth.front());
                References references, of_key;
                for (size_t i = 0; i < units.size(); ++i) {
                    if (i == behind) references = of_key;
                    refined.push_back(
                        refine_unit(units[i].coded.base, base[i], style, units[i].qps, references)
                            .clamp(0, 1));
                    references.move_on(last_of_unit(refined.back()), i == 0);
                    if (i == 0) of_key = references;
                }
            }
            constexpr double kFrames = models::kGopFrames;
            sums[name + "bpp"] +=
                (key_bits + models::kGopChunks * chunk_bits / std::max(count, 1)) /
                (kFrames * double(c * c));
            const at::Tensor all = at::cat(truth);
            const auto measure = [&](const std::vector<at::Tensor>& shown, const char* of) {
                const at::Tensor x = at::cat(shown);
                sums[name + of + "psnr"] += mean_psnr(x, all).item<double>();
                sums[name + of + "lpips_alex"] += lpips_[0](x, all).mean().item<double>();
                sums[name + of + "lpips_squeeze"] += lpips_[1](x, all).mean().item<double>();
            };
            measure(base, "");
            if (refiner_) measure(refined, "refined_");
        }
        std::fprintf(stderr, "\rmeasure %d/%d", i + 1, batches);
    }
    parameters_.swap_average();
    std::fprintf(stderr, "\n");
    for (auto& [name, value] : sums) value /= batches;
    return sums;
}

Result<Values> Trainer::time_gop(int height) {
    if (!nets_) return Status(Code::usage, "the checkpoint is not one of the neural codec");
    torch::NoGradGuard no_grad;
    using Clock = std::chrono::steady_clock;
    const auto padded = [](int side) { return (side + 63) / 64 * 64; };
    const int64_t h = padded(height), w = padded(height * 16 / 9);
    const auto wait = [&] {
        if (device_.is_cuda()) torch::cuda::synchronize();
    };
    const at::Tensor frame = torch::rand({1, 3, h, w}, device_);
    const at::Tensor chunk = frame.repeat({T, 1, 1, 1});
    const std::vector<float> qps = {16.0f};
    const at::Tensor style = torch::zeros({1, models::kStyleSymbols, 1, 1}, device_);
    std::map<std::string, std::vector<double>> seconds;
    for (int run = 0; run < 4; ++run) {  // the first one warms up
        Values spent;
        const auto timed = [&](const char* stage, const auto& body) {
            wait();
            const auto begun = Clock::now();
            body();
            wait();
            spent[stage] += std::chrono::duration<double>(Clock::now() - begun).count();
        };
        models::DecoderState state;
        for (int k = -1; k < models::kGopChunks; ++k) {
            CodedPicture coded;
            const models::DecoderState before = state;
            timed("encode", [&] {
                coded = k < 0 ? code_key(*ops_, *nets_, frame, qps, state)
                              : code_chunk(*ops_, *nets_, chunk, qps, {}, state);
            });
            // What an encoder does holds what a decoder does: the base is timed once more, alone.
            models::DecoderState again = before;
            const nn::Tensor y_hat = nn::from_torch(coded.symbols);
            timed("base", [&] {
                if (k < 0)
                    nets_->tokeniser.decode_key(*ops_, y_hat, qps, again);
                else
                    nets_->tokeniser.decode_chunk(*ops_, y_hat, {CommonMotion()}, qps, again);
            });
            if (!refiner_) continue;
            const at::Tensor base = nn::to_torch(coded.base.rgb).to(at::kFloat);
            timed("refine", [&] { refine_unit(coded.base, base, style, qps, {frame, frame}); });
        }
        if (run == 0) continue;
        for (const auto& [stage, value] : spent) seconds[stage].push_back(value);
    }
    Values result;
    for (auto& [stage, values] : seconds) {
        std::sort(values.begin(), values.end());
        result[stage] = values[values.size() / 2];
    }
    return result;
}

}  // namespace gvc::train
