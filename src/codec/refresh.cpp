#include "codec/refresh.h"

#include "codec/picture.h"
#include "codec/quantiser.h"
#include "codec/unit_networks.h"

namespace gvc::codec {

using nn::Tensor;

namespace {

constexpr int64_t kCell = 64;  // pixels

// Whether each position of a plane that has `per_cell` of them along a cell's side is in a cell.
std::vector<float> mask(std::span<const uint8_t> cells, entropy::SliceSize plane,
                        int64_t per_cell) {
    std::vector<float> values;
    for (int64_t y = 0; y < plane.h64 * per_cell; ++y)
        for (int64_t x = 0; x < plane.w64 * per_cell; ++x) {
            const auto cell = static_cast<size_t>(y / per_cell * plane.w64 + x / per_cell);
            values.push_back(cells[cell] != 0 ? 1.0f : 0.0f);
        }
    return values;
}

}  // namespace

Tensor cell_shares(nn::Ops& ops, std::span<const uint8_t> cells, entropy::SliceSize plane,
                   int64_t channels, int scale) {
    const int64_t per_cell = kCell / models::kPatch;
    const std::vector<float> one = mask(cells, plane, per_cell);
    std::vector<float> all;
    for (int64_t c = 0; c < channels; ++c) all.insert(all.end(), one.begin(), one.end());
    const Tensor shares =
        ops.from_host({1, channels, plane.h64 * per_cell, plane.w64 * per_cell}, all.data());
    return scale == models::kPatch ? shares : ops.upsample(shares, models::kPatch / scale);
}

Tensor cell_means(const Model& model, const bitstream::UnitTokens::Refresh& refresh, int qp,
                  entropy::SliceSize plane, const Tensor& around) {
    nn::Ops& ops = model.ops();
    const Tensor means = unit_means(model, UnitRole::key, refresh.z, plane, {});
    const Tensor outside = model.tokeniser().analyse_key(ops, around, {static_cast<float>(qp)}).y;
    const std::vector<float> one = mask(refresh.cells, plane, entropy::kZToY);
    std::vector<float> all;
    for (int64_t c = 0; c < means.shape().c; ++c) all.insert(all.end(), one.begin(), one.end());
    const Tensor inside = ops.from_host(means.shape(), all.data());
    return ops.add(outside, ops.mul(inside, ops.sub(means, outside)));
}

models::BaseOutput put_cells(const Model& model, const bitstream::UnitTokens::Refresh& refresh,
                             int qp, entropy::SliceSize plane, models::BaseOutput& chunk,
                             models::DecoderState& state) {
    nn::Ops& ops = model.ops();
    const Tensor means = cell_means(model, refresh, qp, plane, state.last_rgb);
    const Tensor y_hat = ops.add(means, dequantise(ops, refresh.y, means.shape()));
    models::DecoderState of_cells;
    const models::BaseOutput cells =
        model.tokeniser().decode_key(ops, y_hat, {static_cast<float>(qp)}, of_cells);

    const auto blend = [&](const Tensor& before, const Tensor& in_cells) {
        const nn::Shape shape = before.shape();
        const auto scale = static_cast<int>(plane.h64 * kCell / shape.h);
        const Tensor shares = cell_shares(ops, refresh.cells, plane, shape.c, scale);
        return ops.add(before, ops.mul(shares, ops.sub(in_cells, before)));
    };
    const auto blend_last = [&](Tensor& pictures, const Tensor& in_cells) {
        const int64_t last = pictures.shape().n - 1;
        const Tensor blended = blend(ops.batch(pictures, last, 1), in_cells);
        pictures = last == 0 ? blended : ops.concat_batch({ops.batch(pictures, 0, last), blended});
    };
    blend_last(chunk.rgb, cells.rgb);
    blend_last(chunk.feature, cells.feature);
    blend_last(chunk.z_base, cells.z_base);
    state.last_rgb = blend(state.last_rgb, of_cells.last_rgb);
    state.last_feature = blend(state.last_feature, of_cells.last_feature);
    state.memory = blend(state.memory, of_cells.memory);
    const Tensor elsewhere =
        ops.affine(cell_shares(ops, refresh.cells, plane, 1, models::kPatch), -1.0f, 1.0f);
    state.key_knows = state.key_knows.defined() ? ops.mul(state.key_knows, elsewhere) : elsewhere;
    return cells;
}

}  // namespace gvc::codec
