#include "entropy/slice.h"

#include <algorithm>

namespace gvc::entropy {
namespace {

constexpr double kFlushBits = 32;

void cut(std::span<int16_t> values) {
    for (int16_t& v : values) v = std::clamp<int16_t>(v, -kMaxMagnitude, kMaxMagnitude);
}

}  // namespace

std::vector<uint8_t> scale_indices(const TokenModel& model, const SliceContext& context,
                                   std::span<const int16_t> z) {
    std::vector<uint8_t> out(context.size.y_count());
    model.scale(context.kind).indices(context.qp, z, context.y_prev, context.size, out);
    return out;
}

std::vector<uint8_t> encode_slice(const TokenModel& model, const SliceContext& context,
                                  std::span<int16_t> z, std::span<int16_t> y,
                                  std::span<const uint8_t> scales) {
    cut(z);
    cut(y);
    RansEncoder encoder;
    const auto z_rows = model.z_rows(context.kind, context.qp);
    for (size_t i = 0; i < z.size(); ++i) put_token(encoder, z_rows[i % kZChannels], z[i]);

    const auto y_rows = model.y_rows(context.kind);
    for (size_t i = 0; i < y.size(); ++i) {
        if (scales[i] == 0) {
            y[i] = 0;
        } else {
            put_token(encoder, y_rows[scales[i]], y[i]);
        }
    }
    return encoder.finish();
}

std::vector<uint8_t> encode_slice(const TokenModel& model, const SliceContext& context,
                                  std::span<int16_t> z, std::span<int16_t> y) {
    return encode_slice(model, context, z, y, scale_indices(model, context, z));
}

double slice_bits(const TokenModel& model, const SliceContext& context, std::span<const int16_t> z,
                  std::span<const int16_t> y) {
    double bits = kFlushBits;
    const auto z_costs = model.z_costs(context.kind, context.qp);
    for (size_t i = 0; i < z.size(); ++i) bits += z_costs[i % kZChannels].bits(z[i]);
    const std::vector<uint8_t> scales = scale_indices(model, context, z);
    const auto y_costs = model.y_costs(context.kind);
    for (size_t i = 0; i < y.size(); ++i) {
        if (scales[i] != 0) bits += y_costs[scales[i]].bits(y[i]);
    }
    return bits;
}

Status decode_slice(const TokenModel& model, const SliceContext& context,
                    std::span<const uint8_t> bytes, std::span<int16_t> z, std::span<int16_t> y) {
    RansDecoder decoder(bytes);
    const auto z_rows = model.z_rows(context.kind, context.qp);
    bool good = true;
    for (size_t i = 0; i < z.size() && good; ++i) {
        good = take_token(decoder, z_rows[i % kZChannels], z[i]) && !decoder.overrun();
    }
    if (!good) return {Code::corrupt, "slice is damaged (hyper tokens)"};

    const std::vector<uint8_t> scales = scale_indices(model, context, z);
    const auto y_rows = model.y_rows(context.kind);
    for (size_t i = 0; i < y.size() && good; ++i) {
        y[i] = 0;
        if (scales[i] != 0) good = take_token(decoder, y_rows[scales[i]], y[i]);
        // Past the end nothing is meant any more; looking once a position is soon enough.
        if (i % kYChannels == 0) good = good && !decoder.overrun();
    }
    if (!good || !decoder.finished()) return {Code::corrupt, "slice is damaged"};
    return {};
}

}  // namespace gvc::entropy
