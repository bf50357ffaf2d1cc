#include "codec/encoder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "codec/chunk_search.h"
#include "codec/encoder_try.h"
#include "codec/keyframe_search.h"
#include "codec/quantiser.h"

namespace gvc::codec {
namespace {

using bitstream::Bytes;
using bitstream::ContextMode;
using bitstream::PacketKind;
using bitstream::size_of;

constexpr int kChunk = models::kChunkFrames;
constexpr int kLargeHeight = 720;         // lines; pictures above have two slices a unit
constexpr double kBandPayload = 8 * 900;  // bits of a band that surely fits a packet of 1,200 bytes

// Fills in what is the encoder's to say.
void complete(bitstream::SequenceHeader& sequence, uint64_t fingerprint) {
    const auto rows = static_cast<uint32_t>(bitstream::plane_size(sequence).h64);
    const bool self = sequence.context == ContextMode::self;
    const bool large = sequence.height > kLargeHeight;
    sequence.fingerprint = fingerprint;
    sequence.key_slices = std::min(rows, large ? 2u : 1u);
    sequence.chunk_slices = std::min(rows, large || self ? 2u : 1u);
}

// The shorter of the two ways to write the chunks' qps.
void set_chunk_qps(bitstream::Descriptor& descriptor, const std::vector<int>& qps) {
    constexpr int kLeastOffset = -8, kMostOffset = 7;
    descriptor.chunk_qps.reset();
    for (int offset = kLeastOffset; offset <= kMostOffset; ++offset) {
        descriptor.chunk_qp_offset = static_cast<int8_t>(offset);
        const int qp = bitstream::unit_qp(descriptor, 1);
        if (std::all_of(qps.begin(), qps.end(), [&](int q) { return q == qp; })) return;
    }
    descriptor.chunk_qp_offset = 0;
    descriptor.chunk_qps.emplace();
    descriptor.chunk_qps->fill(static_cast<uint8_t>(qps.back()));
    std::copy(qps.begin(), qps.end(), descriptor.chunk_qps->begin());
}

}  // namespace

// ---- pictures in ----

Encoder::Encoder(const Model& model, EncoderOptions options)
    : model_(model),
      options_(std::move(options)),
      size_{static_cast<int>(options_.sequence.width), static_cast<int>(options_.sequence.height)},
      planner_({options_.keyint, options_.scene_cuts,
                options_.sequence.context == ContextMode::chain && !options_.base_coder}),
      stream_{RateControl(options_.rate, static_cast<double>(size_.width) * size_.height,
                          tick_seconds(options_.sequence) * options_.sequence.ticks_per_frame),
              bitstream::UnitEncoder(model.tokens()),
              {}} {
    if (options_.base_coder) hybrid_.emplace(model, options_);
}

Result<std::unique_ptr<Encoder>> Encoder::make(const Model& model, EncoderOptions options) {
    GVC_RETURN_IF_ERROR(check(options.rate));
    if (options.keyint < 1) return {Code::usage, "the distance of keyframes must be at least 1"};
    if (options.base_coder) options.keyint = std::min(options.keyint, models::kGopFrames);
    complete(options.sequence, model.fingerprint());
    if (!bitstream::write_sequence_header(options.sequence).ok()) {
        return {Code::usage, "a picture size, frame rate or colour code is out of range"};
    }
    GVC_RETURN_IF_ERROR(bitstream::check_size(options.sequence));
    return std::unique_ptr<Encoder>(new Encoder(model, std::move(options)));
}

Status Encoder::send(std::span<const float> rgb, uint64_t pts) {
    if (rgb.size() != size_.samples()) {
        return {Code::usage, "a picture has another size than the stream"};
    }
    if (taken_ > 0 && pts <= last_pts_) return {Code::usage, "timestamps do not ascend"};
    ++taken_;
    last_pts_ = pts;
    planner_.push(sketch(rgb, size_));
    waiting_.push_back(std::make_shared<WaitingPicture>(codec::pack(rgb, pts)));
    return {};
}

void Encoder::flush() { planner_.flush(); }

// ---- the data path of a GOP ----

Result<EncodedGop> Encoder::receive() {
    if (ready_.empty()) {
        const auto plan = planner_.next();
        if (!plan) return {Code::again, "no whole GOP yet"};
        GVC_RETURN_IF_ERROR(code_next(take_source(*plan)));
    }
    EncodedGop gop = std::move(ready_.front());
    ready_.pop_front();
    return gop;
}

Status Encoder::code_next(GopSource source) {
    costs_ = {};
    tries_ = done_ = 0;
    GVC_ASSIGN_OR_RETURN(Gops gops, !hybrid_               ? code_neural(std::move(source))
                                    : options_.choose_base ? code_better(source)
                                                           : code_hybrid(source));
    gops.front().costs = costs_;
    gops.front().tries = tries_;
    std::move(gops.begin(), gops.end(), std::back_inserter(ready_));
    return {};
}

Result<Encoder::Gops> Encoder::code_hybrid(GopSource& source) {
    GVC_ASSIGN_OR_RETURN(auto coded, hybrid_->code(source, stream_.gops));
    hybrid_->commit(8.0 * static_cast<double>(coded.gop.bytes));
    if (!coded.gop.packets.empty()) ++stream_.gops;
    return Gops{std::move(coded.gop)};
}

// With its keyframes as the scene wants them.
Result<Encoder::Gops> Encoder::code_neural(GopSource source) {
    const bool trial = trial_is_due(source);
    if (!trial) return code_as(may_be_tried(source) ? keyframes_ : Keyframes::leading, source);
    const Stream before = stream_;
    begin_rate(source);
    GVC_ASSIGN_OR_RETURN(Try gop, code_within_rate(source, true));
    const Stream after = std::exchange(stream_, before);
    GVC_ASSIGN_OR_RETURN(keyframes_, choose_keyframes(gop, source));
    if (!options_.keep_reconstruction) gop.reconstruction = {};  // the search needs the memory
    if (keyframes_ != Keyframes::leading) return code_as(keyframes_, source);
    stream_ = after;
    GVC_ASSIGN_OR_RETURN(gop, with_search(std::move(gop), source));
    return Gops{commit(std::move(gop), source)};
}

Result<Encoder::Gops> Encoder::code_as(Keyframes keyframes, const GopSource& source) {
    Gops gops;
    for (GopSource& gop_source : gops_with(keyframes, source)) {
        begin_rate(gop_source);
        GVC_ASSIGN_OR_RETURN(Try gop, code_within_rate(gop_source, false));
        GVC_ASSIGN_OR_RETURN(gop, with_search(std::move(gop), gop_source));
        gops.push_back(commit(std::move(gop), gop_source));
        done_ += gop_source.plan.frames;
    }
    return gops;
}

// ---- the neural base ----

void Encoder::begin_rate(const GopSource& source) {
    stream_.rate.begin({source.plan.frames, source.chunks(), source.seconds(options_.sequence),
                        source.plan.key, source.plan.last, source.usual_frames, source.lead});
}

GopSource Encoder::take_source(const PlannedGop& plan) {
    GopSource source;
    source.plan = plan;
    source.usual_frames = std::min(options_.keyint, models::kGopFrames);
    for (int i = 0; i < plan.frames; ++i) {
        source.kept.push_back(source.pictures.size());
        source.pictures.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    source.end_pts = waiting_.empty()
                         ? source.pictures.back()->pts + options_.sequence.ticks_per_frame
                         : waiting_.front()->pts;
    return source;
}

// Codes the GOP until rate control, which has begun it, is content; with a maximum rate, of fewer
// and fewer frames. No packets: not even one frame fits.
Result<Encoder::Try> Encoder::code_within_rate(GopSource& source, bool to_be_judged) {
    RateControl& rate = stream_.rate;
    std::optional<decltype(Try::cells)> cells;
    while (true) {
        Try gop = begin_try(source);
        if (cells) {
            gop.cells = *cells;
            gop.cells_chosen = true;
        }
        if (to_be_judged) gop.be_judged();
        GVC_RETURN_IF_ERROR(code_units(gop, source));
        cells = gop.cells;
        const double growth =
            growth_to_come(gop, {gop.first_bits(), gop.chunk_bits(), gop.refresh_bits()});
        if (rate.gop_done(gop.bits() + growth)) continue;
        if (!rate.cap() || gop.bits() <= *rate.cap()) return gop;
        if (source.thin_out()) {
            cells.reset();
            rate.shorten(source.chunks());
            continue;
        }
        if (stream_.gops == 0) {
            return {Code::quality, "the maximum rate is too low for a single picture",
                    "raise it, or make the pictures smaller"};
        }
        gop.packets.clear();
        return gop;
    }
}

// A GOP whose qps rate control has settled once more, with its keyframe searched for: it costs
// about the same, and its chunks make up for the difference. The search takes longer than all the
// rest, so that it is not for every try.
Result<Encoder::Try> Encoder::with_search(Try plain, const GopSource& source) {
    const bool key = source.plan.key;
    if (!searches() || plain.packets.empty()) return plain;
    if (!key && options_.search_steps.chunk == 0) return plain;
    Try searched = begin_try(source);
    searched.search = true;
    searched.follow = false;
    searched.followers = std::move(plain.followers);
    searched.first_qp = plain.coded.descriptor.qp;
    searched.cells = plain.cells;
    searched.cells_chosen = true;
    if (key) pay_attention(searched, source);
    GVC_RETURN_IF_ERROR(code_units(searched, source));
    if (stream_.rate.cap() && searched.bits() > *stream_.rate.cap()) return plain;
    const auto learn = [key](double& growth, double after, double before) {
        if (key && before > 0) growth += (after / before - 1 - growth) / 2;
    };
    learn(stream_.growth.key, searched.first_bits(), plain.first_bits());
    learn(stream_.growth.chunk, searched.chunk_bits(), plain.chunk_bits());
    learn(stream_.growth.refresh, searched.refresh_bits(), plain.refresh_bits());
    return searched;
}

// By how much the search will change bits of the GOP's parts.
double Encoder::growth_to_come(const Try& gop, const BitsByPart& bits) const {
    const bool searched_later = searches() && !gop.search && gop.coded.kind == PacketKind::keyframe;
    if (!searched_later) return 0;
    const BitsByPart& growth = stream_.growth;
    return growth.key * bits.key + growth.chunk * bits.chunk + growth.refresh * bits.refresh;
}

Status Encoder::code_units(Try& gop, const GopSource& source) {
    ++tries_;
    code_first(gop, source);
    tell_progress(gop, 1);
    for (int unit = 1; unit < gop.layout.units; ++unit) {
        code_chunk(gop, source, unit);
        tell_progress(gop, unit + 1);
    }
    GVC_RETURN_IF_ERROR(model_.status());
    return pack(gop);
}

void Encoder::tell_progress(const Try& gop, int units) const {
    if (!gop.search || !options_.on_searched) return;
    options_.on_searched(done_ + gop.coded.descriptor.frames * units / gop.layout.units);
}

Encoder::Try Encoder::begin_try(const GopSource& source) const {
    Try gop(stream_.unit_encoder, stream_.state);
    gop.refreshes = source.refresh;
    if (options_.keep_reconstruction) gop.keep = Try::Keep::all;
    // A keyframe is searched for once it is known what its chunks make of it.
    gop.follow = searches() && source.plan.key && KeyframeSearch::in_one(size_);
    gop.coded.kind = source.plan.key ? PacketKind::keyframe : PacketKind::pkey;
    gop.coded.counter = static_cast<uint8_t>(stream_.gops % bitstream::kGopCounters);
    if (source.plan.key) {
        gop.coded.sequence = options_.sequence;
        gop.coded.sequence->required_features |= bitstream::kOrderAndMotion | bitstream::kShakes;
        if (may_refresh()) gop.coded.sequence->required_features |= bitstream::kRefresh;
    }
    gop.coded.descriptor = describe(source, options_.sequence, stream_.gops, options_.seed);
    const bool in_order = options_.low_delay || options_.sequence.context == ContextMode::self;
    if (source.plan.key && !in_order)
        gop.coded.descriptor.chunks_before = static_cast<uint8_t>(source.chunks() / 2);
    return gop;
}

// ---- units ----

void Encoder::code_first(Try& gop, const GopSource& source) {
    nn::Ops& ops = model_.ops();
    const int index = bitstream::unit_frames(gop.coded.descriptor, 0).first;
    const WaitingPicture* picture = &source.coded(static_cast<size_t>(index));
    nn::Tensor rgb;
    {
        StageTimer timer(costs_.transfer, model_.ops());
        rgb = to_device(ops, std::span(&picture, 1), size_);
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
    std::optional<Try> before;  // where it may have to be done again
    if (!gop.first_qp) before = gop;
    while (true) {
        const int qp = gop.first_qp.value_or(stream_.rate.first_qp());
        gop.coded.descriptor.qp = static_cast<uint8_t>(qp);
        code_unit(gop, 0, rgb);
        gop.key_state = gop.state;
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
    const UnitRole role = unit_role(gop.coded.kind, unit);
    const int qp = unit == 0 ? gop.coded.descriptor.qp : gop.chunk_qps.back();
    const std::vector<float> qps = {static_cast<float>(qp)};
    bitstream::UnitTokens tokens;

    models::Latent latent;
    {
        StageTimer timer(costs_.analyse, model_.ops());
        latent = role == UnitRole::key ? tokeniser.analyse_key(ops, rgb, qps)
                                       : tokeniser.analyse_chunk(ops, rgb, gop.state, qps);
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
        const int frames = gop.keep == Try::Keep::nothing ? 1 : kChunk;
        const models::DecoderState before = gop.state;
        base = decode_base(model_, role, means, tokens.y, motion, qp, gop.state, frames);
        if (role == UnitRole::chunk && gop.follow) {
            gop.followers.push_back(
                make_follower(ops, tokeniser.config(), before, base, ops.batch(rgb, kChunk - 1, 1),
                              bitstream::unit_frames(gop.coded.descriptor, unit).count));
        }
    }
    if (role == UnitRole::key && gop.refreshes) measure_keyframe(gop, rgb);
    if (role == UnitRole::chunk && gop.refreshes)
        refresh_cells(gop, unit, ops.batch(rgb, kChunk - 1, 1), base);
    if (gop.keep != Try::Keep::nothing) {
        StageTimer timer(costs_.transfer, model_.ops());
        const bitstream::UnitFrames shown = bitstream::unit_frames(gop.coded.descriptor, unit);
        auto pictures = to_host(ops, ops.batch(base.rgb, 0, shown.count), size_);
        if (shown.reversed) std::reverse(pictures.begin(), pictures.end());
        gop.reconstruction.resize(gop.coded.descriptor.frames);
        const auto judged = gop.judged(unit);
        for (int i = 0; i < shown.count; ++i) {
            const int picture = shown.first + i;
            const auto is_it = [picture](const Try::Judged& j) { return j.picture == picture; };
            if (gop.keep == Try::Keep::judged && std::none_of(judged.begin(), judged.end(), is_it))
                continue;
            gop.reconstruction[static_cast<size_t>(picture)] =
                std::move(pictures[static_cast<size_t>(i)]);
        }
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

// A keyframe of a stream for links that lose packets has as many bands as keep each in a packet.
void Encoder::choose_bands(Try& gop, const bitstream::UnitTokens& tokens) {
    bitstream::Descriptor& descriptor = gop.coded.descriptor;
    const auto lay_out = [&] {
        // Cannot fail: there are never more bands than rows.
        gop.layout = bitstream::gop_layout(options_.sequence, descriptor, gop.coded.kind).value();
        gop.unit_encoder.begin_gop(options_.sequence, descriptor, gop.layout);
    };
    descriptor.slices.reset();
    lay_out();
    if (options_.sequence.context != ContextMode::self || gop.layout.kind == PacketKind::pkey) {
        return;
    }
    const auto rows = static_cast<uint32_t>(bitstream::plane_size(options_.sequence).h64);
    const auto bands = static_cast<uint32_t>(gop.unit_encoder.bits(0, tokens) / kBandPayload) + 1;
    descriptor.slices = {std::min({rows, bands, 256u}), options_.sequence.chunk_slices};
    lay_out();
}

// ---- packets out ----

Status Encoder::pack(Try& gop) {
    if (!gop.chunk_qps.empty()) set_chunk_qps(gop.coded.descriptor, gop.chunk_qps);
    gop.coded.token_crc = gop.unit_encoder.hash();
    bitstream::PackOptions options;
    options.fragment = options_.sequence.context == ContextMode::self;
    GVC_ASSIGN_OR_RETURN(gop.packets, bitstream::pack_gop(gop.coded, options_.sequence, options));
    return {};
}

// The GOP goes out.
EncodedGop Encoder::commit(Try gop, const GopSource& source) {
    stream_.rate.commit(gop.bits());
    EncodedGop out;
    out.random_access = source.plan.key;
    out.source_frames = source.plan.frames;
    if (gop.packets.empty()) return out;
    out.bytes = size_of(gop.packets);
    out.first_bytes = gop.unit_bytes(0);
    for (int unit = 1; unit < gop.layout.units; ++unit) out.chunk_bytes += gop.unit_bytes(unit);
    out.descriptor = std::move(gop.coded.descriptor);
    out.packets = std::move(gop.packets);
    if (options_.keep_reconstruction) out.reconstruction = std::move(gop.reconstruction);
    stream_.unit_encoder = std::move(gop.unit_encoder);
    stream_.state = std::move(gop.state);
    ++stream_.gops;
    return out;
}

}  // namespace gvc::codec
