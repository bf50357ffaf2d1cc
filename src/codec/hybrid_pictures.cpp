#include "codec/hybrid_pictures.h"

#include <algorithm>

#include "codec/detail.h"

namespace gvc::codec {
namespace {

int64_t padded(int cells) { return int64_t{cells} * models::kDetailCell; }

}  // namespace

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

// [count, 3, H, W]
Result<std::vector<float>> HybridPictures::base_pictures(int first, int count) {
    std::vector<float> rgb(static_cast<size_t>(count) * size_.samples());
    for (int i = 0; i < count; ++i) {
        const std::span<float> picture(&rgb[static_cast<size_t>(i) * size_.samples()],
                                       size_.samples());
        GVC_RETURN_IF_ERROR(base_->rgb(first + i, picture));
    }
    return rgb;
}

Result<std::vector<std::vector<float>>> HybridPictures::pictures(int first, int count,
                                                                 int refinement,
                                                                 StageTimes& times) {
    // The networks know groups of one size: at the GOP's end earlier pictures fill it up.
    const bool refined = refinement > 0 && model_.hybrid();
    const int begin = refined ? std::max(0, std::min(first, this->count() - kGroup)) : first;
    const int end = refined ? std::min(begin + kGroup, this->count()) : first + count;
    std::vector<float> rgb;
    {
        StageTimer timer(times.base);
        GVC_ASSIGN_OR_RETURN(rgb, base_pictures(begin, end - begin));
    }
    std::vector<std::vector<float>> result;
    if (refined) {
        StageTimer timer(times.refine);
        result = refine(rgb, end - begin, refinement);
        GVC_RETURN_IF_ERROR(model_.status());
    } else {
        const auto samples = static_cast<ptrdiff_t>(size_.samples());
        for (auto from = rgb.begin(); from != rgb.end(); from += samples) {
            result.emplace_back(from, from + samples);
        }
    }
    result.erase(result.begin(), result.begin() + (first - begin));
    result.resize(static_cast<size_t>(count));
    return result;
}

std::vector<std::vector<float>> HybridPictures::refine(const std::vector<float>& rgb, int count,
                                                       int refinement) const {
    nn::Ops& ops = model_.ops();
    const nn::Tensor base = ops.from_host({count, 3, size_.height, size_.width}, rgb.data());
    models::HybridInput input;
    const entropy::DetailSize cells = detail_size(size_);
    input.rgb = input.previous = ops.pad_edge(base, padded(cells.rows), padded(cells.columns));
    const nn::Shape code{1, cells.channels, cells.rows, cells.columns};
    input.detail = ops.repeat_batch(ops.from_host(code, detail_.data()), count);
    const auto n = static_cast<size_t>(count);
    input.crfs.assign(n, crf_);
    input.scales.assign(n, scale_);
    input.bpps.assign(n, bpp_);
    nn::Tensor refined = model_.hybrid()->run(ops, input, count);
    if (refinement < bitstream::kFullRefinement) {
        const float part = static_cast<float>(refinement) / bitstream::kFullRefinement;
        refined = ops.add(ops.affine(refined, part, 0), ops.affine(input.rgb, 1 - part, 0));
    }
    return to_host(ops, refined, size_);
}

}  // namespace gvc::codec
