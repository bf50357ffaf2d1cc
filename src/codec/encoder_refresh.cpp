// Which cells of its pictures an encoder codes anew, and their tokens.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "codec/encoder.h"
#include "codec/encoder_try.h"
#include "codec/judge.h"
#include "codec/keyframe_search.h"
#include "codec/quantiser.h"
#include "codec/refresh.h"
#include "entropy/cell_mask.h"

namespace gvc::codec {
namespace {

using Refresh = bitstream::UnitTokens::Refresh;

// Fewer pictures are made of cells than of a keyframe: they are coarser by so many qps.
constexpr int kCoarser = 7;
// Without a search nothing is coded twice to be compared: only cells are coded anew that are lost
// for certain, by mean absolute differences: at least so many, and so many times the keyframe's.
// Nor is it decoded first: cells will be as far off as the keyframe is, being coarser so many
// times.
constexpr double kLost = 0.03, kLostOfKey = 2.5, kOfKey = 1.5;

// Bits of y's tokens, cell by cell.
std::vector<double> bits_by_cell(const Refresh& refresh, std::span<const entropy::TokenRow> rows,
                                 std::span<const entropy::CdfCost> costs,
                                 entropy::SliceSize plane) {
    std::vector<double> bits(refresh.cells.size());
    for (size_t i = 0; i < refresh.y.size(); ++i) {
        if (rows[i] == 0) continue;
        bits[entropy::cell_of(plane, entropy::kZToY, i / entropy::kYChannels)] +=
            static_cast<double>(costs[rows[i]].bits(refresh.y[i]));
    }
    return bits;
}

// Mean absolute differences in each cell.
std::vector<double> absolute_differences(entropy::SliceSize plane, std::span<const float> a,
                                         std::span<const float> b) {
    constexpr size_t kSide = kCellPixels, kChannels = 3;
    std::vector<double> means(plane.z_positions());
    const size_t columns = static_cast<size_t>(plane.w64), w = columns * kSide;
    const size_t rows = kChannels * static_cast<size_t>(plane.h64) * kSide;
    for (size_t row = 0; row < rows; ++row) {
        const size_t cells = row / kSide % static_cast<size_t>(plane.h64) * columns;
        for (size_t column = 0; column < columns; ++column) {
            const size_t begin = row * w + column * kSide;
            float sum = 0;
            for (size_t i = begin; i < begin + kSide; ++i) sum += std::abs(a[i] - b[i]);
            means[cells + column] += static_cast<double>(sum) / (kChannels * kSide * kSide);
        }
    }
    return means;
}

double sum(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

// How far cells of two pictures, [1, 3, H, W], seem from each other: LPIPS for encoders that
// search.
std::vector<double> Encoder::cell_distances(const nn::Tensor& original,
                                            const nn::Tensor& shown) const {
    const std::vector<float> a = values_of(model_.ops(), original),
                             b = values_of(model_.ops(), shown);
    return searches() ? model_.search()->distances(size_, a, b)
                      : absolute_differences(bitstream::plane_size(options_.sequence), a, b);
}

// What lost and changed cells are told by.
void Encoder::measure_keyframe(Try& gop, const nn::Tensor& rgb) const {
    if (searches() || !(gop.refreshes || has_kept_keyframes()) || !gop.layout.has_keyframe())
        return;
    gop.key_distances = cell_distances(rgb, gop.state.last_rgb);
    gop.key_distance = sum(gop.key_distances) / static_cast<double>(gop.key_distances.size());
    if (!gop.layout.of_cells()) return;
    for (size_t i = 0; i < gop.key_distances.size(); ++i)  // changes may not add up unseen
        if (gop.cells[0][i] == 0) gop.key_distances[i] = stream_.key_distances[i];
}

// Which cells, so far from their original, may be coded anew.
std::vector<uint8_t> Encoder::lost_cells(const Try& gop,
                                         const std::vector<double>& distances) const {
    std::vector<uint8_t> lost(distances.size(), 1);
    if (searches()) return lost;
    const double least = std::max(kLost, kLostOfKey * gop.key_distance);
    for (size_t i = 0; i < lost.size(); ++i) lost[i] = distances[i] > least;
    return lost;
}

// A picture's tokens with those cells.
Encoder::CellTokens Encoder::tokens_of(const models::Latent& latent, std::vector<uint8_t> cells,
                                       const nn::Tensor& around) const {
    nn::Ops& ops = model_.ops();
    CellTokens made{{std::move(cells), quantise(ops, latent.z), {}}, {}, {}};
    for (size_t i = 0; i < made.tokens.z.size(); ++i)
        if (made.tokens.cells[i / entropy::kZChannels] == 0) made.tokens.z[i] = 0;
    made.means = cell_means(model_, made.tokens, bitstream::plane_size(options_.sequence), around);
    made.exact = ops.sub(latent.y, made.means);
    made.tokens.y = quantise(ops, made.exact);
    return made;
}

// Those of the lost cells whose coding anew brings the GOP nearer to its original than their bits
// would elsewhere. Of unit 0: of the keyframe; else of the unit's last picture. before: how far
// cells are from it.
std::vector<uint8_t> Encoder::choose_cells(const Try& gop, int unit, const nn::Tensor& original,
                                           std::vector<uint8_t> lost,
                                           const std::vector<double>& before,
                                           const models::Latent& latent, const nn::Tensor& around,
                                           int qp) const {
    nn::Ops& ops = model_.ops();
    const entropy::SliceSize plane = bitstream::plane_size(options_.sequence);

    CellTokens all = tokens_of(latent, std::vector<uint8_t>(lost.size(), 1), around);
    const auto rows = gop.unit_encoder.refresh_rows(all.tokens, qp);
    std::vector<double> bits =
        bits_by_cell(all.tokens, rows, model_.tokens().y_costs(entropy::TokenKind::key), plane);
    bitstream::UnitEncoder encoder = gop.unit_encoder;  // z takes the same everywhere, about
    const double all_bits =
        8.0 * static_cast<double>(encoder.encode_refresh(all.tokens, qp, rows).size());
    const double of_z = (all_bits - sum(bits)) / double(lost.size());

    std::vector<double> after(before.size(), kOfKey * gop.key_distance);
    if (searches()) {
        models::DecoderState state = gop.state;
        const nn::Tensor y_hat =
            ops.add(all.means, dequantise(ops, all.tokens.y, all.means.shape()));
        model_.tokeniser().decode_key(ops, y_hat, {static_cast<float>(qp)}, state);
        after = cell_distances(original, state.last_rgb);
    }

    double share = 1, distance = 0, gop_bits = 0;
    if (unit == 0) {
        for (double& d : after) d /= kSearchGain;  // what is before was searched for
        for (size_t i = 0; i < lost.size(); ++i) distance += std::min(before[i], after[i]);
        gop_bits = stream_.rate.budget().value_or(all_bits);
    } else {
        share = static_cast<double>(gop.made_of(unit)) / gop.coded.descriptor.frames;
        distance = sum(before);
        gop_bits = gop.bits_to_come();
    }
    const double per_bit = kDistanceSlope * distance / gop_bits;
    for (size_t i = 0; i < lost.size(); ++i)
        lost[i] &=
            static_cast<uint8_t>(share * (before[i] - after[i]) > per_bit * (bits[i] + of_z));
    return lost;
}

// The followers that are made of the unit's last picture.
std::span<const Follower> Encoder::followers_of(const Try& gop, int unit) const {
    const int before = gop.coded.descriptor.chunks_before;
    const int end = unit <= before ? before : gop.layout.units - 1;  // of the way it lies on
    return std::span<const Follower>(gop.followers)
        .subspan(static_cast<size_t>(unit), static_cast<size_t>(end - unit));
}

// Searches for the tokens of a picture's cells, which are seen in front of `behind`; both are
// [1, 3, H, W].
void Encoder::search_cells(Try& gop, int unit, const nn::Tensor& original, const nn::Tensor& behind,
                           int qp, CellTokens& made, std::vector<entropy::TokenRow>& rows) {
    nn::Ops& ops = model_.ops();
    StageTimer timer(costs_.search, ops);
    const entropy::SliceSize plane = bitstream::plane_size(options_.sequence);
    const std::vector<float> of_behind = values_of(ops, behind),
                             share =
                                 values_of(ops, cell_shares(ops, made.tokens.cells, plane, 3, 1));
    std::vector<float> keyframe;
    KeyframeToSearch search = to_search(original, made.exact, made.means, rows, qp);
    search.behind = of_behind;
    search.share = share;
    search.cells = made.tokens.cells;
    if (unit == 0) {
        search.weights = std::exchange(gop.key_weights, {});
        search.followers = gop.followers;
    } else {
        search.weights = gop.followers[static_cast<size_t>(unit) - 1].weights;
        search.followers = followers_of(gop, unit);
        keyframe = values_of(ops, gop.state.key_rgb);
        search.keyframe = keyframe;
    }
    made.tokens.y = model_.search()->search(search, options_.search_steps.key);
    rows = gop.unit_encoder.refresh_rows(made.tokens, qp);
}

// The unit's chosen cells, coded; its picture and the state go on as the decoder's will. last: the
// original of its last picture, [1, 3, H, W].
void Encoder::refresh_cells(Try& gop, int unit, const nn::Tensor& last, models::BaseOutput& base) {
    nn::Ops& ops = model_.ops();
    const entropy::SliceSize plane = bitstream::plane_size(options_.sequence);
    bitstream::Descriptor& descriptor = gop.coded.descriptor;
    const int qp = std::min(descriptor.qp + kCoarser, models::kQualities - 1);
    std::vector<uint8_t>& cells = gop.cells[static_cast<size_t>(unit)];
    if (gop.cells_chosen && cells.empty()) return;
    CellTokens made;
    {
        StageTimer timer(costs_.analyse, ops);
        std::vector<double> distances;
        std::vector<uint8_t> lost;
        if (!gop.cells_chosen) {
            if (gop.made_of(unit) < 2) return;
            distances = cell_distances(last, gop.state.last_rgb);
            lost = lost_cells(gop, distances);
            if (!any_cell(lost)) return;
        }
        const models::Latent latent =
            model_.tokeniser().analyse_key(ops, last, {static_cast<float>(qp)});
        const nn::Tensor around = around_cells(model_, qp, gop.state.last_rgb);
        if (!gop.cells_chosen) {
            lost = choose_cells(gop, unit, last, std::move(lost), distances, latent, around, qp);
            if (!any_cell(lost)) return;
            cells = std::move(lost);
        }
        made = tokens_of(latent, cells, around);
    }
    auto rows = gop.unit_encoder.refresh_rows(made.tokens, qp);
    if (gop.search) {
        const nn::Tensor behind = ops.batch(base.rgb, base.rgb.shape().n - 1, 1);
        search_cells(gop, unit, last, behind, qp, made, rows);
    }
    gop.coded.units.back().push_back(gop.unit_encoder.encode_refresh(made.tokens, qp, rows));
    descriptor.refreshed |= static_cast<uint8_t>(1 << unit);
    descriptor.refresh_qp = static_cast<uint8_t>(qp);
    gop.layout.refreshed = descriptor.refreshed;
    StageTimer timer(costs_.base, ops);
    const models::BaseOutput shown =
        put_cells(model_, made.tokens, made.means, qp, plane, base, gop.state);
    if (gop.follow) {
        gop.followers.back().cells = values_of(ops, shown.rgb);
        gop.followers.back().share = values_of(ops, cell_shares(ops, cells, plane, 3, 1));
    }
}

}  // namespace gvc::codec
