// Which cells of 64x64 pixels a slice is about, where it is not about all of them.
//
// A cell that is meant lies beside others, so each is coded with counts of its own for how many of
// its two neighbours that came before it are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "entropy/rans.h"
#include "entropy/token_config.h"

namespace gvc::entropy {

// The cell of a position of a plane that has `per_cell` of them along a cell's side.
inline size_t cell_of(SliceSize size, int per_cell, size_t position) {
    const auto side = static_cast<size_t>(per_cell), columns = static_cast<size_t>(size.w64);
    const size_t row = position / (columns * side), column = position % (columns * side);
    return row / side * columns + column / side;
}

// cells: row by row, size.z_positions() values, 0 or 1.
void put_cells(RansEncoder& encoder, SliceSize size, std::span<const uint8_t> cells);
// Fills cells; whatever the decoder reads is a mask.
void take_cells(RansDecoder& decoder, SliceSize size, std::span<uint8_t> cells);

}  // namespace gvc::entropy
