// The integer network that chooses the scale index (the CDF row) of every y token.
//
// It reads decoded integers only: the slice's own z, and for chunks the previous chunk's y (chain
// mode). It sees one slice and zeros around it. See docs/format.md, "Scale network".
#pragma once

#include <cstdint>
#include <span>

#include "base/result.h"
#include "entropy/int_conv.h"
#include "entropy/token_config.h"
#include "weights/safetensors.h"

namespace gvc::entropy {

class ScaleNetwork {
  public:
    // Reads "entropy.KIND.scale.*". Code::model if a tensor is missing or unusable.
    static Result<ScaleNetwork> load(const weights::SafetensorsFile& file, TokenKind kind);

    // Writes size.y_count() indices, 0 ... 31, in the order of the y plane. z has size.z_count()
    // values; y_prev has size.y_count() or none (all zero; keys never have any). Thread-safe.
    void indices(int qp, std::span<const int16_t> z, std::span<const int16_t> y_prev,
                 SliceSize size, std::span<uint8_t> out, Isa isa = best_isa()) const;

  private:
    bool has_previous_ = false;
    IntConv z1_, z2_, p1_, p2_, d1_, out_;
};

}  // namespace gvc::entropy
