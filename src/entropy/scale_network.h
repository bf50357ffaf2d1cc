// The integer network that chooses the scale index of every y token; with a context network, of
// those in phase 0.
//
// It reads decoded integers only: the slice's own z, and for chunks the previous chunk's y (chain
// mode). It sees one slice and zeros around it. See docs/format.md, "Scale network".
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "entropy/int_conv.h"
#include "entropy/token_config.h"
#include "weights/safetensors.h"

namespace gvc::entropy {

class ScaleNetwork {
  public:
    // Reads "entropy.KIND.scale.*". Code::model if a tensor is missing or unusable.
    static Result<ScaleNetwork> load(const weights::SafetensorsFile& file, TokenKind kind);

    int feature_count() const { return d1_.in_channels; }
    // What z and y_prev tell: [y positions, feature_count()]. z has size.z_count() values; y_prev
    // has size.y_count() or none (all zero; keys never have any). Thread-safe, as the next.
    std::vector<uint8_t> features(std::span<const int16_t> z, std::span<const int16_t> y_prev,
                                  SliceSize size, Isa isa = best_isa()) const;
    // Indices, 0 ... 31, of size.y_count() tokens in the order of the y plane.
    std::vector<uint8_t> indices(int qp, std::span<const uint8_t> features, SliceSize size,
                                 Isa isa = best_isa()) const;

  private:
    bool has_previous_ = false;
    IntConv z1_, z2_, p1_, p2_, d1_, out_;
};

}  // namespace gvc::entropy
