// Cells of 64x64 pixels that are coded anew, as a keyframe's are, in a chunk's last picture (in the
// order of decoding): what has come into the picture, or what motion compensation has lost. What
// follows is made of that picture. docs/decisions/0020-refresh.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "bitstream/unit_coder.h"
#include "codec/model.h"
#include "codec/picture.h"
#include "models/tokeniser.h"

namespace gvc::codec {

inline bool any_cell(std::span<const uint8_t> cells) {
    return std::any_of(cells.begin(), cells.end(), [](uint8_t cell) { return cell != 0; });
}

// The share that cells have of each value of a plane with so many channels, [1, channels, H /
// scale, W / scale]; scale 1 or 8. It goes from 0 to 1 within 8 pixels.
nn::Tensor cell_shares(nn::Ops& ops, std::span<const uint8_t> cells, entropy::SliceSize plane,
                       int64_t channels, int scale);

// What the keyframe's encoder makes of a picture [1, 3, H, W] that cells are put into: y,
// [1, 96, H/16, W/16].
nn::Tensor around_cells(const Model& model, int qp, const nn::Tensor& picture);

// What y's tokens of refreshed cells are added to, [1, 96, H/16, W/16]: within them means, around
// them `around`, as around_cells has it, so that they go on from it.
nn::Tensor cell_means(const Model& model, const bitstream::UnitTokens::Refresh& refresh,
                      entropy::SliceSize plane, const nn::Tensor& around);

// A keyframe of which only cells are coded; others are as in the keyframe before. state: behind
// that one as it was decoded, then behind this one. means: cell_means of the former's picture.
models::BaseOutput decode_key_cells(const Model& model, const bitstream::UnitTokens::Refresh& cells,
                                    const nn::Tensor& means, int qp, entropy::SliceSize plane,
                                    models::DecoderState& state);

// Puts the cells into the last picture of a chunk and the state behind it, and lets them come in
// over the two pictures before; means: cell_means of the last picture as it was. Returns what the
// keyframe's decoder shows, of which the cells are parts.
models::BaseOutput put_cells(const Model& model, const bitstream::UnitTokens::Refresh& refresh,
                             const nn::Tensor& means, int qp, entropy::SliceSize plane,
                             models::BaseOutput& chunk, models::DecoderState& state);

}  // namespace gvc::codec
