// Pictures between the codec and its callers, and to and from the device.
//
// A picture is planar RGB, [3, height, width], 1.0 white; callers convert with media/colour.h.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "models/config.h"
#include "nn/ops.h"
#include "nn/values.h"

namespace gvc::codec {

// Of the cells that pictures are padded to, a side.
inline constexpr int kCellPixels = models::kPadMultiple;

struct PictureSize {
    int width = 0, height = 0;

    size_t samples() const { return 3 * static_cast<size_t>(width) * static_cast<size_t>(height); }
    int64_t padded_width() const;  // to a multiple of 64
    int64_t padded_height() const;
    bool operator==(const PictureSize&) const = default;
};

// A picture that waits for its GOP to be complete: 16 bits a sample, since a GOP of 29 large
// pictures in floats would not fit small machines. Values are cut to [0, 1].
struct WaitingPicture {
    std::vector<uint16_t> samples;
    uint64_t pts = 0;  // ticks
};

WaitingPicture pack(std::span<const float> rgb, uint64_t pts);
std::vector<float> unpack(const WaitingPicture& picture);

using nn::values_of;

// [count, 3, padded height, padded width]: pictures with their right and bottom edges repeated.
nn::Tensor to_device(nn::Ops& ops, std::span<const WaitingPicture* const> pictures,
                     PictureSize size);

// Each item of [N, 3, padded height, padded width], cut to the size and to [0, 1]; share * rgb + (1
// - share) * base, where that is not rgb alone.
std::vector<std::vector<float>> to_host(nn::Ops& ops, const nn::Tensor& rgb, PictureSize size,
                                        const nn::Tensor& base = {}, float share = 1);

}  // namespace gvc::codec
