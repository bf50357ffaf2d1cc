#include "codec/hybrid_encoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/crc32c.h"
#include "codec/detail.h"
#include "codec/hybrid_pictures.h"
#include "codec/judge.h"

namespace gvc::codec {
namespace {

using bitstream::Bytes;
using bitstream::ContextMode;

// Sizes that are tried, and how.
constexpr std::array kScales = {1.0, 0.875, 0.75, 0.625, 0.5, 0.4375, 0.375, 0.3125, 0.25};
constexpr size_t kMiddleScale = 3;
constexpr double kBitsPerSize = 1.3;   // bits go with this power of the scale
constexpr size_t kMostHeaders = 4096;  // bytes that surely hold what comes before a GOP's data
constexpr double kUsualDetailBits = 1.2, kMostDetailBits = 3.0;  // of a detail code's symbol
constexpr double kDetailOverheadBits = 64;  // its slice's length and the entropy coder's state
// How long things take, in drafts, and how often they are usually done: to tell progress by.
constexpr double kFullWork = 3, kLookWork = 1;
constexpr double kUsualTries = 2, kUsualSizes = 4;

// The first size from which on the bits, too many by this factor at size i, are expected to fit.
size_t next_size(size_t i, double excess) {
    size_t next = i + 1;
    while (next + 1 < kScales.size() &&
           excess * std::pow(kScales[next] / kScales[i], kBitsPerSize) > 1) {
        ++next;
    }
    return next;
}

}  // namespace

HybridEncoder::HybridEncoder(const Model& model, const EncoderOptions& options)
    : model_(model),
      options_(options),
      size_{static_cast<int>(options.sequence.width), static_cast<int>(options.sequence.height)},
      rate_(options.rate, static_cast<double>(size_.width) * size_.height,
            tick_seconds(options.sequence) * options.sequence.ticks_per_frame) {}

void HybridEncoder::begin_rate(const GopSource& source) {
    rate_.begin(source.plan.frames, source.seconds(options_.sequence), source.plan.last,
                source.is_long());
}

void HybridEncoder::commit(double bits) { rate_.commit(bits); }

void HybridEncoder::pass(const GopSource& source, double bits) {
    begin_rate(source);
    rate_.commit(bits);
}

Result<HybridEncoder::Coded> HybridEncoder::code(GopSource& source, uint32_t number, bool look) {
    number_ = number;
    costs_ = {};
    tries_ = 0;
    pictures_ = source.plan.frames;
    done_ = 0;
    expected_ = kUsualTries * kFullWork + kLookWork;
    begin_rate(source);
    if (!chosen_size_) {
        const Status chosen = choose_size(source);
        if (!chosen.ok()) {
            chosen_size_.reset();  // what is too long for a packet comes again, in pieces
            return chosen;
        }
    }
    while (true) {
        Coded coded;
        GVC_ASSIGN_OR_RETURN(coded.gop, code_within_budget(source));
        const bool fits = rate_.within_cap();
        if (!fits && source.thin_out()) {
            rate_.shorten();
            continue;
        }
        if (!fits && number == 0) {
            return {Code::quality, "the maximum rate is too low for a single picture",
                    "raise it, or make the pictures smaller"};
        }
        if (fits && look) {
            GVC_ASSIGN_OR_RETURN(coded.seen, choose_refinement(source, coded.gop));
        }
        if (!fits) coded.gop = {};
        coded.gop.source_frames = source.plan.frames;
        coded.gop.costs = costs_;
        coded.gop.tries = tries_;
        return coded;
    }
}

// Which size looks best after refinement depends on the rate and on what is shown: from the middle
// one the search goes on towards what is better, on the first GOP, until two sizes in a row are
// worse, in a hurry or with a long GOP one. All of it on drafts. Without a rate the base has full
// size.
Status HybridEncoder::choose_size(const GopSource& source) {
    std::optional<Candidate> best;
    chosen_size_ = 0;
    if (options_.base_scale > 0 || !rate_.budget()) return {};
    expected_ += kUsualSizes * (kUsualTries + kLookWork);
    const BaseRateControl before = rate_;
    const auto is_better = [&](size_t i) -> Result<bool> {
        rate_ = before;
        if (best) {  // a size starts where it will likely take the same bits
            const double sizes = kScales[i] / kScales[*chosen_size_];
            rate_.start_from(best->crf, std::pow(sizes, kBitsPerSize));
        }
        GVC_ASSIGN_OR_RETURN(auto candidate, try_size(source, i));
        if (!candidate || (best && candidate->at_budget >= best->at_budget)) return false;
        best = candidate;
        chosen_size_ = i;
        return true;
    };
    chosen_size_ = kMiddleScale;
    const int enough = options_.rate.hurry || source.is_long() ? 1 : 2;
    GVC_RETURN_IF_ERROR(is_better(kMiddleScale).status());
    for (const int step : {+1, -1}) {
        int worse = 0;
        bool any = false;
        for (size_t i = kMiddleScale + static_cast<size_t>(step);
             i < kScales.size() && worse < enough; i += static_cast<size_t>(step)) {
            GVC_ASSIGN_OR_RETURN(const bool better, is_better(i));
            any = any || better;
            worse = better || !best ? 0 : worse + 1;
        }
        if (any || !best) break;
    }
    rate_ = before;
    if (best) {
        rate_.start_from(best->crf, 1);
    } else {
        chosen_size_ = kScales.size() - 1;
    }
    return {};
}

// A draft of the GOP with a base of this size, and how far it looks from its original, as if it had
// taken its very budget: a few percent of rate would decide otherwise. None where the budget cannot
// be met.
Result<std::optional<HybridEncoder::Candidate>> HybridEncoder::try_size(const GopSource& source,
                                                                        size_t size) {
    options_.sequence.base_size = base_size(options_.sequence, kScales[size]);
    GVC_ASSIGN_OR_RETURN(const EncodedGop gop, code_at_size(source, BaseEffort::draft));
    if (!rate_.meets_budget()) return std::optional<Candidate>();
    GVC_ASSIGN_OR_RETURN(const Seen seen, look_at(source, gop));
    const double bits = 8.0 * static_cast<double>(gop.bytes);
    return std::optional(
        Candidate{rate_.best(), at_equal_rate(seen.distance, bits, *rate_.budget())});
}

// A GOP that takes too many bits at the coarsest quantiser gets a smaller size, for itself alone.
Result<EncodedGop> HybridEncoder::code_within_budget(const GopSource& source) {
    const bool fixed = options_.base_scale > 0;
    for (size_t i = *chosen_size_;;) {
        const double scale = fixed ? options_.base_scale : kScales[i];
        options_.sequence.base_size = base_size(options_.sequence, scale);
        const BaseRateControl before = rate_;
        GVC_ASSIGN_OR_RETURN(EncodedGop gop, code_at_size(source, BaseEffort::full));
        const double excess = rate_.excess();
        if (fixed || excess == 1 || i + 1 == kScales.size()) return gop;
        rate_ = before;
        i = std::min(next_size(i, excess), kScales.size() - 1);
    }
}

Result<EncodedGop> HybridEncoder::code_at_size(const GopSource& source, BaseEffort effort) {
    std::vector<const WaitingPicture*> pictures;
    for (size_t i = 0; i < source.kept.size(); ++i) pictures.push_back(&source.coded(i));
    StageTimer timer(costs_.analyse, model_.ops());
    GVC_ASSIGN_OR_RETURN(const auto coder,
                         options_.base_coder->source(pictures, options_.sequence));
    EncodedGop gop;
    gop.descriptor = describe(source, options_.sequence, number_, options_.seed);
    gop.descriptor.base = bitstream::BaseKind::av1;
    gop.descriptor.refinement = static_cast<uint8_t>(refinement_);
    std::map<double, EncodedGop> tries;
    const double work = effort == BaseEffort::full ? kFullWork : 1;
    for (bool content = false; !content; ++tries_) {
        const double crf = rate_.crf();
        const auto tell = [&](int taken) { tell_progress(work * taken / pictures_); };
        GVC_ASSIGN_OR_RETURN(const auto units, coder->encode(crf, effort, tell));
        done_ += work;
        gop.base_data.clear();
        for (const Bytes& unit : units) {
            gop.base_data.insert(gop.base_data.end(), unit.begin(), unit.end());
        }
        gop.descriptor.qp =
            static_cast<uint8_t>(std::min(static_cast<int>(crf) / 2, models::kQualities - 1));
        GVC_RETURN_IF_ERROR(pack(gop));
        tries[crf] = gop;
        // Drafts are compared at equal rate, and those of long GOPs take their time.
        const bool rough = effort == BaseEffort::draft && source.is_long();
        content = rate_.tried(8.0 * static_cast<double>(gop.bytes) + expected_detail_bits(), rough);
    }
    gop = std::move(tries[rate_.best()]);
    if (options_.detail && model_.hybrid()) GVC_RETURN_IF_ERROR(add_detail(pictures, gop));
    return gop;
}

// What a detail code will take of the GOP's bits; with a hard limit, what it may take at most.
double HybridEncoder::expected_detail_bits() const {
    if (!options_.detail || !model_.hybrid()) return 0;
    const auto symbols = static_cast<double>(detail_size(size_).count());
    if (options_.rate.maxrate > 0) return kMostDetailBits * symbols + kDetailOverheadBits;
    return detail_bits_.value_or(kUsualDetailBits * symbols + kDetailOverheadBits);
}

Status HybridEncoder::add_detail(std::span<const WaitingPicture* const> pictures, EncodedGop& gop) {
    GVC_ASSIGN_OR_RETURN(
        auto decoded,
        options_.base_coder->decode(gop.base_data, gop.descriptor.frames, options_.sequence));
    GVC_ASSIGN_OR_RETURN(gop.detail_symbols, measure_detail(model_, pictures, *decoded, size_));
    gop.detail = entropy::encode_detail(detail_size(size_), gop.detail_symbols);
    const size_t before = gop.bytes;
    GVC_RETURN_IF_ERROR(pack(gop));
    detail_bits_ = 8.0 * static_cast<double>(gop.bytes - before);
    if (options_.rate.maxrate <= 0 || *detail_bits_ <= expected_detail_bits()) return {};
    gop.detail.clear();
    gop.detail_symbols.clear();
    return pack(gop);
}

// Some pictures of the GOP as a decoder shows them, at the refinement that looks best. Groups that
// are looked at alone are refined without the one before them: it would cost as much again, and all
// that are compared are compared like that.
Result<HybridEncoder::Seen> HybridEncoder::look_at(const GopSource& source, const EncodedGop& gop) {
    StageTimer timer(costs_.base, model_.ops());
    GVC_ASSIGN_OR_RETURN(auto base, options_.base_coder->decode(
                                        gop.base_data, gop.descriptor.frames, options_.sequence));
    HybridPictures decoded(model_, std::move(base), options_.sequence, gop.descriptor,
                           gop.base_data.size(), gop.detail_symbols);
    struct Sample {
        std::vector<float> original, plain, refined;
    };
    std::vector<Sample> samples;
    StageCosts ignored;
    std::vector<std::vector<float>> plain, refined;
    int first = -1;  // of the group in hand
    const std::vector<int> judged = judged_pictures(decoded.count());
    for (const int picture : judged) {
        const RefinedGroup group = refined_group(picture, decoded.count());
        if (group.first != first) {
            first = group.first;
            GVC_ASSIGN_OR_RETURN(plain, decoded.pictures(first, group.count, 0, ignored));
            GVC_ASSIGN_OR_RETURN(
                refined, decoded.pictures(first, group.count, bitstream::kFullRefinement, ignored));
        }
        const auto at = static_cast<size_t>(picture - first);
        samples.push_back({unpack(source.coded(static_cast<size_t>(picture))), std::move(plain[at]),
                           std::move(refined[at])});
        done_ += kLookWork / static_cast<double>(judged.size());
        tell_progress(0);
    }
    const auto seen_at = [&](int refinement) -> Result<Seen> {
        Seen seen{0, refinement};
        const float share = static_cast<float>(refinement) / bitstream::kFullRefinement;
        for (const Sample& sample : samples) {
            std::vector<float> shown(sample.plain);
            for (size_t k = 0; k < shown.size(); ++k) {
                shown[k] += share * (sample.refined[k] - sample.plain[k]);
            }
            GVC_ASSIGN_OR_RETURN(const double distance,
                                 distance_of(options_.distance, sample.original, shown, size_));
            seen.distance += distance / static_cast<double>(samples.size());
            seen.distances.push_back(distance);
        }
        return seen;
    };
    GVC_ASSIGN_OR_RETURN(Seen best, seen_at(bitstream::kFullRefinement));
    for (int less = best.refinement - 1; less >= 0 && model_.hybrid(); --less) {
        GVC_ASSIGN_OR_RETURN(Seen seen, seen_at(less));
        if (seen.distance >= best.distance) break;
        best = std::move(seen);
    }
    return best;
}

// Never a refined picture where the base alone is better. How far the GOP then looks from its
// original.
Result<HybridEncoder::Seen> HybridEncoder::choose_refinement(const GopSource& source,
                                                             EncodedGop& gop) {
    GVC_ASSIGN_OR_RETURN(Seen seen, look_at(source, gop));
    if (!options_.distance || seen.refinement == gop.descriptor.refinement) return seen;
    refinement_ = seen.refinement;
    gop.descriptor.refinement = static_cast<uint8_t>(seen.refinement);
    GVC_RETURN_IF_ERROR(pack(gop));
    return seen;
}

// `work` beside what is done, of which nobody knows beforehand how much there will be.
void HybridEncoder::tell_progress(double work) const {
    if (!options_.on_progress) return;
    const double share = (done_ + work) / std::max(expected_, done_ + kFullWork);
    options_.on_progress(static_cast<int>(share * pictures_));
}

// The packets of a GOP from its descriptor, base data and detail code.
Status HybridEncoder::pack(EncodedGop& gop) {
    bitstream::PackOptions options;
    options.fragment = options_.sequence.context == ContextMode::self;
    const size_t most = options.fragment ? bitstream::kMaxFragments *
                                               (options.max_packet - bitstream::kMaxHeaderBytes)
                                         : bitstream::kMaxPayload;
    if (gop.base_data.size() + gop.detail.size() + kMostHeaders > most) {
        return {Code::quality, "the AV1 base of a GOP takes more bytes than a packet can have",
                options.fragment ? "ask for a lower rate, or use --mode chain"
                                 : "ask for a lower rate"};
    }
    bitstream::CodedGop coded;
    coded.kind = bitstream::PacketKind::base;
    coded.counter = static_cast<uint8_t>(number_ % bitstream::kGopCounters);
    coded.sequence = options_.sequence;
    gop.descriptor.detail = !gop.detail.empty();
    coded.descriptor = gop.descriptor;
    coded.token_crc = crc32c(gop.base_data, crc32c(gop.detail));
    coded.units.emplace_back();
    if (gop.descriptor.detail) coded.units[0].push_back(gop.detail);
    coded.units[0].push_back(gop.base_data);
    GVC_ASSIGN_OR_RETURN(gop.packets, bitstream::pack_gop(coded, options_.sequence, options));
    gop.bytes = bitstream::size_of(gop.packets);
    gop.first_bytes = gop.base_data.size();
    return {};
}

}  // namespace gvc::codec
