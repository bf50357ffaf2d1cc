#include "codec/encoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "codec/detail.h"
#include "codec/hybrid_pictures.h"
#include "codec/quantiser.h"

namespace gvc::codec {
namespace {

using bitstream::Bytes;
using bitstream::ContextMode;
using bitstream::PacketKind;

constexpr int kChunk = models::kChunkFrames;
constexpr int kLargeHeight = 720;         // lines; pictures above have two slices a unit
constexpr double kBandPayload = 8 * 900;  // bits of a band that surely fits a packet of 1,200 bytes
constexpr int kSeedStep = 0x9E37;         // odd: 65,536 GOPs have different noise

size_t size_of(const std::vector<Bytes>& pieces) {
    size_t size = 0;
    for (const Bytes& piece : pieces) size += piece.size();
    return size;
}

// Sizes of the hybrid base that are tried, and how.
constexpr std::array kBaseScales = {1.0, 0.875, 0.75, 0.625, 0.5, 0.4375, 0.375, 0.3125, 0.25};
constexpr size_t kMiddleScale = 3;
constexpr double kDistanceSlope = 0.4;  // LPIPS falls with about this power of the rate
constexpr double kBitsPerSize = 1.3;    // bits go with this power of the scale
constexpr size_t kBaseHeaders = 4096;   // bytes that surely hold what comes before its data
constexpr double kUsualDetailBits = 1.2, kMostDetailBits = 3.0;  // of a detail code's symbol
constexpr double kDetailOverheadBits = 64;  // its slice's length and the entropy coder's state
// Pictures that are looked at: these of the groups, so far apart, that a decoder refines together.
constexpr int kLookApart = 12;
constexpr std::array kLookedAt = {1, 2};

// The first size from which on the bits, too many by this factor at size i, are expected to fit.
size_t next_size(size_t i, double excess) {
    size_t next = i + 1;
    while (next + 1 < kBaseScales.size() &&
           excess * std::pow(kBaseScales[next] / kBaseScales[i], kBitsPerSize) > 1) {
        ++next;
    }
    return next;
}

double squared_error(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum / static_cast<double>(a.size());
}

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
    descriptor.chunk_qps.reset();
    for (int offset : {0, 1, -1, 2, -2, 3, -3}) {
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

struct Encoder::Source {
    std::vector<WaitingPicture> pictures;
    std::vector<size_t> kept;  // those that are coded
    uint64_t end_pts = 0;      // of what follows
    PlannedGop plan;

    int frames() const { return static_cast<int>(kept.size()); }
    int chunks() const { return (frames() - 1 + kChunk - 1) / kChunk; }
    const WaitingPicture& coded(size_t i) const {
        return pictures[kept[std::min(i, kept.size() - 1)]];
    }
    // Every second frame goes. False if only one is left.
    bool thin_out() {
        if (kept.size() == 1) return false;
        for (size_t i = 0; 2 * i < kept.size(); ++i) kept[i] = kept[2 * i];
        kept.resize((kept.size() + 1) / 2);
        return true;
    }
};

struct Encoder::Try {
    bitstream::CodedGop coded;
    bitstream::GopLayout layout;
    bitstream::UnitEncoder unit_encoder;
    models::DecoderState state;
    std::vector<int> chunk_qps;
    std::vector<Bytes> packets;
    std::vector<std::vector<float>> reconstruction;

    size_t unit_bytes(int unit) const { return size_of(coded.units[static_cast<size_t>(unit)]); }
};

// ---- pictures in ----

Encoder::Encoder(const Model& model, EncoderOptions options)
    : model_(model),
      options_(std::move(options)),
      size_{static_cast<int>(options_.sequence.width), static_cast<int>(options_.sequence.height)},
      planner_(
          {options_.keyint, options_.scene_cuts, options_.sequence.context == ContextMode::chain}),
      rate_(options_.rate, static_cast<double>(size_.width) * size_.height,
            tick_seconds(options_.sequence) * options_.sequence.ticks_per_frame),
      base_rate_(options_.rate, static_cast<double>(size_.width) * size_.height,
                 tick_seconds(options_.sequence) * options_.sequence.ticks_per_frame),
      unit_encoder_(model.tokens()) {}

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
    waiting_.push_back(codec::pack(rgb, pts));
    return {};
}

void Encoder::flush() { planner_.flush(); }

// ---- the data path of a GOP ----

Result<EncodedGop> Encoder::receive() {
    const auto plan = planner_.next();
    if (!plan) return {Code::again, "no whole GOP yet"};
    times_ = {};
    tries_ = 0;
    Source source = take_source(*plan);
    if (options_.base_coder) return code_base_gop(source);
    GVC_ASSIGN_OR_RETURN(Try gop, code_within_rate(source));
    return finish(std::move(gop), source);
}

Encoder::Source Encoder::take_source(const PlannedGop& plan) {
    Source source;
    source.plan = plan;
    for (int i = 0; i < plan.frames; ++i) {
        source.kept.push_back(source.pictures.size());
        source.pictures.push_back(std::move(waiting_.front()));
        waiting_.pop_front();
    }
    source.end_pts = waiting_.empty()
                         ? source.pictures.back().pts + options_.sequence.ticks_per_frame
                         : waiting_.front().pts;
    return source;
}

// Codes the GOP until rate control is content; with a maximum rate, of fewer and fewer frames. No
// packets: not even one frame fits.
Result<Encoder::Try> Encoder::code_within_rate(Source& source) {
    const auto ticks = static_cast<double>(source.end_pts - source.pictures.front().pts);
    rate_.begin({source.plan.frames, source.chunks(), ticks * tick_seconds(options_.sequence),
                 source.plan.key, source.plan.last});
    while (true) {
        GVC_ASSIGN_OR_RETURN(Try gop, code_gop(source));
        const double bits = 8.0 * static_cast<double>(size_of(gop.packets));
        if (rate_.gop_done(bits)) continue;
        if (!rate_.cap() || bits <= *rate_.cap()) {
            rate_.commit(bits);
            return gop;
        }
        if (source.thin_out()) {
            rate_.shorten(source.chunks());
            continue;
        }
        if (gops_ == 0) {
            return {Code::quality, "the maximum rate is too low for a single picture",
                    "raise it, or make the pictures smaller"};
        }
        rate_.commit(0);
        gop.packets.clear();
        return gop;
    }
}

Result<Encoder::Try> Encoder::code_gop(const Source& source) {
    ++tries_;
    Try gop = begin_try(source);
    code_first(gop, source);
    for (int unit = 1; unit < gop.layout.units; ++unit) code_chunk(gop, source, unit);
    GVC_RETURN_IF_ERROR(model_.status());
    GVC_RETURN_IF_ERROR(pack(gop));
    return gop;
}

Encoder::Try Encoder::begin_try(const Source& source) {
    Try gop{{}, {}, unit_encoder_, state_, {}, {}, {}};
    gop.coded.kind = source.plan.key ? PacketKind::keyframe : PacketKind::pkey;
    gop.coded.counter = static_cast<uint8_t>(gops_ % bitstream::kGopCounters);
    if (source.plan.key) gop.coded.sequence = options_.sequence;
    gop.coded.descriptor = describe(source);
    return gop;
}

bitstream::Descriptor Encoder::describe(const Source& source) {
    bitstream::Descriptor descriptor;
    descriptor.frames = static_cast<uint8_t>(source.frames());
    descriptor.seed = static_cast<uint16_t>(options_.seed + gops_ * kSeedStep);
    descriptor.start = source.coded(0).pts;
    std::vector<uint32_t> durations;
    bool regular = true;
    for (size_t i = 1; i < source.kept.size(); ++i) {
        const uint64_t ticks = source.coded(i).pts - source.coded(i - 1).pts;
        durations.push_back(static_cast<uint32_t>(std::min<uint64_t>(ticks, UINT32_MAX)));
        regular = regular && ticks == options_.sequence.ticks_per_frame;
    }
    if (!regular) descriptor.durations = std::move(durations);
    return descriptor;
}

// ---- units ----

void Encoder::code_first(Try& gop, const Source& source) {
    nn::Ops& ops = model_.ops();
    const WaitingPicture* picture = &source.coded(0);
    nn::Tensor rgb;
    {
        StageTimer timer(times_.transfer);
        rgb = to_device(ops, std::span(&picture, 1), size_);
    }
    auto& style = gop.coded.descriptor.style.emplace();
    const auto levels = quantise(ops, model_.tokeniser().style(ops, rgb));
    for (size_t i = 0; i < style.size(); ++i) {
        style[i] = static_cast<uint8_t>(levels[i] + models::kStyleLevels / 2);
    }
    // The chunk network sees a P-key as a chunk of four equal frames.
    if (!source.plan.key) rgb = ops.repeat_batch(rgb, kChunk);
    const Try before = gop;
    while (true) {
        gop.coded.descriptor.qp = static_cast<uint8_t>(rate_.first_qp());
        code_unit(gop, 0, rgb, 1);
        if (!rate_.first_done(8.0 * static_cast<double>(gop.unit_bytes(0)))) return;
        gop = before;
    }
}

void Encoder::code_chunk(Try& gop, const Source& source, int unit) {
    const int qp = rate_.chunk_qp();
    gop.chunk_qps.push_back(qp);
    gop.unit_encoder.set_chunk_qp(unit, qp);
    const size_t first = 1 + static_cast<size_t>(unit - 1) * kChunk;
    const WaitingPicture* pictures[kChunk];
    for (size_t i = 0; i < kChunk; ++i) pictures[i] = &source.coded(first + i);  // the last repeats
    nn::Tensor rgb;
    {
        StageTimer timer(times_.transfer);
        rgb = to_device(model_.ops(), pictures, size_);
    }
    const int shown = std::min(kChunk, source.frames() - static_cast<int>(first));
    code_unit(gop, unit, rgb, shown);
    rate_.chunk_done(8.0 * static_cast<double>(gop.unit_bytes(unit)));
}

// Pictures to slices; the state goes on as the decoder's will.
void Encoder::code_unit(Try& gop, int unit, const nn::Tensor& rgb, int shown) {
    nn::Ops& ops = model_.ops();
    const models::Tokeniser& tokeniser = model_.tokeniser();
    const entropy::SliceSize plane = bitstream::plane_size(options_.sequence);
    const UnitRole role = unit_role(gop.coded.kind, unit);
    const int qp = unit == 0 ? gop.coded.descriptor.qp : gop.chunk_qps.back();
    const std::vector<float> qps = {static_cast<float>(qp)};
    bitstream::UnitTokens tokens;

    models::Latent latent;
    {
        StageTimer timer(times_.analyse);
        latent = role == UnitRole::key ? tokeniser.analyse_key(ops, rgb, qps)
                                       : tokeniser.analyse_chunk(ops, rgb, gop.state, qps);
    }
    tokens.z = quantise(ops, latent.z);
    nn::Tensor means;
    {
        StageTimer timer(times_.base);
        means = unit_means(model_, role, tokens.z, plane, gop.state);
    }
    {
        StageTimer timer(times_.entropy);
        tokens.y = quantise(ops, ops.sub(latent.y, means));
        if (unit == 0) choose_bands(gop, tokens);
        gop.coded.units.push_back(gop.unit_encoder.encode(unit, tokens));
    }
    models::BaseOutput base;
    {
        StageTimer timer(times_.base);
        const int frames = options_.keep_reconstruction ? kChunk : 1;
        base = decode_base(model_, role, means, tokens.y, qp, gop.state, frames);
    }
    if (options_.keep_reconstruction) {
        StageTimer timer(times_.transfer);
        for (auto& picture : to_host(ops, ops.batch(base.rgb, 0, shown), size_)) {
            gop.reconstruction.push_back(std::move(picture));
        }
    }
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

EncodedGop Encoder::finish(Try gop, const Source& source) {
    EncodedGop out;
    out.random_access = source.plan.key;
    out.source_frames = source.plan.frames;
    out.times = times_;
    out.tries = tries_;
    if (gop.packets.empty()) return out;
    out.bytes = size_of(gop.packets);
    out.first_bytes = gop.unit_bytes(0);
    for (int unit = 1; unit < gop.layout.units; ++unit) out.chunk_bytes += gop.unit_bytes(unit);
    out.descriptor = std::move(gop.coded.descriptor);
    out.packets = std::move(gop.packets);
    out.reconstruction = std::move(gop.reconstruction);
    unit_encoder_ = std::move(gop.unit_encoder);
    state_ = std::move(gop.state);
    ++gops_;
    return out;
}

// ---- the hybrid base ----

// Codes the GOP at the size and quantiser that suit its budget; with a maximum rate, of fewer and
// fewer frames.
Result<EncodedGop> Encoder::code_base_gop(Source& source) {
    const double seconds = static_cast<double>(source.end_pts - source.pictures.front().pts) *
                           tick_seconds(options_.sequence);
    base_rate_.begin(source.plan.frames, seconds, source.plan.last);
    std::optional<BaseCandidate> chosen;
    if (!base_size_) {
        GVC_ASSIGN_OR_RETURN(chosen, choose_base_size(source));
    }
    while (true) {
        EncodedGop gop;
        if (chosen) {
            gop = std::move(chosen->gop);
            base_rate_ = chosen->rate;
        } else {
            GVC_ASSIGN_OR_RETURN(gop, code_base_within_budget(source));
        }
        const bool fits = base_rate_.within_cap();
        if (!fits && source.thin_out()) {
            base_rate_.shorten();
            chosen.reset();
            continue;
        }
        if (!fits && gops_ == 0) {
            return {Code::quality, "the maximum rate is too low for a single picture",
                    "raise it, or make the pictures smaller"};
        }
        if (fits && !chosen) GVC_RETURN_IF_ERROR(choose_refinement(source, gop).status());
        if (!fits) gop = {};
        base_rate_.commit(8.0 * static_cast<double>(gop.bytes));
        gop.source_frames = source.plan.frames;
        gop.times = times_;
        gop.tries = tries_;
        if (fits) ++gops_;
        return gop;
    }
}

// Which size looks best after refinement depends on the rate and on what is shown: from the middle
// one the search goes on towards what is better, on the first GOP, until two sizes in a row are
// worse. Without a rate the base has full size. None: no size meets the rate, or there was nothing
// to choose.
Result<std::optional<Encoder::BaseCandidate>> Encoder::choose_base_size(const Source& source) {
    std::optional<BaseCandidate> best;
    base_size_ = 0;
    if (options_.base_scale > 0 || !base_rate_.budget()) return best;
    const BaseRateControl before = base_rate_;
    const auto is_better = [&](size_t i) -> Result<bool> {
        base_rate_ = before;
        if (best) {  // a size starts where it will likely take the same bits
            const double sizes = kBaseScales[i] / kBaseScales[*base_size_];
            base_rate_.start_from(best->rate.best(), std::pow(sizes, kBitsPerSize));
        }
        GVC_ASSIGN_OR_RETURN(auto candidate, try_base_size(source, i));
        if (!candidate || (best && candidate->distance >= best->distance)) return false;
        best = std::move(candidate);
        base_size_ = i;
        return true;
    };
    base_size_ = kMiddleScale;
    GVC_RETURN_IF_ERROR(is_better(kMiddleScale).status());
    for (const int step : {+1, -1}) {
        int worse = 0;
        bool any = false;
        for (size_t i = kMiddleScale + static_cast<size_t>(step);
             i < kBaseScales.size() && worse < 2; i += static_cast<size_t>(step)) {
            GVC_ASSIGN_OR_RETURN(const bool better, is_better(i));
            any = any || better;
            worse = better || !best ? 0 : worse + 1;
        }
        if (any || !best) break;
    }
    base_rate_ = before;
    if (!best) base_size_ = kBaseScales.size() - 1;
    return best;
}

// The GOP with a base of this size, and how far it looks from its original, as if it had taken its
// very budget: a few percent of rate would decide otherwise. None where the budget cannot be met.
Result<std::optional<Encoder::BaseCandidate>> Encoder::try_base_size(const Source& source,
                                                                     size_t size) {
    options_.sequence.base_size = base_size(options_.sequence, kBaseScales[size]);
    GVC_ASSIGN_OR_RETURN(EncodedGop gop, code_base_at_size(source));
    if (!base_rate_.meets_budget()) return std::optional<BaseCandidate>();
    GVC_ASSIGN_OR_RETURN(double distance, choose_refinement(source, gop));
    distance *=
        std::pow(8.0 * static_cast<double>(gop.bytes) / *base_rate_.budget(), kDistanceSlope);
    return std::optional(BaseCandidate{std::move(gop), base_rate_, distance});
}

// A GOP that takes too many bits at the coarsest quantiser gets a smaller size, for itself alone.
Result<EncodedGop> Encoder::code_base_within_budget(const Source& source) {
    const bool fixed = options_.base_scale > 0;
    for (size_t i = *base_size_;;) {
        const double scale = fixed ? options_.base_scale : kBaseScales[i];
        options_.sequence.base_size = base_size(options_.sequence, scale);
        const BaseRateControl before = base_rate_;
        GVC_ASSIGN_OR_RETURN(EncodedGop gop, code_base_at_size(source));
        const double excess = base_rate_.excess();
        if (fixed || excess == 1 || i + 1 == kBaseScales.size()) return gop;
        base_rate_ = before;
        i = std::min(next_size(i, excess), kBaseScales.size() - 1);
    }
}

Result<EncodedGop> Encoder::code_base_at_size(const Source& source) {
    std::vector<const WaitingPicture*> pictures;
    for (size_t i = 0; i < source.kept.size(); ++i) pictures.push_back(&source.coded(i));
    StageTimer timer(times_.analyse);
    GVC_ASSIGN_OR_RETURN(const auto coder,
                         options_.base_coder->source(pictures, options_.sequence));
    EncodedGop gop;
    gop.descriptor = describe(source);
    gop.descriptor.base = bitstream::BaseKind::av1;
    std::map<int, EncodedGop> tries;
    for (bool content = false; !content; ++tries_) {
        const int crf = base_rate_.crf();
        GVC_ASSIGN_OR_RETURN(const auto units, coder->encode(crf));
        gop.base_data.clear();
        for (const Bytes& unit : units) {
            gop.base_data.insert(gop.base_data.end(), unit.begin(), unit.end());
        }
        gop.descriptor.qp = static_cast<uint8_t>(std::min(crf / 2, models::kQualities - 1));
        GVC_RETURN_IF_ERROR(pack_base(gop));
        tries[crf] = gop;
        content = base_rate_.tried(8.0 * static_cast<double>(gop.bytes) + expected_detail_bits());
    }
    gop = std::move(tries[base_rate_.best()]);
    if (options_.detail && model_.hybrid()) GVC_RETURN_IF_ERROR(add_detail(pictures, gop));
    return gop;
}

// What a detail code will take of the GOP's bits; with a hard limit, what it may take at most.
double Encoder::expected_detail_bits() const {
    if (!options_.detail || !model_.hybrid()) return 0;
    const auto symbols = static_cast<double>(detail_size(size_).count());
    if (options_.rate.maxrate > 0) return kMostDetailBits * symbols + kDetailOverheadBits;
    return detail_bits_.value_or(kUsualDetailBits * symbols + kDetailOverheadBits);
}

Status Encoder::add_detail(std::span<const WaitingPicture* const> pictures, EncodedGop& gop) {
    GVC_ASSIGN_OR_RETURN(
        auto decoded,
        options_.base_coder->decode(gop.base_data, gop.descriptor.frames, options_.sequence));
    GVC_ASSIGN_OR_RETURN(gop.detail_symbols, measure_detail(model_, pictures, *decoded, size_));
    gop.detail = entropy::encode_detail(detail_size(size_), gop.detail_symbols);
    const size_t before = gop.bytes;
    GVC_RETURN_IF_ERROR(pack_base(gop));
    detail_bits_ = 8.0 * static_cast<double>(gop.bytes - before);
    if (options_.rate.maxrate <= 0 || *detail_bits_ <= expected_detail_bits()) return {};
    gop.detail.clear();
    gop.detail_symbols.clear();
    return pack_base(gop);
}

// Some pictures of the GOP as a decoder shows them, at the refinement that looks best.
Result<Encoder::Seen> Encoder::look_at(const Source& source, const EncodedGop& gop) {
    StageTimer timer(times_.base);
    GVC_ASSIGN_OR_RETURN(auto base, options_.base_coder->decode(
                                        gop.base_data, gop.descriptor.frames, options_.sequence));
    HybridPictures decoded(model_, std::move(base), options_.sequence, gop.descriptor,
                           gop.base_data.size(), gop.detail_symbols);
    struct Sample {
        std::vector<float> original, plain, refined;
    };
    std::vector<Sample> samples;
    StageTimes ignored;
    const int count = decoded.count();
    for (int picture = 0; picture < count; picture += kLookApart) {
        const auto [first, grouped] = decoded.group_of(picture);
        GVC_ASSIGN_OR_RETURN(auto plain, decoded.pictures(first, grouped, 0, ignored));
        GVC_ASSIGN_OR_RETURN(auto refined,
                             decoded.pictures(first, grouped, bitstream::kFullRefinement, ignored));
        for (const int i : kLookedAt) {
            if (i >= std::max(grouped, 2)) continue;
            const auto at = static_cast<size_t>(std::min(i, grouped - 1));
            samples.push_back({unpack(source.coded(static_cast<size_t>(first) + at)),
                               std::move(plain[at]), std::move(refined[at])});
        }
    }
    const auto distance_at = [&](int refinement) -> Result<double> {
        const float share = static_cast<float>(refinement) / bitstream::kFullRefinement;
        double sum = 0;
        for (const Sample& sample : samples) {
            std::vector<float> shown(sample.plain);
            for (size_t k = 0; k < shown.size(); ++k) {
                shown[k] += share * (sample.refined[k] - sample.plain[k]);
            }
            GVC_ASSIGN_OR_RETURN(const double distance,
                                 options_.distance
                                     ? options_.distance(sample.original, shown, size_)
                                     : Result<double>(squared_error(sample.original, shown)));
            sum += distance;
        }
        return sum / static_cast<double>(samples.size());
    };
    Seen best{0, bitstream::kFullRefinement};
    GVC_ASSIGN_OR_RETURN(best.distance, distance_at(best.refinement));
    for (int less = best.refinement - 1; less >= 0 && model_.hybrid(); --less) {
        GVC_ASSIGN_OR_RETURN(const double distance, distance_at(less));
        if (distance >= best.distance) break;
        best = {distance, less};
    }
    return best;
}

// Never a refined picture where the base alone is better. How far the GOP then looks from its
// original.
Result<double> Encoder::choose_refinement(const Source& source, EncodedGop& gop) {
    GVC_ASSIGN_OR_RETURN(const Seen seen, look_at(source, gop));
    if (!options_.distance || seen.refinement == gop.descriptor.refinement) return seen.distance;
    gop.descriptor.refinement = static_cast<uint8_t>(seen.refinement);
    GVC_RETURN_IF_ERROR(pack_base(gop));
    return seen.distance;
}

// The packets of a GOP from its descriptor, base data and detail code.
Status Encoder::pack_base(EncodedGop& gop) {
    bitstream::PackOptions options;
    options.fragment = options_.sequence.context == ContextMode::self;
    const size_t most = options.fragment ? bitstream::kMaxFragments *
                                               (options.max_packet - bitstream::kMaxHeaderBytes)
                                         : bitstream::kMaxPayload;
    if (gop.base_data.size() + gop.detail.size() + kBaseHeaders > most) {
        return {Code::quality, "the AV1 base of a GOP takes more bytes than a packet can have",
                options.fragment ? "ask for a lower rate, or use --mode chain"
                                 : "ask for a lower rate"};
    }
    bitstream::CodedGop coded;
    coded.kind = PacketKind::base;
    coded.counter = static_cast<uint8_t>(gops_ % bitstream::kGopCounters);
    coded.sequence = options_.sequence;
    gop.descriptor.detail = !gop.detail.empty();
    coded.descriptor = gop.descriptor;
    coded.token_crc = crc32c(gop.base_data, crc32c(gop.detail));
    coded.units.emplace_back();
    if (gop.descriptor.detail) coded.units[0].push_back(gop.detail);
    coded.units[0].push_back(gop.base_data);
    GVC_ASSIGN_OR_RETURN(gop.packets, bitstream::pack_gop(coded, options_.sequence, options));
    gop.bytes = size_of(gop.packets);
    gop.first_bytes = gop.base_data.size();
    return {};
}

}  // namespace gvc::codec
