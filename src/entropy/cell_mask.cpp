#include "entropy/cell_mask.h"

#include <array>

namespace gvc::entropy {
namespace {

constexpr uint32_t kCellIncrement = 6;  // of a count, for each cell seen

// How often cells were meant, and were not, behind so many neighbours that are.
struct CellCounts {
    uint32_t no, yes;

    uint32_t no_ends() const { return no * kRansScale / (no + yes); }
    void add(bool meant) { (meant ? yes : no) += kCellIncrement; }
};

// Visits cells in coding order: code(cell, counts).
template <typename Cell, typename Code>
void each_cell(SliceSize size, std::span<Cell> cells, Code&& code) {
    std::array<CellCounts, 3> counts{{{8, 1}, {4, 4}, {1, 8}}};
    const auto columns = static_cast<size_t>(size.w64);
    for (size_t i = 0; i < size.z_positions(); ++i) {
        const size_t left = i % columns > 0 ? cells[i - 1] : 0;
        const size_t above = i >= columns ? cells[i - columns] : 0;
        code(cells[i], counts[left + above]);
    }
}

}  // namespace

void put_cells(RansEncoder& encoder, SliceSize size, std::span<const uint8_t> cells) {
    each_cell(size, cells, [&](uint8_t cell, CellCounts& counts) {
        const uint32_t end = counts.no_ends();
        encoder.put(cell ? end : 0, cell ? kRansScale - end : end);
        counts.add(cell != 0);
    });
}

void take_cells(RansDecoder& decoder, SliceSize size, std::span<uint8_t> cells) {
    each_cell(size, cells, [&](uint8_t& cell, CellCounts& counts) {
        const uint32_t end = counts.no_ends();
        cell = decoder.slot() >= end;
        decoder.take(cell ? end : 0, cell ? kRansScale - end : end);
        counts.add(cell != 0);
    });
}

}  // namespace gvc::entropy
