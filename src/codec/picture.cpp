#include "codec/picture.h"

#include <algorithm>

#include "models/config.h"

namespace gvc::codec {
namespace {

constexpr float kWhite = 65535.0f;

int64_t padded(int64_t side) {
    return (side + models::kPadMultiple - 1) / models::kPadMultiple * models::kPadMultiple;
}

}  // namespace

int64_t PictureSize::padded_width() const { return padded(width); }
int64_t PictureSize::padded_height() const { return padded(height); }

WaitingPicture pack(std::span<const float> rgb, uint64_t pts) {
    WaitingPicture picture{std::vector<uint16_t>(rgb.size()), pts};
    for (size_t i = 0; i < rgb.size(); ++i) {
        const float value = std::min(std::max(0.0f, rgb[i]), 1.0f);  // not-a-number gives 0
        picture.samples[i] = static_cast<uint16_t>(value * kWhite + 0.5f);
    }
    return picture;
}

std::vector<float> unpack(const WaitingPicture& picture) {
    std::vector<float> rgb(picture.samples.size());
    for (size_t i = 0; i < rgb.size(); ++i) {
        rgb[i] = static_cast<float>(picture.samples[i]) * (1.0f / kWhite);
    }
    return rgb;
}

nn::Tensor to_device(nn::Ops& ops, std::span<const WaitingPicture* const> pictures,
                     PictureSize size) {
    std::vector<float> values;
    values.reserve(pictures.size() * size.samples());
    for (const WaitingPicture* picture : pictures) {
        const std::vector<float> rgb = unpack(*picture);
        values.insert(values.end(), rgb.begin(), rgb.end());
    }
    const nn::Shape shape{static_cast<int64_t>(pictures.size()), 3, size.height, size.width};
    return ops.from_host_padded(shape, values.data(), size.padded_height(), size.padded_width());
}

std::vector<std::vector<float>> to_host(nn::Ops& ops, const nn::Tensor& rgb, PictureSize size,
                                        const nn::Tensor& base, float share) {
    std::vector<std::vector<float>> pictures;
    for (int64_t i = 0; i < rgb.shape().n; ++i) {
        pictures.emplace_back(size.samples());
        ops.to_host_shown(ops.batch(rgb, i, 1), share == 1 ? base : ops.batch(base, i, 1), share,
                          size.height, size.width, pictures.back().data());
    }
    return pictures;
}

}  // namespace gvc::codec
