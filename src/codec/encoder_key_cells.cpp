// Keyframes that keep cells of the one before, and what those are worth to it.
// docs/decisions/0021-key-cells.md.
#include <algorithm>

#include "codec/encoder.h"
#include "codec/encoder_try.h"
#include "codec/keyframe_search.h"
#include "codec/quantiser.h"
#include "codec/refresh.h"

namespace gvc::codec {
namespace {

// So many pictures after a keyframe that stands alone, at most, others refer to it.
constexpr int kKeptFor = 8 * models::kGopFrames;
// A keyframe that would keep a smaller share of its cells is coded whole.
constexpr double kLeastKept = 0.1;
// A cell stands still if it changes by no more than so much of what coding does to it.
constexpr double kStill = 0.7;
// Without a search, by mean absolute differences: if by no more than this.
constexpr double kStillDifference = 0.012;
// A cell has changed if it is further off than it was, by so much.
constexpr double kChanged = 1.15, kLeastChange = 0.001;

}  // namespace

// The cells of a keyframe that are coded anew, as the GOP's qp has them. rgb: its original,
// [1, 3, H, W]. The state is then that behind the keyframe before.
Encoder::CellTokens Encoder::key_cells(Try& gop, const nn::Tensor& rgb) {
    nn::Ops& ops = model_.ops();
    StageTimer timer(costs_.analyse, ops);
    const int qp = gop.coded.descriptor.qp;
    lay_out(gop);
    gop.state = gop.search ? stream_.key_state : stream_.plain_key_state;
    const models::Latent latent =
        model_.tokeniser().analyse_key(ops, rgb, {static_cast<float>(qp)});
    const nn::Tensor around = around_cells(model_, qp, gop.state.last_rgb);
    std::vector<uint8_t>& cells = gop.cells[0];
    const std::vector<double>& before = gop.key_changes;
    if (!searches()) {
        cells = changed_cells(before);
    } else if (!gop.search) {
        cells = choose_cells(gop, 0, rgb, std::vector<uint8_t>(before.size(), 1), before, latent,
                             around, qp);
    }
    return tokens_of(latent, cells, around);
}

void Encoder::code_key_cells(Try& gop, const nn::Tensor& rgb) {
    nn::Ops& ops = model_.ops();
    const entropy::SliceSize plane = bitstream::plane_size(options_.sequence);
    const int qp = gop.coded.descriptor.qp;
    CellTokens made = key_cells(gop, rgb);
    auto rows = gop.unit_encoder.refresh_rows(made.tokens, qp);
    if (gop.search) {
        if (any_cell(made.tokens.cells))
            search_cells(gop, 0, rgb, gop.state.key_rgb, qp, made, rows);
        if (!gop.refreshes) gop.followers = {};  // their memory
    }
    bitstream::UnitTokens none(plane);
    auto& slices = gop.coded.units.emplace_back(gop.unit_encoder.encode(0, none, {}));
    slices.push_back(gop.unit_encoder.encode_refresh(made.tokens, qp, rows));
    StageTimer timer(costs_.base, ops);
    const models::BaseOutput base =
        decode_key_cells(model_, made.tokens, made.means, qp, plane, gop.state);
    if (gop.keep != Try::Keep::nothing) keep_pictures(gop, 0, base.rgb);
}

// How far the keyframe before is from an original, [1, 3, H, W].
std::vector<double> Encoder::key_changes(const nn::Tensor& rgb) const {
    return cell_distances(rgb, stream_.key_state.last_rgb);
}

bool Encoder::has_kept_keyframes() const {
    return options_.keep_cells && may_refresh() && options_.keyint <= models::kGopFrames &&
           options_.sequence.context == bitstream::ContextMode::chain;
}

// Without a search nothing is coded twice to be compared: cells whose keyframe is further off now
// than when it was coded.
std::vector<uint8_t> Encoder::changed_cells(const std::vector<double>& now) const {
    std::vector<uint8_t> changed(now.size());
    for (size_t i = 0; i < now.size(); ++i)
        changed[i] = now[i] > kChanged * stream_.key_distances[i] + kLeastChange;
    return changed;
}

bool Encoder::may_keep(const GopSource& source) const {
    return has_kept_keyframes() && source.plan.key && !source.plan.cut && !source.alone &&
           stream_.key_state.last_rgb.defined() &&
           stream_.since_keyframe + source.plan.frames <= kKeptFor;
}

bool Encoder::may_lend(const GopSource& source) const {
    return has_kept_keyframes() && source.plan.key && !*source.keeps && !source.plan.scene_ends &&
           stream_.rate.by_rate();
}

// Where later keyframes will keep a share of cells, the same quality for all takes that many bits
// more of the first. Nobody knows when a scene ends.
double Encoder::to_lend(const GopSource& source) {
    constexpr double kMostGops = 3, kUsualGops = 2;
    double gops = kUsualGops;
    if (options_.expected_pictures > 0) {
        const int64_t to_come = std::max<int64_t>(options_.expected_pictures - planned_, 0);
        gops = std::min(kMostGops, 1 + static_cast<double>(to_come) / source.usual_frames);
    }
    const double still = still_share(source);
    return gops / (1 + (gops - 1) * (1 - still)) - 1;
}

// The share of cells that differ less from the GOP's beginning to its end than its keyframe does
// from its original. What stands still for one GOP mostly does so for another.
double Encoder::still_share(const GopSource& source) {
    nn::Ops& ops = model_.ops();
    StageTimer timer(costs_.analyse, ops);
    const int last = source.frames() - 1;
    const std::vector<double> change =
        cell_distances(original_of(source, 0), original_of(source, last));
    if (!searches()) {
        const auto still = std::count_if(change.begin(), change.end(),
                                         [](double d) { return d < kStillDifference; });
        return static_cast<double>(still) / static_cast<double>(change.size());
    }
    const nn::Tensor original = original_of(source, last / 2);
    const std::vector<float> qps{static_cast<float>(stream_.rate.first_qp())};
    const models::Latent latent = model_.tokeniser().analyse_key(ops, original, qps);
    const entropy::SliceSize plane = bitstream::plane_size(options_.sequence);
    const nn::Tensor means = unit_means(model_, UnitRole::key, quantise(ops, latent.z), plane, {});
    const std::vector<int16_t> y = quantise(ops, ops.sub(latent.y, means));
    models::DecoderState state;
    decode_base(model_, UnitRole::key, means, y, {}, stream_.rate.first_qp(), state);
    const std::vector<double> coded = cell_distances(original, state.last_rgb);
    double still = 0;
    for (size_t i = 0; i < coded.size(); ++i) still += kStill * coded[i] > change[i];
    return still / static_cast<double>(coded.size());
}

// Whether it is worth while, at the qp that rate control has for a keyframe.
bool Encoder::keeps_enough(const GopSource& source) {
    Try gop = begin_try(source);
    gop.coded.descriptor.qp = static_cast<uint8_t>(stream_.rate.first_qp());
    const int index = bitstream::unit_frames(gop.coded.descriptor, 0).first;
    const nn::Tensor rgb = original_of(source, index);
    gop.key_changes = key_changes(rgb);
    const std::vector<uint8_t> cells =
        searches() ? key_cells(gop, rgb).tokens.cells : changed_cells(gop.key_changes);
    const auto kept = static_cast<double>(std::count(cells.begin(), cells.end(), 0));
    return kept >= kLeastKept * static_cast<double>(cells.size());
}

}  // namespace gvc::codec
