#include "entropy/token_model.h"

#include <algorithm>
#include <string>

namespace gvc::entropy {
namespace {

constexpr size_t kZRows = static_cast<size_t>(kQpBands) * kZChannels;

size_t band_start(int qp) { return static_cast<size_t>(qp / kQpsPerBand) * kZChannels; }

// Reads rows of a U16 tensor; the first `unused` of them may hold anything.
Status load_rows(const weights::SafetensorsFile& file, const std::string& name,
                 const std::vector<int64_t>& shape, size_t unused, std::vector<CdfRow>& rows,
                 std::vector<CdfCost>& costs) {
    GVC_ASSIGN_OR_RETURN(const auto view, file.get(name, weights::DType::u16, shape));
    const std::vector<uint16_t> stored = weights::to_u16(view);
    const size_t count = stored.size() / kAlphabet;
    for (size_t i = 0; i < count; ++i) {
        // An unused row takes the first used one's values, so that every row can be coded with.
        const size_t from = std::max(i, unused) * kAlphabet;
        CdfRow row;
        if (!load_cdf_row(std::span(stored).subspan(from).first<kAlphabet>(), row)) {
            return {Code::model, "row " + std::to_string(i) + " of " + name + " cannot code"};
        }
        rows.push_back(row);
        costs.emplace_back(row);
    }
    return {};
}

}  // namespace

Result<TokenModel::Tables> TokenModel::load_tables(const weights::SafetensorsFile& file,
                                                   TokenKind kind) {
    const std::string base =
        std::string("entropy.") + (kind == TokenKind::key ? "key" : "chunk") + ".";
    Tables tables;
    GVC_ASSIGN_OR_RETURN(tables.scale, ScaleNetwork::load(file, kind));
    GVC_RETURN_IF_ERROR(load_rows(file, base + "z_cdf", {kQpBands, kZChannels, kAlphabet}, 0,
                                  tables.z_rows, tables.z_costs));
    GVC_RETURN_IF_ERROR(load_rows(file, base + "y_cdf", {kScaleCount, kAlphabet}, 1, tables.y_rows,
                                  tables.y_costs));
    return tables;
}

Result<TokenModel> TokenModel::load(const weights::SafetensorsFile& file) {
    TokenModel model;
    for (const TokenKind kind : {TokenKind::key, TokenKind::chunk}) {
        GVC_ASSIGN_OR_RETURN(model.tables_[static_cast<size_t>(kind)], load_tables(file, kind));
    }
    model.fingerprint_ = weights::fingerprint(file, kFingerprintPrefixes);
    return model;
}

std::span<const CdfRow, kZChannels> TokenModel::z_rows(TokenKind kind, int qp) const {
    return std::span<const CdfRow, kZRows>(of(kind).z_rows)
        .subspan(band_start(qp))
        .first<kZChannels>();
}

std::span<const CdfCost, kZChannels> TokenModel::z_costs(TokenKind kind, int qp) const {
    return std::span<const CdfCost, kZRows>(of(kind).z_costs)
        .subspan(band_start(qp))
        .first<kZChannels>();
}

std::span<const CdfRow, kScaleCount> TokenModel::y_rows(TokenKind kind) const {
    return std::span<const CdfRow, kScaleCount>(of(kind).y_rows);
}

std::span<const CdfCost, kScaleCount> TokenModel::y_costs(TokenKind kind) const {
    return std::span<const CdfCost, kScaleCount>(of(kind).y_costs);
}

}  // namespace gvc::entropy
