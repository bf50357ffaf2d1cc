#include "codec/hybrid_pictures.h"

#include <algorithm>

#include "codec/detail.h"

namespace gvc::codec {

RefinedGroup refined_group(int picture, int pictures) {
    constexpr int kUsual = models::kChunkFrames;
    const int rest = pictures % kUsual;
    if (pictures < kUsual) return {0, pictures};
    // One picture too many joins the last group; two and that group are divided by two.
    const int tail = rest == 1 || rest == 2 ? kUsual + rest : rest;
    const int begin = pictures - tail;
    if (picture < begin) return {picture / kUsual * kUsual, kUsual};
    if (rest != 2) return {begin, tail};
    return {picture < begin + tail / 2 ? begin : begin + tail / 2, tail / 2};
}

HybridPictures::HybridPictures(const Model& model, std::unique_ptr<BasePictures> base,
                               const bitstream::SequenceHeader& sequence,
                               const bitstream::Descriptor& descriptor, size_t bytes,
                               const std::vector<int8_t>& detail)
    : model_(model),
      base_(std::move(base)),
      size_{static_cast<int>(sequence.width), static_cast<int>(sequence.height)},
      crf_(static_cast<float>(2 * descriptor.qp + 1)),
      scale_(static_cast<float>(base_scale(sequence))),
      bpp_(8.0f * static_cast<float>(bytes) * 3 /
           (static_cast<float>(size_.samples()) * descriptor.frames)),
      detail_(detail.begin(), detail.end()) {
    detail_.resize(detail_size(size_).count());
}

Status HybridPictures::read_base(int first, int count) {
    constexpr size_t kMost = models::kChunkFrames + 1;
    rgb_.reserve(kMost * size_.samples());
    rgb_.resize(std::max(rgb_.size(), static_cast<size_t>(count) * size_.samples()));
    for (int i = 0; i < count; ++i) {
        const std::span<float> picture(&rgb_[static_cast<size_t>(i) * size_.samples()],
                                       size_.samples());
        GVC_RETURN_IF_ERROR(base_->rgb(first + i, picture));
    }
    return {};
}

Result<std::vector<std::vector<float>>> HybridPictures::pictures(int first, int count,
                                                                 int refinement,
                                                                 StageCosts& costs) {
    const bool refined = refinement > 0 && model_.hybrid();
    const RefinedGroup group =
        refined ? refined_group(first, this->count()) : RefinedGroup{first, count};
    {
        StageTimer timer(costs.base, model_.ops());
        GVC_RETURN_IF_ERROR(read_base(group.first, group.count));
    }
    std::vector<std::vector<float>> result;
    if (refined) {
        StageTimer timer(costs.refine, model_.ops());
        result = refine(group, refinement);
        GVC_RETURN_IF_ERROR(model_.status());
    } else {
        const auto samples = static_cast<ptrdiff_t>(size_.samples());
        for (auto from = rgb_.begin(); result.size() < static_cast<size_t>(count);
             from += samples) {
            result.emplace_back(from, from + samples);
        }
    }
    result.erase(result.begin(), result.begin() + (first - group.first));
    result.resize(static_cast<size_t>(count));
    return result;
}

std::vector<std::vector<float>> HybridPictures::refine(const RefinedGroup& group, int refinement) {
    nn::Ops& ops = model_.ops();
    const int count = group.count;
    models::HybridInput input;
    const entropy::DetailSize cells = detail_size(size_);
    input.rgb = input.previous = to_whole_cells(ops, rgb_.data(), count, size_);
    const bool recurrent = model_.hybrid()->recurrent();
    if (recurrent && group.first > 0 && group.first == refined_end_)
        input.previous = models::previous_pictures(ops, input.rgb, last_rgb_, last_refined_, count);
    const nn::Shape code{1, cells.channels, cells.rows, cells.columns};
    input.detail = ops.repeat_batch(ops.from_host(code, detail_.data()), count);
    const auto n = static_cast<size_t>(count);
    input.crfs.assign(n, crf_);
    input.scales.assign(n, scale_);
    input.bpps.assign(n, bpp_);
    const nn::Tensor refined = model_.hybrid()->run(ops, input, count);
    if (recurrent) {
        refined_end_ = group.first + count;
        last_rgb_ = ops.batch(input.rgb, count - 1, 1);
        last_refined_ = ops.clamp(ops.batch(refined, count - 1, 1), 0.0f, 1.0f);
    }
    const float share = static_cast<float>(refinement) / bitstream::kFullRefinement;
    return to_host(ops, refined, size_, input.rgb, share);
}

}  // namespace gvc::codec
