#include "models/detail.h"

#include <algorithm>
#include <cmath>

namespace gvc::models {

using nn::Act;
using nn::Init;
using nn::Ops;
using nn::Tensor;

namespace {

constexpr int kColours = 3;
constexpr int kCellPatches = kDetailCell / kPatch;  // cells are so many positions at 1/8 wide
constexpr int kUpWidth = 16;                        // channels that the symbols bring to 1/8
constexpr float kNoise = 1.0f / (255 * 255);        // energy that nobody sees
constexpr float kStep = 0.6f;                       // of a symbol, in octaves of amplitude
constexpr int kOffset = 1;                          // symbol -1: as strong as in the original

}  // namespace

Tensor detail_energy(Ops& ops, const Tensor& rgb) {
    std::vector<Tensor> bands;
    Tensor picture = rgb;
    for (int band = 0, cell = kDetailCell; band < kDetailBands; ++band, cell /= 2) {
        const Tensor smaller = ops.mean_pool(picture, 2);
        const Tensor lost = ops.sub(picture, ops.upsample(smaller, 2));
        bands.push_back(ops.mean_pool(ops.mul(lost, lost), cell));
        picture = smaller;
    }
    return ops.concat(bands);
}

std::vector<int8_t> detail_symbols(std::span<const float> original, std::span<const float> decoded,
                                   int pictures) {
    const size_t planes = size_t{kColours} * kDetailBands;
    const size_t cells = original.size() / (planes * static_cast<size_t>(pictures));
    std::vector<int8_t> symbols;
    for (size_t band = 0; band < kDetailBands; ++band) {
        for (size_t cell = 0; cell < cells; ++cell) {
            float before = kNoise * kColours * static_cast<float>(pictures), after = before;
            for (size_t picture = 0; picture < static_cast<size_t>(pictures); ++picture) {
                for (size_t colour = 0; colour < kColours; ++colour) {
                    const size_t at = (picture * planes + band * kColours + colour) * cells + cell;
                    before += original[at];
                    after += decoded[at];
                }
            }
            const float octaves = 0.5f * std::log2(before / after);
            const int symbol = static_cast<int>(std::lround(octaves / kStep)) - kOffset;
            symbols.push_back(static_cast<int8_t>(std::clamp(symbol, -kDetailLimit, kDetailLimit)));
        }
    }
    return symbols;
}

DetailSynthesis::DetailSynthesis(Ops& ops, const HybridConfig& c)
    : in_(ops, "hybrid.detail.in", kDetailBands, c.width_detail, 3, 1, Act::silu),
      up_(ops, "hybrid.detail.up", c.width_detail, kUpWidth * kCellPatches * kCellPatches, 1, 1,
          Act::silu),
      out_(ops, "hybrid.detail.out", kUpWidth, c.width_frame, 1, 1, Act::none, Init::zero) {}

Tensor DetailSynthesis::run(Ops& ops, const Tensor& symbols, const Tensor& features) const {
    const Tensor spread = ops.shuffle(up_(ops, in_(ops, symbols)), kCellPatches);
    return out_(ops, spread, features);
}

}  // namespace gvc::models
