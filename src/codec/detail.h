// The detail code of a GOP with an AV1 base (models/detail.h) between pictures, symbols and bytes.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "codec/base_coder.h"
#include "codec/model.h"
#include "codec/picture.h"
#include "entropy/detail_code.h"

namespace gvc::codec {

entropy::DetailSize detail_size(PictureSize size);

// count pictures of a size, planar RGB one after the other, with their edges repeated to whole
// cells.
nn::Tensor to_whole_cells(nn::Ops& ops, const float* rgb, int64_t count, PictureSize size);

// The symbols of a GOP: its pictures as they were and as its base decodes them, decoded.count() of
// each. [bands, rows, columns] of detail_size().
Result<std::vector<int8_t>> measure_detail(const Model& model,
                                           std::span<const WaitingPicture* const> original,
                                           BasePictures& decoded, PictureSize size);

}  // namespace gvc::codec
