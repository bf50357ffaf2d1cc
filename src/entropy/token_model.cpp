#include "entropy/token_model.h"

#include <sstream>
#include <string>

namespace gvc::entropy {
namespace {

constexpr const char* kCoveredBefore = "entropy. base.";
constexpr size_t kZRows = static_cast<size_t>(kQpBands) * kZChannels;

size_t band_start(int qp) { return static_cast<size_t>(qp / kQpsPerBand) * kZChannels; }

// Reads rows of a U16 tensor; of each `unused_every` (0: of none) the first may hold anything.
Status load_rows(const weights::SafetensorsFile& file, const std::string& name,
                 const std::vector<int64_t>& shape, size_t unused_every, std::vector<CdfRow>& rows,
                 std::vector<CdfCost>& costs) {
    GVC_ASSIGN_OR_RETURN(const auto view, file.get(name, weights::DType::u16, shape));
    const std::vector<uint16_t> stored = weights::to_u16(view);
    const size_t count = stored.size() / kAlphabet;
    for (size_t i = 0; i < count; ++i) {
        // An unused row takes the next one's values, so that every row can be coded with.
        const bool unused = unused_every > 0 && i % unused_every == 0;
        const size_t from = (i + (unused ? 1 : 0)) * kAlphabet;
        CdfRow row;
        if (!load_cdf_row(std::span(stored).subspan(from).first<kAlphabet>(), row)) {
            return {Code::model, "row " + std::to_string(i) + " of " + name + " cannot code"};
        }
        rows.push_back(row);
        costs.emplace_back(row);
    }
    return {};
}

// Rows of shifts 0 ... kShiftMax at each scale index, then their mirror images.
Status load_shifted_rows(const weights::SafetensorsFile& file, const std::string& name,
                         std::vector<CdfRow>& rows, std::vector<CdfCost>& costs) {
    GVC_RETURN_IF_ERROR(
        load_rows(file, name, {kShiftCount, kScaleCount, kAlphabet}, kScaleCount, rows, costs));
    for (size_t i = 0; i < kMirrored; ++i) {
        rows.push_back(mirrored(rows[i]));
        costs.emplace_back(rows.back());
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
    if (!ContextNetwork::is_in(file, base + "y_context.")) {
        GVC_RETURN_IF_ERROR(load_rows(file, base + "y_cdf", {kScaleCount, kAlphabet}, kScaleCount,
                                      tables.y_rows, tables.y_costs));
        return tables;
    }
    GVC_ASSIGN_OR_RETURN(
        tables.y_context,
        ContextNetwork::load(file, base + "y_context.", kYChannels, tables.scale.feature_count()));
    GVC_ASSIGN_OR_RETURN(tables.z_context,
                         ContextNetwork::load(file, base + "z_context.", kZChannels, 0));
    GVC_RETURN_IF_ERROR(load_shifted_rows(file, base + "y_cdf", tables.y_rows, tables.y_costs));
    GVC_RETURN_IF_ERROR(load_shifted_rows(file, base + "z_context_cdf", tables.z_context_rows,
                                          tables.z_context_costs));
    return tables;
}

uint64_t fingerprint(const weights::SafetensorsFile& file) {
    const auto known = file.metadata().find(kCoveredKey);
    std::istringstream names(known == file.metadata().end() ? kCoveredBefore : known->second);
    std::vector<std::string> prefixes;
    for (std::string prefix; names >> prefix;) prefixes.push_back(prefix);
    return weights::fingerprint(file,
                                std::vector<std::string_view>(prefixes.begin(), prefixes.end()));
}

Result<TokenModel> TokenModel::load(const weights::SafetensorsFile& file) {
    TokenModel model;
    for (const TokenKind kind : {TokenKind::key, TokenKind::chunk}) {
        GVC_ASSIGN_OR_RETURN(model.tables_[static_cast<size_t>(kind)], load_tables(file, kind));
    }
    model.fingerprint_ = entropy::fingerprint(file);
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

}  // namespace gvc::entropy
