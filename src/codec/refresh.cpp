#include "codec/refresh.h"

#include <array>

#include "codec/picture.h"
#include "codec/quantiser.h"
#include "codec/unit_networks.h"
#include "entropy/token_config.h"

namespace gvc::codec {

using nn::Tensor;

namespace {

// What cells weigh in the picture that they are coded for and in those before it: nearer to it than
// to the chunk before, they look more like it, and nothing jumps.
constexpr std::array<float, 3> kShown{1.0f, 1.0f, 0.5f};

// [1, channels, rows, columns] with `per_cell` positions along a cell's side: 1 in the cells, else
// 0.
Tensor mask(nn::Ops& ops, std::span<const uint8_t> cells, entropy::SliceSize plane,
            int64_t channels, int per_cell) {
    const nn::Shape shape{1, channels, plane.h64 * per_cell, plane.w64 * per_cell};
    std::vector<float> values;
    values.reserve(static_cast<size_t>(shape.count()));
    for (int64_t row = 0; row < channels * shape.h; ++row) {
        const auto of_row = static_cast<size_t>(row % shape.h / per_cell * plane.w64);
        for (const uint8_t cell : cells.subspan(of_row, static_cast<size_t>(plane.w64)))
            values.insert(values.end(), static_cast<size_t>(per_cell), cell != 0 ? 1.0f : 0.0f);
    }
    return ops.from_host(shape, values.data());
}

}  // namespace

Tensor cell_shares(nn::Ops& ops, std::span<const uint8_t> cells, entropy::SliceSize plane,
                   int64_t channels, int scale) {
    const Tensor shares = mask(ops, cells, plane, channels, kCellPixels / models::kPatch);
    return scale == models::kPatch ? shares : ops.upsample(shares, models::kPatch / scale);
}

Tensor around_cells(const Model& model, int qp, const Tensor& picture) {
    return model.tokeniser().analyse_key(model.ops(), picture, {static_cast<float>(qp)}).y;
}

Tensor cell_means(const Model& model, const bitstream::UnitTokens::Refresh& refresh,
                  entropy::SliceSize plane, const Tensor& around) {
    nn::Ops& ops = model.ops();
    const Tensor means = unit_means(model, UnitRole::key, refresh.z, plane, {});
    return nn::mixed(ops, around, means,
                     mask(ops, refresh.cells, plane, means.shape().c, entropy::kZToY));
}

models::BaseOutput decode_key_cells(const Model& model, const bitstream::UnitTokens::Refresh& cells,
                                    const Tensor& means, int qp, entropy::SliceSize plane,
                                    models::DecoderState& state) {
    models::BaseOutput keyframe = model.tokeniser().keyframe_of(model.ops(), state);
    put_cells(model, cells, means, qp, plane, keyframe, state);
    state.last_becomes_key();
    return keyframe;
}

models::BaseOutput put_cells(const Model& model, const bitstream::UnitTokens::Refresh& refresh,
                             const Tensor& means, int qp, entropy::SliceSize plane,
                             models::BaseOutput& chunk, models::DecoderState& state) {
    nn::Ops& ops = model.ops();
    const Tensor y_hat = ops.add(means, dequantise(ops, refresh.y, means.shape()));
    models::DecoderState of_cells;
    const models::BaseOutput cells =
        model.tokeniser().decode_key(ops, y_hat, {static_cast<float>(qp)}, of_cells);

    const auto share_of = [&](const nn::Shape& shape) {
        const auto scale = static_cast<int>(plane.h64 * kCellPixels / shape.h);
        return cell_shares(ops, refresh.cells, plane, shape.c, scale);
    };
    const auto blend = [&](const Tensor& before, const Tensor& in_cells) {
        return nn::mixed(ops, before, in_cells, share_of(before.shape()));
    };
    const auto blend_in = [&](Tensor& pictures, const Tensor& in_cells) {
        const Tensor share = share_of(in_cells.shape());
        std::vector<Tensor> blended;
        for (int64_t t = 0, count = pictures.shape().n; t < count; ++t) {
            const Tensor picture = ops.batch(pictures, t, 1);
            const auto early = static_cast<size_t>(count - 1 - t);
            blended.push_back(
                early < kShown.size()
                    ? nn::mixed(ops, picture, in_cells, ops.affine(share, kShown[early], 0.0f))
                    : picture);
        }
        pictures = ops.concat_batch(blended);
    };
    blend_in(chunk.rgb, cells.rgb);
    blend_in(chunk.feature, cells.feature);
    blend_in(chunk.z_base, cells.z_base);
    state.last_rgb = blend(state.last_rgb, of_cells.last_rgb);
    state.last_feature = blend(state.last_feature, of_cells.last_feature);
    state.memory = blend(state.memory, of_cells.memory);
    const Tensor elsewhere =
        ops.affine(cell_shares(ops, refresh.cells, plane, 1, models::kPatch), -1.0f, 1.0f);
    state.key_knows = state.key_knows.defined() ? ops.mul(state.key_knows, elsewhere) : elsewhere;
    return cells;
}

}  // namespace gvc::codec
