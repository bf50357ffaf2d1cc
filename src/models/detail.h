// The detail code of the hybrid base: for each cell of 32 x 32 pixels and GOP, how much weaker
// fine, middle and coarse structure is in the decoded pictures than in the original. The
// conventional codec leaves flat both what was flat and what it could not afford; the code tells
// the refiner which.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "entropy/detail_code.h"
#include "models/blocks.h"
#include "models/config.h"

namespace gvc::models {

inline constexpr int kDetailCell = 32;  // pixels; pictures are padded to it
inline constexpr int kDetailBands = 3;  // structure of 1 to 2 pixels, 2 to 4, 4 to 8
using entropy::kDetailLimit;            // symbols are within it

// Energy of each band and colour in each cell: [N, 3 * kDetailBands, H/32, W/32] (band by band) of
// rgb [N, 3, H, W] with H, W multiples of 32.
nn::Tensor detail_energy(nn::Ops& ops, const nn::Tensor& rgb);

// Symbols of one GOP, [kDetailBands, cells], from the energies of `pictures` of its pictures,
// original and decoded: [pictures, 3 * kDetailBands, cells] each.
std::vector<int8_t> detail_symbols(std::span<const float> original, std::span<const float> decoded,
                                   int pictures);

// The decoder's side: symbols to features at 1/8.
class DetailSynthesis {
  public:
    DetailSynthesis(nn::Ops& ops, const HybridConfig& config);

    // symbols: [N, kDetailBands, H/32, W/32]. Returns `features` [N, width_frame, H/8, W/8] plus
    // what the symbols tell.
    nn::Tensor run(nn::Ops& ops, const nn::Tensor& symbols, const nn::Tensor& features) const;

  private:
    Conv in_, up_, out_;
};

}  // namespace gvc::models
