// What turns token planes into bytes and back: CDF tables and scale networks of both kinds.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "entropy/cdf.h"
#include "entropy/context_network.h"
#include "entropy/scale_network.h"
#include "entropy/token_config.h"
#include "weights/safetensors.h"

namespace gvc::entropy {

// What a stream's fingerprint is of: the tensors that a decoder of tokens and of base pictures
// needs, by their names' beginnings. A keyframe's encoder is one of them, since decoders look with
// it at what is around cells that are coded anew; files from before December 2026 say nothing of
// it, and are known by the others alone.
inline constexpr const char* kCoveredKey = "fingerprint.covers";  // in a file's metadata
inline constexpr const char* kCovered = "entropy. base. encoder.key.";
uint64_t fingerprint(const weights::SafetensorsFile& file);

// Immutable once loaded, so threads may share it.
class TokenModel {
  public:
    // Code::model if a tensor is missing, damaged or out of range.
    static Result<TokenModel> load(const weights::SafetensorsFile& file);

    uint64_t fingerprint() const { return fingerprint_; }

    const ScaleNetwork& scale(TokenKind kind) const { return of(kind).scale; }
    // Of kinds whose tokens are coded in phases; null for the others.
    const ContextNetwork* y_context(TokenKind kind) const {
        return of(kind).y_context ? &*of(kind).y_context : nullptr;
    }
    const ContextNetwork* z_context(TokenKind kind) const {
        return of(kind).z_context ? &*of(kind).z_context : nullptr;
    }
    // A row for each z channel, of phase 0 where there are phases.
    std::span<const CdfRow, kZChannels> z_rows(TokenKind kind, int qp) const;
    std::span<const CdfCost, kZChannels> z_costs(TokenKind kind, int qp) const;
    // At each TokenRow; row 0 is never coded and has none of its own.
    std::span<const CdfRow> y_rows(TokenKind kind) const { return of(kind).y_rows; }
    std::span<const CdfCost> y_costs(TokenKind kind) const { return of(kind).y_costs; }
    // Of z tokens in later phases; none without a context.
    std::span<const CdfRow> z_context_rows(TokenKind kind) const { return of(kind).z_context_rows; }
    std::span<const CdfCost> z_context_costs(TokenKind kind) const {
        return of(kind).z_context_costs;
    }

  private:
    struct Tables {
        ScaleNetwork scale;
        std::optional<ContextNetwork> y_context, z_context;
        std::vector<CdfRow> z_rows, y_rows, z_context_rows;
        std::vector<CdfCost> z_costs, y_costs, z_context_costs;
    };
    static Result<Tables> load_tables(const weights::SafetensorsFile& file, TokenKind kind);
    const Tables& of(TokenKind kind) const { return tables_[static_cast<size_t>(kind)]; }

    std::array<Tables, kTokenKinds> tables_;
    uint64_t fingerprint_ = 0;
};

}  // namespace gvc::entropy
