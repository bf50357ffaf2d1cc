#include "entropy/slice.h"

#include <algorithm>

#include "entropy/cell_mask.h"

namespace gvc::entropy {
namespace {

constexpr double kFlushBits = 32;

void cut(std::span<int16_t> values) {
    for (int16_t& v : values) v = std::clamp<int16_t>(v, -kMaxMagnitude, kMaxMagnitude);
}

PlaneShape z_shape(SliceSize size) { return {size.h64, size.w64, kZChannels}; }
PlaneShape y_shape(SliceSize size) { return {size.h64 * kZToY, size.w64 * kZToY, kYChannels}; }

// Whether tokens of z and of y belong to cells that are coded.
bool z_coded(const SliceContext& context, size_t z) {
    return context.cells.empty() || context.cells[z / kZChannels] != 0;
}
bool y_coded(const SliceContext& context, size_t y) {
    return context.cells.empty() ||
           context.cells[cell_of(context.size, kZToY, y / kYChannels)] != 0;
}

// Goes through a plane's tokens in the order of coding until one is refused; false if one was.
// visit_first(place) for those without a context, visit_row(place, row) for those with one. In
// `tokens` those that were visited must be in their places.
template <typename First, typename Row>
bool each_token(const ContextNetwork* network, int qp, std::span<const int16_t> tokens,
                std::span<const uint8_t> features, PlaneShape shape, First visit_first,
                Row visit_row) {
    if (network == nullptr) {
        for (size_t i = 0; i < tokens.size(); ++i)
            if (!visit_first(i)) return false;
        return true;
    }
    if (!each_in_phase(0, shape, visit_first)) return false;
    std::vector<TokenRow> rows(tokens.size());
    for (int phase = 1; phase < kPhases; ++phase) {
        network->rows(phase, qp, tokens, features, shape, rows);
        if (!each_in_phase(phase, shape, [&](size_t i) { return visit_row(i, rows[i]); }))
            return false;
    }
    return true;
}

// visit(place, row of its table) for z. The table is one of rows or of their costs: `plain` of the
// qp, `shifted` of tokens with a context.
template <typename Row, typename Visit>
bool each_z(const TokenModel& model, const SliceContext& context, std::span<const int16_t> z,
            std::span<const Row, kZChannels> plain, std::span<const Row> shifted, Visit visit) {
    return each_token(
        model.z_context(context.kind), context.qp, z, {}, z_shape(context.size),
        [&](size_t i) { return !z_coded(context, i) || visit(i, plain[i % kZChannels]); },
        [&](size_t i, TokenRow row) { return !z_coded(context, i) || visit(i, shifted[row]); });
}

// visit(place, its row) for y.
template <typename Visit>
bool each_y(const TokenModel& model, const SliceContext& context, std::span<const int16_t> z,
            std::span<const int16_t> y, Visit visit) {
    const ScaleNetwork& scale = model.scale(context.kind);
    const auto features = scale.features(z, context.y_prev, context.size);
    const auto indices = scale.indices(context.qp, features, context.size);
    return each_token(
        model.y_context(context.kind), context.qp, y, features, y_shape(context.size),
        [&](size_t i) {
            return visit(i, y_coded(context, i) ? TokenRow{indices[i]} : TokenRow{0});
        },
        [&](size_t i, TokenRow row) { return visit(i, y_coded(context, i) ? row : TokenRow{0}); });
}

// Of the y tokens in the order of coding.
template <typename Visit>
void each_y_place(const TokenModel& model, const SliceContext& context, Visit visit) {
    if (model.y_context(context.kind) == nullptr) {
        for (size_t i = 0; i < context.size.y_count(); ++i) visit(i);
        return;
    }
    for (int phase = 0; phase < kPhases; ++phase) {
        each_in_phase(phase, y_shape(context.size), [&](size_t i) {
            visit(i);
            return true;
        });
    }
}

}  // namespace

std::vector<TokenRow> token_rows(const TokenModel& model, const SliceContext& context,
                                 std::span<const int16_t> z, std::span<int16_t> y) {
    std::vector<TokenRow> rows(y.size());
    each_y(model, context, z, y, [&](size_t i, TokenRow row) {
        rows[i] = row;
        if (row == 0) y[i] = 0;
        return true;
    });
    return rows;
}

std::vector<uint8_t> encode_slice(const TokenModel& model, const SliceContext& context,
                                  std::span<int16_t> z, std::span<int16_t> y,
                                  std::span<const TokenRow> rows) {
    cut(z);
    cut(y);
    RansEncoder encoder;
    if (!context.cells.empty()) put_cells(encoder, context.size, context.cells);
    each_z(model, context, z, model.z_rows(context.kind, context.qp),
           model.z_context_rows(context.kind), [&](size_t i, const CdfRow& row) {
               put_token(encoder, row, z[i]);
               return true;
           });
    const auto y_rows = model.y_rows(context.kind);
    each_y_place(model, context, [&](size_t i) {
        if (rows[i] != 0) put_token(encoder, y_rows[rows[i]], y[i]);
    });
    return encoder.finish();
}

std::vector<uint8_t> encode_slice(const TokenModel& model, const SliceContext& context,
                                  std::span<int16_t> z, std::span<int16_t> y) {
    return encode_slice(model, context, z, y, token_rows(model, context, z, y));
}

double slice_bits(const TokenModel& model, const SliceContext& context, std::span<const int16_t> z,
                  std::span<const int16_t> y) {
    double bits = kFlushBits;
    each_z(model, context, z, model.z_costs(context.kind, context.qp),
           model.z_context_costs(context.kind), [&](size_t i, const CdfCost& cost) {
               bits += cost.bits(z[i]);
               return true;
           });
    const auto y_costs = model.y_costs(context.kind);
    each_y(model, context, z, y, [&](size_t i, TokenRow row) {
        if (row != 0) bits += y_costs[row].bits(y[i]);
        return true;
    });
    return bits;
}

Status decode_slice(const TokenModel& model, const SliceContext& whole,
                    std::span<const uint8_t> bytes, std::span<int16_t> z, std::span<int16_t> y,
                    std::span<uint8_t> cells) {
    RansDecoder decoder(bytes);
    SliceContext context = whole;
    if (!cells.empty()) {
        take_cells(decoder, context.size, cells);
        context.cells = cells;
    }
    const bool z_good =
        each_z(model, context, z, model.z_rows(context.kind, context.qp),
               model.z_context_rows(context.kind), [&](size_t i, const CdfRow& row) {
                   return take_token(decoder, row, z[i]) && !decoder.overrun();
               });
    if (!z_good) return {Code::corrupt, "slice is damaged (hyper tokens)"};

    const auto y_rows = model.y_rows(context.kind);
    const bool y_good = each_y(model, context, z, y, [&](size_t i, TokenRow row) {
        y[i] = 0;
        // Past the end nothing is meant any more.
        return row == 0 || (take_token(decoder, y_rows[row], y[i]) && !decoder.overrun());
    });
    if (!y_good || !decoder.finished()) return {Code::corrupt, "slice is damaged"};
    return {};
}

}  // namespace gvc::entropy
