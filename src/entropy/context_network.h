// Tokens that are coded in phases, each of which knows the tokens of the phases before it.
//
// Neighbours in the plane and the channels of one position fall into different phases, so that
// each phase sees tokens all around its own: a checkerboard (He et al., "Checkerboard Context Model
// for Efficient Learned Image Compression", CVPR 2021) over positions and channels at once, as in
// the quadtree of Li et al. (DCVC-DC, CVPR 2023). See docs/format.md, "Phases".
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "entropy/int_conv.h"
#include "entropy/token_config.h"
#include "weights/safetensors.h"

namespace gvc::entropy {

// Size of a plane of tokens or of a slice of it.
struct PlaneShape {
    int height = 0;
    int width = 0;
    int channels = 0;  // a multiple of kPhases

    size_t positions() const { return static_cast<size_t>(height) * static_cast<size_t>(width); }
    size_t count() const { return positions() * static_cast<size_t>(channels); }
};

// The first channel of a position, counted from the slice's corner, that belongs to a phase; those
// kPhases further on follow.
inline int first_channel(int phase, int row, int column) {
    const int position = 2 * (row & 1) + ((row + column) & 1);
    return (phase - position) & (kPhases - 1);
}

// Calls visit(place in the plane) for the tokens of one phase in their order, until one is refused
// (false). False if one was.
template <typename Visit>
bool each_in_phase(int phase, PlaneShape shape, Visit visit) {
    size_t at = 0;
    for (int row = 0; row < shape.height; ++row) {
        for (int column = 0; column < shape.width; ++column) {
            for (int c = first_channel(phase, row, column); c < shape.channels; c += kPhases) {
                if (!visit(at + static_cast<size_t>(c))) return false;
            }
            at += static_cast<size_t>(shape.channels);
        }
    }
    return true;
}

// The integer network that chooses rows for the tokens of phases 1 to kPhases - 1.
class ContextNetwork {
  public:
    // Reads PREFIX + "c1.*" and so on, for planes of so many channels, with `features` values of
    // each position beside the tokens. Code::model if a tensor is missing or unusable.
    static Result<ContextNetwork> load(const weights::SafetensorsFile& file,
                                       const std::string& prefix, int channels, int features);
    // Whether the file has such a network at all.
    static bool is_in(const weights::SafetensorsFile& file, const std::string& prefix);

    // Rows of the tokens of one phase (1 ... kPhases - 1), from those of the phases before it in
    // `tokens` and the features [positions, features]. rows: those of other phases are left as they
    // are. Thread-safe.
    void rows(int phase, int qp, std::span<const int16_t> tokens, std::span<const uint8_t> features,
              PlaneShape shape, std::span<TokenRow> rows, Isa isa = best_isa()) const;

  private:
    struct Phase {
        IntConv context, mix, scale, shift;
    };
    std::array<Phase, kPhases - 1> phases_;
    int features_ = 0;
};

}  // namespace gvc::entropy
