// What the encoder decides by looking: how many keyframes the pictures of a GOP get, and which of
// two bases.
#include <algorithm>
#include <iterator>
#include <limits>
#include <numeric>

#include "codec/decoder.h"
#include "codec/encoder.h"
#include "codec/encoder_try.h"
#include "codec/judge.h"
#include "codec/keyframe_search.h"

namespace gvc::codec {
namespace {

// The choice of a base holds for so many GOPs of a scene: a trial costs the coding of two.
constexpr int kTrialEvery = 10, kHurriedTrialEvery = 40;
// How much worse than its keyframe a GOP looks where nothing else is tried.
constexpr double kGoodMotion = 1.3;
// Nor while no more than so many times the bits that it takes are there to be taken.
constexpr double kLeftOver = 1.15;
// How much better than what was best so far something else has to look: the search gains more on
// fine keyframes than on coarse ones, and is not part of trials.
constexpr double kWorthwhile = 0.95;
// What takes so many times the bits that are asked for is at the coarsest qp already.
constexpr double kSameRate = 1.25;
// How much worse than a refined AV1 base, taken as 1, a neural keyframe may look and its GOP be
// tried still.
constexpr double kHopelessKey = 1.25;
// Of several neural GOPs, all are coded to be compared with one AV1 base unless the first one looks
// so many times better or worse.
constexpr double kCertain = 1.25;
// Shares of the work that an AV1 base is, beside a neural one with and without a search.
constexpr double kHybridWork = 0.2, kHybridWorkUnsearched = 0.6;

double bits_of(const std::vector<EncodedGop>& gops) {
    size_t bytes = 0;
    for (const EncodedGop& gop : gops) bytes += gop.bytes;
    return 8.0 * static_cast<double>(bytes);
}

}  // namespace

Result<double> Encoder::distance_of_picture(const GopSource& source, size_t picture,
                                            std::span<const float> shown) const {
    return distance_of(options_.distance, unpack(source.coded(picture)), shown, size_);
}

// ---- keyframes ----

std::vector<GopSource> Encoder::gops_with(Keyframes keyframes, const GopSource& source) const {
    const int count = keyframes == Keyframes::two    ? 2
                      : keyframes == Keyframes::many ? source.part_count()
                                                     : 1;
    std::vector<GopSource> gops = count > 1 ? source.parts(count) : std::vector{source};
    for (GopSource& gop : gops) {
        gop.refresh |= keyframes == Keyframes::refreshed || refreshes_untried(source);
        if (count > 1 || keyframes == Keyframes::even) gop.lead = 0;
    }
    return gops;
}

// Streams whose GOPs are chained have few keyframes because the caller wants it so.
bool Encoder::may_be_tried(const GopSource& source) const {
    return options_.adaptive_keyint && options_.keyint <= models::kGopFrames &&
           source.part_count() > 1;
}

bool Encoder::may_refresh() const { return options_.refresh && KeyframeSearch::in_one(size_); }

// Without a search GOPs are not coded twice to be compared (Encoder::lost_cells).
bool Encoder::refreshes_untried(const GopSource& source) const {
    return may_refresh() && !searches() && source.plan.key;
}

// How far pictures seem from their originals.
struct Encoder::Looks {
    double key = 0;  // a keyframe
    double sum = 0;  // all of them
    double bits = 0;
    // The same, with those that are asked for and left over at the finest qp: nothing else will
    // have them.
    double taken = 0;

    double at_rate_of(const Looks& other) const { return at_equal_rate(sum, taken, other.taken); }
};

double Encoder::asked_bits(const GopSource& source) const {
    return stream_.rate.wanted_bits(static_cast<double>(source.pictures.size()),
                                    source.seconds(options_.sequence));
}

// By the keyframe and one or two pictures of each chunk, which stand for the others.
Result<Encoder::Looks> Encoder::look_at(const Try& gop, const GopSource& source) const {
    Looks looks;
    looks.bits = looks.taken = gop.bits();
    if (gop.coded.descriptor.qp == 0 && stream_.rate.by_rate())
        looks.taken = std::max(looks.taken, asked_bits(source));
    for (int unit = 0; unit < gop.layout.units; ++unit) {
        for (const auto& judged : gop.judged(unit)) {
            const auto picture = static_cast<size_t>(judged.picture);
            GVC_ASSIGN_OR_RETURN(
                const double distance,
                distance_of_picture(source, picture, gop.reconstruction.at(picture)));
            if (unit == 0) looks.key = distance;
            looks.sum += judged.pictures * distance;
        }
    }
    return looks;
}

// Pictures as they were coded to be looked at, without the search.
struct Encoder::Version {
    Keyframes keyframes = Keyframes::leading;
    GopSource source;
    std::optional<Try> whole;  // none where they are several GOPs
    Stream after;              // as it was then
    Looks looks;
};

// With their keyframes as the pictures want them.
Result<Encoder::Gops> Encoder::code_neural(GopSource source) {
    if (!may_be_tried(source)) return code_as(Keyframes::leading, source);
    const Stream before = stream_;
    begin(source);
    GVC_ASSIGN_OR_RETURN(Try gop, code_within_rate(source, true));
    Stream after = std::exchange(stream_, before);
    stream_.rate.learn_from(after.rate);
    GVC_ASSIGN_OR_RETURN(Version best,
                         choose_keyframes({Keyframes::leading, std::move(source), std::move(gop),
                                           std::move(after), Looks()}));
    if (!best.whole) {
        stream_.rate.learn_from(best.after.rate);
        return code_as(best.keyframes, best.source);
    }
    stream_ = std::move(best.after);
    GVC_ASSIGN_OR_RETURN(gop, with_search(std::move(*best.whole), best.source));
    return Gops{commit(std::move(gop), best.source)};
}

// What looks best at equal rate. Where motion compensation holds what the keyframe gives, that is
// how the GOP was coded already.
Result<Encoder::Version> Encoder::choose_keyframes(Version leading) {
    Version best = std::move(leading);
    GopSource source = best.source;
    const auto pictures = static_cast<int>(source.pictures.size());
    // Where maxrate already costs frames there is no room for more keyframes.
    if (best.whole->packets.empty() || source.frames() < pictures) return best;
    GVC_ASSIGN_OR_RETURN(best.looks, look_at(*best.whole, source));
    forget_pictures(*best.whole);
    const Looks first = best.looks;
    const bool moves_well = first.sum <= kGoodMotion * pictures * first.key;
    if (moves_well && first.taken <= kLeftOver * first.bits) return best;
    double most = std::numeric_limits<double>::infinity();
    if (stream_.rate.by_rate()) {
        most = kSameRate * std::max(first.bits, asked_bits(source));
    }
    const auto compare = [&](Keyframes keyframes) -> Result<double> {
        GVC_ASSIGN_OR_RETURN(auto tried, try_as(keyframes, source));
        if (!tried || tried->looks.bits > most) return std::numeric_limits<double>::infinity();
        const double sum = tried->looks.at_rate_of(first);
        if (sum < kWorthwhile * best.looks.at_rate_of(first)) best = std::move(*tried);
        return sum;
    };
    if (may_refresh() && searches()) {
        GVC_ASSIGN_OR_RETURN(const double refreshed, compare(Keyframes::refreshed));
        source.refresh = refreshed < first.sum;  // those of more keyframes do so, too
    }
    GVC_ASSIGN_OR_RETURN(const double two, compare(Keyframes::two));
    // Three are better than one only where two are.
    if (two < first.sum && source.part_count() > 2)
        GVC_RETURN_IF_ERROR(compare(Keyframes::many).status());
    if (best.keyframes == Keyframes::leading)
        GVC_RETURN_IF_ERROR(compare(Keyframes::even).status());
    return best;
}

// What was looked at: the search needs the memory.
void Encoder::forget_pictures(Try& gop) const {
    if (!options_.keep_reconstruction) gop.reconstruction = {};
}

// Leaves no trace. None where maxrate costs frames.
Result<std::optional<Encoder::Version>> Encoder::try_as(Keyframes keyframes,
                                                        const GopSource& source) {
    const Stream before = stream_;
    Looks all;
    std::optional<Try> whole;
    std::vector<GopSource> parts = gops_with(keyframes, source);
    for (GopSource& part : parts) {
        begin(part);
        auto coded = code_within_rate(part, true);
        const bool fits = coded.status().code() != Code::quality &&
                          (!coded.ok() || !coded->packets.empty()) &&
                          part.frames() == static_cast<int>(part.pictures.size());
        if (!fits) {
            stream_ = before;
            return std::optional<Version>();
        }
        GVC_ASSIGN_OR_RETURN(Try gop, std::move(coded));
        GVC_ASSIGN_OR_RETURN(const Looks looks, look_at(gop, part));
        all.sum += looks.sum;
        all.bits += looks.bits;
        all.taken += looks.taken;
        forget_pictures(gop);
        if (parts.size() > 1) {
            commit(std::move(gop), part);
        } else {
            whole = std::move(gop);
        }
    }
    return std::optional(Version{keyframes, whole ? std::move(parts.front()) : source,
                                 std::move(whole), std::exchange(stream_, before), all});
}

// ---- the better of two bases ----

// What a decoder shows of GOPs, the first of which begins with a keyframe, as they are coded.
class Encoder::Preview {
  public:
    // Of GOPs that have all of the source's pictures; both must outlive this.
    Preview(const Encoder& encoder, const GopSource& source)
        : encoder_(encoder), source_(source), judged_(judged_pictures(source.frames())) {}

    Status show(const Gops& gops) {
        if (!decoder_) {
            GVC_ASSIGN_OR_RETURN(decoder_, Decoder::make(encoder_.model_, {}));
        }
        for (const EncodedGop& gop : gops) {
            for (const bitstream::Bytes& packet : gop.packets) {
                GVC_RETURN_IF_ERROR(decoder_->send(packet));
                GVC_RETURN_IF_ERROR(judge());
            }
        }
        return {};
    }
    // Nothing follows what was shown.
    Status finish() {
        GVC_RETURN_IF_ERROR(decoder_->flush());
        return judge();
    }
    // Of the judged pictures so far from their originals, on average, and of these pictures by what
    // all judged ones have.
    double distance() const { return sum_ / std::max(count_, 1); }
    double distance_by(std::span<const double> all) const {
        const auto seen = all.first(std::min(static_cast<size_t>(count_), all.size()));
        return std::accumulate(seen.begin(), seen.end(), 0.0) / std::max(count_, 1);
    }

  private:
    Status judge() {
        while (true) {
            const auto frame = decoder_->receive();
            if (frame.status().code() == Code::again) return {};
            if (!frame.ok()) return frame.status();
            const int picture = shown_++;
            if (!std::binary_search(judged_.begin(), judged_.end(), picture)) continue;
            const auto original = unpack(source_.coded(static_cast<size_t>(picture)));
            GVC_ASSIGN_OR_RETURN(const double distance,
                                 distance_of(encoder_.options_.distance_of_neural, original,
                                             frame->rgb, frame->size));
            sum_ += distance;
            ++count_;
        }
    }

    const Encoder& encoder_;
    const GopSource& source_;
    std::vector<int> judged_;
    std::unique_ptr<Decoder> decoder_;
    int shown_ = 0, count_ = 0;
    double sum_ = 0;
};

// Whether to look at bases again: at cuts, and now and then.
bool Encoder::is_due(const GopSource& source) {
    const int every = options_.rate.hurry ? kHurriedTrialEvery : kTrialEvery;
    const bool due = source.plan.cut || ++since_base_trial_ >= every;
    if (due) since_base_trial_ = 0;
    return due;
}

// What a GOP with an AV1 base took, whether it goes out or not.
void Encoder::count(const EncodedGop& hybrid) {
    costs_ += hybrid.costs;
    tries_ += hybrid.tries;
}

// By what a decoder shows of both, at equal rate. What was better holds until the scene changes.
Result<Encoder::Gops> Encoder::code_better(GopSource& source) {
    if (!is_due(source) && !source.is_long()) return code_as_before(source);
    source.alone = true;  // it is shown by itself to be compared
    const double share = searches() ? kHybridWork : kHybridWorkUnsearched;
    told_share_ = share;
    GVC_ASSIGN_OR_RETURN(auto hybrid, hybrid_->code(source, stream_.gops, true));
    count(hybrid.gop);
    told_before_ = share * source.plan.frames;
    told_share_ = 1 - share;
    std::optional<Gops> neural;
    // Where maxrate already costs frames there is no room for another base.
    if (source.kept.size() == source.pictures.size()) {
        GVC_ASSIGN_OR_RETURN(neural, source.is_long() ? several_if_better(source, hybrid)
                                                      : neural_if_better(source, hybrid));
    }
    prefers_neural_ = neural.has_value();
    if (neural) {
        hybrid_->commit(bits_of(*neural));
        return std::move(*neural);
    }
    const double bits = 8.0 * static_cast<double>(hybrid.gop.bytes);
    hybrid_->commit(bits);
    pass(source, bits);
    if (!hybrid.gop.packets.empty()) ++stream_.gops;
    return Gops{std::move(hybrid.gop)};
}

Result<Encoder::Gops> Encoder::code_as_before(GopSource& source) {
    GVC_ASSIGN_OR_RETURN(Gops gops,
                         prefers_neural_ ? code_neural(source) : code_hybrid(source, false));
    if (prefers_neural_) {
        hybrid_->pass(source, bits_of(gops));
    } else {
        pass(source, bits_of(gops));
    }
    return gops;
}

// A GOP with an AV1 base goes out, behind which decoders have no keyframe.
void Encoder::pass(const GopSource& source, double bits) {
    stream_.key_state = stream_.plain_key_state = {};
    begin_rate(source);
    stream_.rate.commit(bits);
}

// The pictures with the neural base if they look better than with an AV1 base. The keyframe is
// looked at first: what follows is made from it and seldom looks better.
Result<std::optional<Encoder::Gops>> Encoder::neural_if_better(const GopSource& source,
                                                               const HybridEncoder::Coded& hybrid) {
    const Stream before = stream_;
    const auto none = [&] {
        stream_ = before;
        return std::optional<Gops>();
    };
    begin_rate(source);
    Try key = begin_try(source);
    key.be_judged();
    code_first(key, source);
    stream_ = before;
    GVC_RETURN_IF_ERROR(model_.status());
    const auto index = static_cast<size_t>(bitstream::unit_frames(key.coded.descriptor, 0).first);
    GVC_ASSIGN_OR_RETURN(const double of_key,
                         distance_of_picture(source, index, key.reconstruction.at(index)));
    const double hopeless = kHopelessKey * (searches() ? kSearchGain : 1);
    if (of_key > hopeless * hybrid.seen.distance) return none();

    auto coded = code_neural(source);
    // That maxrate is too low for this base says nothing of the other.
    if (coded.status().code() == Code::quality) return none();
    GVC_ASSIGN_OR_RETURN(Gops gops, std::move(coded));
    int frames = 0;
    for (const EncodedGop& gop : gops) frames += gop.packets.empty() ? 0 : gop.descriptor.frames;
    if (frames < source.frames()) return none();

    Preview preview(*this, source);
    GVC_RETURN_IF_ERROR(preview.show(gops));
    GVC_RETURN_IF_ERROR(preview.finish());
    const double hybrid_bits = 8.0 * static_cast<double>(hybrid.gop.bytes);
    if (at_equal_rate(preview.distance(), bits_of(gops), hybrid_bits) >= hybrid.seen.distance)
        return none();
    return std::optional(std::move(gops));
}

// The same where the pictures are one GOP with an AV1 base and several neural ones. The first of
// these mostly tells.
Result<std::optional<Encoder::Gops>> Encoder::several_if_better(
    const GopSource& source, const HybridEncoder::Coded& hybrid) {
    const Stream before = stream_;
    const double hybrid_bits = 8.0 * static_cast<double>(hybrid.gop.bytes);
    const int done = done_;
    Preview preview(*this, source);
    Gops all;
    int frames = 0;
    bool certain = false;
    planned_ -= source.plan.frames;
    const std::vector<GopSource> sources = source.gops(options_.keyint);
    for (const GopSource& next : sources) {
        planned_ += next.plan.frames;
        GVC_ASSIGN_OR_RETURN(Gops gops, code_neural(next));
        frames += next.plan.frames;
        done_ = done + frames;
        tell(done_);
        if (!certain) GVC_RETURN_IF_ERROR(preview.show(gops));
        std::move(gops.begin(), gops.end(), std::back_inserter(all));
        if (frames == next.plan.frames) {
            // Of bits beyond its share it was lent some, and those behind it have fewer.
            const double share = hybrid_bits * frames / source.plan.frames;
            const double worse =
                at_equal_rate(preview.distance(), std::min(bits_of(all), share), share) /
                preview.distance_by(hybrid.seen.distances);
            certain = worse < 1 / kCertain;
            if (worse > kCertain) break;
        }
    }
    if (!certain) GVC_RETURN_IF_ERROR(preview.finish());
    const bool is_better = certain || (frames == source.plan.frames &&
                                       at_equal_rate(preview.distance(), bits_of(all),
                                                     hybrid_bits) < hybrid.seen.distance);
    if (is_better) return std::optional(std::move(all));
    stream_ = before;
    planned_ += source.plan.frames - frames;
    done_ = done;
    return std::optional<Gops>();
}

}  // namespace gvc::codec
