// Pictures to packets: the data path of a GOP; its units are coded in encoder_units.cpp.
#include "codec/encoder.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "codec/encoder_try.h"
#include "codec/keyframe_search.h"

namespace gvc::codec {
namespace {

using bitstream::Bytes;
using bitstream::ContextMode;
using bitstream::PacketKind;
using bitstream::size_of;

constexpr int kLargeHeight = 720;  // lines; pictures above have two slices a unit

// Fills in what is the encoder's to say.
void complete(bitstream::SequenceHeader& sequence, uint64_t fingerprint) {
    const auto rows = static_cast<uint32_t>(bitstream::plane_size(sequence).h64);
    const bool self = sequence.context == ContextMode::self;
    const bool large = sequence.height > kLargeHeight;
    sequence.fingerprint = fingerprint;
    sequence.key_slices = std::min(rows, large ? 2u : 1u);
    sequence.chunk_slices = std::min(rows, large || self ? 2u : 1u);
}

// Frames of a GOP with an AV1 base, so many that a stream's are of about one length; 0: it has no
// more than others.
int longest_base(const EncoderOptions& options) {
    const int most = std::min(options.base_keyint, bitstream::max_base_frames(options.sequence));
    const bool in_self = options.sequence.context == ContextMode::self;
    if (!options.base_coder || options.rate.maxrate > 0 || in_self || most <= models::kGopFrames)
        return 0;
    const int64_t pictures = options.expected_pictures;
    if (pictures <= most) return most;
    constexpr int64_t kMaybeMore = 8;  // pictures: containers only estimate them
    const int64_t gops = (pictures + most - 1) / most;
    return static_cast<int>(std::min<int64_t>(most, pictures / gops + kMaybeMore));
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
      planner_({std::max(options_.keyint, options_.base_keyint),
                std::max(models::kGopFrames, options_.base_keyint), options_.scene_cuts,
                options_.sequence.context == ContextMode::chain && !options_.base_coder &&
                    !has_kept_keyframes()}),
      stream_{RateControl(options_.rate, static_cast<double>(size_.width) * size_.height,
                          tick_seconds(options_.sequence) * options_.sequence.ticks_per_frame),
              bitstream::UnitEncoder(model.tokens()),
              {}} {
    if (!options_.base_coder) return;
    EncoderOptions of_hybrid = options_;
    of_hybrid.on_progress = [this](int pictures) { tell(pictures); };
    hybrid_.emplace(model, of_hybrid);
}

Result<std::unique_ptr<Encoder>> Encoder::make(const Model& model, EncoderOptions options) {
    GVC_RETURN_IF_ERROR(check(options.rate));
    if (options.keyint < 1) return {Code::usage, "the distance of keyframes must be at least 1"};
    options.base_keyint = longest_base(options);
    if (!options.distance_of_neural) options.distance_of_neural = options.distance;
    if (options.base_coder) options.keyint = std::min(options.keyint, models::kGopFrames);
    if (options.base_keyint > 0) options.sequence.required_features |= bitstream::kLongBases;
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
    tries_ = done_ = told_ = 0;
    told_share_ = 1;
    told_before_ = 0;
    GVC_ASSIGN_OR_RETURN(Gops gops, code(source));
    gops.front().costs = costs_;
    gops.front().tries = tries_;
    std::move(gops.begin(), gops.end(), std::back_inserter(ready_));
    return {};
}

// As one GOP with an AV1 base or, where a packet cannot hold so much, as several.
Result<Encoder::Gops> Encoder::code(GopSource& source) {
    const bool is_long = source.is_long();  // the source may be gone then
    if (!is_long || long_bases_fit_) {
        auto gops = !hybrid_               ? code_neural(std::move(source))
                    : options_.choose_base ? code_better(source)
                                           : code_hybrid(source, is_due(source));
        if (!is_long || gops.status().code() != Code::quality) return gops;
        long_bases_fit_ = false;
    }
    Gops all;
    for (GopSource& part : source.gops(options_.keyint)) {
        GVC_ASSIGN_OR_RETURN(Gops gops, code(part));
        std::move(gops.begin(), gops.end(), std::back_inserter(all));
    }
    return all;
}

Result<Encoder::Gops> Encoder::code_hybrid(GopSource& source, bool due) {
    GVC_ASSIGN_OR_RETURN(auto coded,
                         hybrid_->code(source, stream_.gops, due || !options_.rate.hurry));
    count(coded.gop);
    hybrid_->commit(8.0 * static_cast<double>(coded.gop.bytes));
    if (!coded.gop.packets.empty()) ++stream_.gops;
    return Gops{std::move(coded.gop)};
}

Result<Encoder::Gops> Encoder::code_as(Keyframes keyframes, const GopSource& source) {
    Gops gops;
    for (GopSource& gop_source : gops_with(keyframes, source)) {
        begin(gop_source);
        GVC_ASSIGN_OR_RETURN(Try gop, code_within_rate(gop_source, false));
        GVC_ASSIGN_OR_RETURN(gop, with_search(std::move(gop), gop_source));
        gops.push_back(commit(std::move(gop), gop_source));
        done_ += gop_source.plan.frames;
    }
    return gops;
}

// ---- the neural base ----

void Encoder::begin_rate(const GopSource& source) {
    const bool whole_key = source.plan.key && !source.keeps.value_or(false);
    stream_.rate.begin({source.plan.frames, source.chunks(), source.seconds(options_.sequence),
                        whole_key, source.plan.last, source.usual_frames, source.lead,
                        source.lent.value_or(0)});
}

// With whatever its keyframe keeps of the one before, and the next ones of it.
void Encoder::begin(GopSource& source) {
    const RateControl before = stream_.rate;
    begin_rate(source);
    if (source.keeps && source.lent) return;
    if (!source.keeps) source.keeps = may_keep(source) && keeps_enough(source);
    if (!source.lent) source.lent = may_lend(source) ? to_lend(source) : 0;
    stream_.rate = before;
    begin_rate(source);
}

GopSource Encoder::take_source(const PlannedGop& plan) {
    GopSource source;
    source.plan = plan;
    source.usual_frames = std::min(options_.keyint, models::kGopFrames);
    planned_ += plan.frames;
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
    searched.plain_key_state = plain.key_state;
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
    const bool searched_later = searches() && !gop.search && gop.layout.has_keyframe();
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

void Encoder::tell_progress(const Try& gop, int units) {
    if (gop.search) tell(done_ + gop.coded.descriptor.frames * units / gop.layout.units);
}

// Work turns out to be more than expected: what was told is not taken back.
void Encoder::tell(int pictures) {
    if (!options_.on_progress) return;
    told_ = std::max(told_, static_cast<int>(told_before_ + told_share_ * pictures));
    options_.on_progress(told_);
}

Encoder::Try Encoder::begin_try(const GopSource& source) const {
    Try gop(stream_.unit_encoder, stream_.state);
    gop.refreshes = source.refresh;
    if (options_.keep_reconstruction) gop.keep = Try::Keep::all;
    // A keyframe is searched for once it is known what its chunks make of it.
    gop.follow = searches() && source.plan.key && KeyframeSearch::in_one(size_);
    const bool keeps = source.keeps.value_or(false);
    gop.coded.kind = source.plan.key && !keeps ? PacketKind::keyframe : PacketKind::pkey;
    gop.coded.counter = static_cast<uint8_t>(stream_.gops % bitstream::kGopCounters);
    if (gop.coded.kind == PacketKind::keyframe) {
        gop.coded.sequence = options_.sequence;
        gop.coded.sequence->required_features |= bitstream::kOrderAndMotion | bitstream::kShakes;
        if (may_refresh()) gop.coded.sequence->required_features |= bitstream::kRefresh;
        if (has_kept_keyframes()) gop.coded.sequence->required_features |= bitstream::kKeyCells;
    }
    gop.coded.descriptor = describe(source, options_.sequence, stream_.gops, options_.seed);
    if (keeps) gop.coded.descriptor.refreshed = 1;
    const bool in_order = options_.low_delay || options_.sequence.context == ContextMode::self;
    if (source.plan.key && !in_order)
        gop.coded.descriptor.chunks_before = static_cast<uint8_t>(source.chunks() / 2);
    lay_out(gop);
    return gop;
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
    out.random_access = gop.coded.kind == PacketKind::keyframe;
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
    stream_.since_keyframe =
        (out.random_access ? 0 : stream_.since_keyframe) + static_cast<int>(out.descriptor.frames);
    stream_.plain_key_state = gop.search ? std::move(gop.plain_key_state) : gop.key_state;
    stream_.key_state = std::move(gop.key_state);
    stream_.key_distances = std::move(gop.key_distances);
    ++stream_.gops;
    return out;
}

}  // namespace gvc::codec
