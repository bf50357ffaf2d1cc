// The units of a GOP: pictures to slices.
#include <algorithm>
#include <utility>

#include "codec/chunk_search.h"
#include "codec/encoder.h"
#include "codec/encoder_try.h"
#include "codec/keyframe_search.h"
#include "codec/quantiser.h"

namespace gvc::codec {
namespace {

constexpr int kChunk = models::kChunkFrames;
constexpr double kBandPayload = 8 * 900;  // bits of a band that surely fits a packet of 1,200 bytes

}  // namespace

// A coded picture, [1, 3, H, W].
nn::Tensor Encoder::original_of(const GopSource& source, int picture) const {
    const WaitingPicture* waiting = &source.coded(static_cast<size_t>(picture));
    return to_device(model_.ops(), std::span(&waiting, 1), size_);
}

void Encoder::code_first(Try& gop, const GopSource& source) {
    nn::Ops& ops = model_.ops();
    const int index = bitstream::unit_frames(gop.coded.descriptor, 0).first;
    nn::Tensor rgb;
    {
        StageTimer timer(costs_.transfer, model_.ops());
        rgb = original_of(source, index);
    }
    auto& style = gop.coded.descriptor.style.emplace();
    std::vector<int16_t> levels;
    {
        StageTimer timer(costs_.analyse, model_.ops());
        levels = quantise(ops, model_.tokeniser().style(ops, rgb));
    }
    for (size_t i = 0; i < style.size(); ++i) {
        style[i] = static_cast<uint8_t>(levels[i] + models::kStyleLevels / 2);
    }
    // The chunk network sees a P-key as a chunk of four equal frames.
    if (!source.plan.key) rgb = ops.repeat_batch(rgb, kChunk);
    if (gop.layout.of_cells() && !gop.search) {
        StageTimer timer(costs_.analyse, model_.ops());
        gop.key_changes = key_changes(rgb);
    }
    std::optional<Try> before;  // where it may have to be done again
    if (!gop.first_qp) before = gop;
    while (true) {
        const int qp = gop.first_qp.value_or(stream_.rate.first_qp());
        gop.coded.descriptor.qp = static_cast<uint8_t>(qp);
        if (gop.layout.of_cells()) {
            code_key_cells(gop, rgb);
        } else {
            code_unit(gop, 0, rgb);
        }
        gop.key_state = gop.state;
        measure_keyframe(gop, rgb);
        const double bits = gop.first_bits();
        if (gop.first_qp) return stream_.rate.first_replaced(bits);
        if (!stream_.rate.first_done(bits + growth_to_come(gop, {bits, 0, 0}))) return;
        gop = *before;
    }
}

void Encoder::code_chunk(Try& gop, const GopSource& source, int unit) {
    const int qp = stream_.rate.chunk_qp();
    gop.chunk_qps.push_back(qp);
    gop.unit_encoder.set_chunk_qp(unit, qp);
    const bitstream::Descriptor& descriptor = gop.coded.descriptor;
    const bitstream::UnitFrames frames = bitstream::unit_frames(descriptor, unit);
    const WaitingPicture* pictures[kChunk];
    for (int i = 0; i < kChunk; ++i) {  // the last one repeats
        const int index = frames.first + (frames.reversed ? kChunk - 1 - i : i);
        pictures[i] = &source.coded(static_cast<size_t>(index));
    }
    if (unit == descriptor.chunks_before + 1) gop.state = gop.key_state;
    nn::Tensor rgb;
    {
        StageTimer timer(costs_.transfer, model_.ops());
        rgb = to_device(model_.ops(), pictures, size_);
    }
    code_unit(gop, unit, rgb);
    const double refreshed = gop.unit_refresh_bits(unit), bits = gop.unit_bits(unit) - refreshed;
    stream_.rate.refreshed(refreshed + growth_to_come(gop, {0, 0, refreshed}));
    stream_.rate.chunk_done(bits + growth_to_come(gop, {0, bits, 0}));
}

// What errors weigh in its padded picture; empty: all the same.
std::vector<float> Encoder::weights_of(const WaitingPicture& picture) const {
    const std::vector<float> shown = options_.attention(unpack(picture), size_);
    if (3 * shown.size() != size_.samples()) return {};
    const auto w = static_cast<size_t>(size_.width);
    const auto padded = static_cast<size_t>(size_.padded_width());
    std::vector<float> weights(padded * static_cast<size_t>(size_.padded_height()), 1.0f);
    for (size_t i = 0; i < shown.size(); ++i) weights[i / w * padded + i % w] = shown[i];
    return weights;
}

// Where a GOP that is about to be searched is looked at: its keyframe, and the last picture of each
// chunk in the order of coding, its follower.
void Encoder::pay_attention(Try& gop, const GopSource& source) {
    if (!options_.attention) return;
    StageTimer timer(costs_.search, model_.ops());
    const auto weights = [&](int picture) {
        return weights_of(source.coded(static_cast<size_t>(picture)));
    };
    const bitstream::Descriptor& descriptor = gop.coded.descriptor;
    gop.key_weights = weights(bitstream::unit_frames(descriptor, 0).first);
    for (size_t i = 0; i < gop.followers.size(); ++i) {
        const auto frames = bitstream::unit_frames(descriptor, static_cast<int>(i) + 1);
        gop.followers[i].weights =
            weights(frames.reversed ? frames.first : frames.first + kChunk - 1);
    }
}

// Pictures to slices; the state goes on as the decoder's will.
void Encoder::code_unit(Try& gop, int unit, const nn::Tensor& rgb) {
    nn::Ops& ops = model_.ops();
    const models::Tokeniser& tokeniser = model_.tokeniser();
    const entropy::SliceSize plane = bitstream::plane_size(options_.sequence);
    const UnitRole role = unit_role(gop.layout, unit);
    const int qp = unit == 0 ? gop.coded.descriptor.qp : gop.chunk_qps.back();
    const std::vector<float> qps = {static_cast<float>(qp)};
    bitstream::UnitTokens tokens;

    models::Latent latent;
    {
        StageTimer timer(costs_.analyse, model_.ops());
        const auto effort =
            options_.rate.hurry ? models::SearchEffort::quick : models::SearchEffort::thorough;
        latent = role == UnitRole::key ? tokeniser.analyse_key(ops, rgb, qps)
                                       : tokeniser.analyse_chunk(ops, rgb, gop.state, qps, effort);
    }
    const CommonMotion motion = latent.common.empty() ? CommonMotion() : latent.common.front();
    gop.coded.descriptor.motion[static_cast<size_t>(unit)] = motion;
    tokens.z = quantise(ops, latent.z);
    nn::Tensor means;
    {
        StageTimer timer(costs_.base, model_.ops());
        means = unit_means(model_, role, tokens.z, plane, gop.state);
    }
    const nn::Tensor exact = ops.sub(latent.y, means);
    std::vector<entropy::TokenRow> token_rows;
    {
        StageTimer timer(costs_.entropy, model_.ops());
        tokens.y = quantise(ops, exact);
        if (unit == 0) choose_bands(gop, tokens);
        token_rows = gop.unit_encoder.token_rows(unit, tokens);
    }
    if (role == UnitRole::key && gop.search) {
        tokens.y = search_key(gop, rgb, exact, means, token_rows);
        StageTimer timer(costs_.entropy, model_.ops());
        token_rows = gop.unit_encoder.token_rows(unit, tokens);
    }
    if (role != UnitRole::key) {
        StageTimer timer(costs_.entropy, model_.ops());
        spare_motion_bits(ops, exact, token_rows,
                          model_.tokens().y_costs(entropy::TokenKind::chunk), tokens.y);
    }
    if (role == UnitRole::chunk && gop.search) {
        StageTimer timer(costs_.search, model_.ops());
        model_.chunk_search()->search(
            ops, tokeniser,
            {size_, rgb, exact, means, gop.state, motion, token_rows,
             model_.tokens().y_costs(entropy::TokenKind::chunk), qp, gop.coded.descriptor.qp},
            options_.search_steps.chunk, tokens.y);
    }
    {
        StageTimer timer(costs_.entropy, model_.ops());
        gop.coded.units.push_back(gop.unit_encoder.encode(unit, tokens, token_rows));
    }
    models::BaseOutput base;
    {
        StageTimer timer(costs_.base, model_.ops());
        const int frames = gop.decoded(unit);
        const models::DecoderState before = gop.state;
        base = decode_base(model_, role, means, tokens.y, motion, qp, gop.state, frames);
        if (role == UnitRole::chunk && gop.follow) {
            gop.followers.push_back(
                make_follower(ops, tokeniser.config(), before, base, ops.batch(rgb, kChunk - 1, 1),
                              bitstream::unit_frames(gop.coded.descriptor, unit).count));
        }
    }
    if (role == UnitRole::chunk && gop.refreshes)
        refresh_cells(gop, unit, ops.batch(rgb, kChunk - 1, 1), base);
    if (gop.keep != Try::Keep::nothing) keep_pictures(gop, unit, base.rgb);
}

// rgb: the unit's pictures in the order of decoding, without first ones that need not be kept.
void Encoder::keep_pictures(Try& gop, int unit, const nn::Tensor& rgb) {
    nn::Ops& ops = model_.ops();
    StageTimer timer(costs_.transfer, ops);
    gop.reconstruction.resize(gop.coded.descriptor.frames);
    const int missing = unit == 0 ? 0 : kChunk - static_cast<int>(rgb.shape().n);
    for (const Try::Judged& kept : gop.kept(unit)) {
        const nn::Tensor picture = ops.batch(rgb, kept.decoded - missing, 1);
        gop.reconstruction[static_cast<size_t>(kept.picture)] =
            std::move(to_host(ops, picture, size_).front());
    }
}

// A keyframe's picture, or one that cells are taken of, by itself.
KeyframeToSearch Encoder::to_search(const nn::Tensor& rgb, const nn::Tensor& exact,
                                    const nn::Tensor& means,
                                    std::span<const entropy::TokenRow> token_rows, int qp) const {
    nn::Ops& ops = model_.ops();
    KeyframeToSearch key;
    key.size = size_;
    key.rgb = values_of(ops, rgb);
    key.exact = values_of(ops, exact);
    key.means = values_of(ops, means);
    key.token_rows = token_rows;
    key.costs = model_.tokens().y_costs(entropy::TokenKind::key);
    key.qp = qp;
    return key;
}

std::vector<int16_t> Encoder::search_key(Try& gop, const nn::Tensor& rgb, const nn::Tensor& exact,
                                         const nn::Tensor& means,
                                         std::span<const entropy::TokenRow> token_rows) {
    StageTimer timer(costs_.search, model_.ops());
    KeyframeToSearch key = to_search(rgb, exact, means, token_rows, gop.coded.descriptor.qp);
    key.weights = std::exchange(gop.key_weights, {});
    key.followers = gop.followers;
    std::vector<int16_t> found = model_.search()->search(key, options_.search_steps.key);
    if (!gop.refreshes) gop.followers = {};  // their memory
    return found;
}

void Encoder::lay_out(Try& gop) const {
    // Cannot fail: there are never more bands than rows.
    gop.layout =
        bitstream::gop_layout(options_.sequence, gop.coded.descriptor, gop.coded.kind).value();
    gop.unit_encoder.begin_gop(options_.sequence, gop.coded.descriptor, gop.layout);
}

// A keyframe of a stream for links that lose packets has as many bands as keep each in a packet.
void Encoder::choose_bands(Try& gop, const bitstream::UnitTokens& tokens) {
    bitstream::Descriptor& descriptor = gop.coded.descriptor;
    descriptor.slices.reset();
    lay_out(gop);
    if (options_.sequence.context != bitstream::ContextMode::self ||
        gop.layout.kind == bitstream::PacketKind::pkey) {
        return;
    }
    const auto rows = static_cast<uint32_t>(bitstream::plane_size(options_.sequence).h64);
    const auto bands = static_cast<uint32_t>(gop.unit_encoder.bits(0, tokens) / kBandPayload) + 1;
    descriptor.slices = {std::min({rows, bands, 256u}), options_.sequence.chunk_slices};
    lay_out(gop);
}

}  // namespace gvc::codec
