// The float half of coding one unit, equal in encoder and decoder: from z to the means of y, and
// from y to base pictures and the state that the next unit starts from.
#pragma once

#include "bitstream/gop_layout.h"
#include "codec/model.h"
#include "models/tokeniser.h"

namespace gvc::codec {

enum class UnitRole { key, pkey, key_cells, chunk };  // key_cells: GopLayout::of_cells

inline UnitRole unit_role(const bitstream::GopLayout& layout, int unit) {
    if (unit > 0) return UnitRole::chunk;
    if (layout.kind != bitstream::PacketKind::pkey) return UnitRole::key;
    return layout.of_cells() ? UnitRole::key_cells : UnitRole::pkey;
}

// Shapes of a unit's planes as tensors.
nn::Shape y_shape(entropy::SliceSize plane);
nn::Shape z_shape(entropy::SliceSize plane);

// [1, 96, H/16, W/16]; state is that before the unit (undefined members for a key).
nn::Tensor unit_means(const Model& model, UnitRole role, const std::vector<int16_t>& z,
                      entropy::SliceSize plane, const models::DecoderState& state);

// Base pictures of the unit's frames: one for a key or P-key, for a chunk its last `frames`, of
// which the state, that is what later units refer to, needs one. A P-key's picture becomes the
// keyframe that later units refer to. motion: of the unit as a whole, nothing for a key.
models::BaseOutput decode_base(const Model& model, UnitRole role, const nn::Tensor& means,
                               const std::vector<int16_t>& y, const CommonMotion& motion, int qp,
                               models::DecoderState& state, int frames = models::kChunkFrames);

}  // namespace gvc::codec
