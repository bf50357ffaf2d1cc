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

// The tensors that a stream's fingerprint covers: all that a decoder of tokens and of the base
// picture needs. An encoder may change without making a stream undecodable.
inline constexpr std::array<std::string_view, 2> kFingerprintPrefixes = {"entropy.", "base."};

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
