// What turns token planes into bytes and back: CDF tables and scale networks of both kinds.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "entropy/cdf.h"
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
    // A row for each z channel.
    std::span<const CdfRow, kZChannels> z_rows(TokenKind kind, int qp) const;
    std::span<const CdfCost, kZChannels> z_costs(TokenKind kind, int qp) const;
    // A row for each scale index; index 0 is never coded and has none of its own.
    std::span<const CdfRow, kScaleCount> y_rows(TokenKind kind) const;
    std::span<const CdfCost, kScaleCount> y_costs(TokenKind kind) const;

  private:
    struct Tables {
        ScaleNetwork scale;
        std::vector<CdfRow> z_rows, y_rows;
        std::vector<CdfCost> z_costs, y_costs;
    };
    static Result<Tables> load_tables(const weights::SafetensorsFile& file, TokenKind kind);
    const Tables& of(TokenKind kind) const { return tables_[static_cast<size_t>(kind)]; }

    std::array<Tables, kTokenKinds> tables_;
    uint64_t fingerprint_ = 0;
};

}  // namespace gvc::entropy
