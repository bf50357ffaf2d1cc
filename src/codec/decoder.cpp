#include "codec/decoder.h"

#include <algorithm>
#include <iterator>

#include "base/crc32c.h"
#include "bitstream/frame_times.h"
#include "bitstream/index.h"
#include "codec/detail.h"
#include "codec/quantiser.h"
#include "codec/refresh.h"
#include "sampling/sampler.h"

namespace gvc::codec {
namespace {

using bitstream::BaseKind;
using bitstream::ContextMode;
using bitstream::PacketKind;

std::string numbered(uint64_t gop) { return "GOP " + std::to_string(gop); }

Status no_refiner() {
    return {Code::usage, "steps need a refiner", "give its weights, or decode with 0 steps"};
}

}  // namespace

Decoder::Decoder(const Model& model, const DecoderOptions& options)
    : model_(model), options_(options), steps_(options.steps), unit_decoder_(model.tokens()) {
    if (steps_ < 0) steps_ = model.usual_steps();
}

Result<std::unique_ptr<Decoder>> Decoder::make(const Model& model, const DecoderOptions& options) {
    if (options.steps < -1 || options.steps > models::kMaxSteps) {
        return {Code::usage, "steps must be from 0 to " + std::to_string(models::kMaxSteps)};
    }
    if (options.steps > 0 && !model.refiner() && !model.hybrid()) return no_refiner();
    return std::unique_ptr<Decoder>(new Decoder(model, options));
}

void Decoder::reset(uint64_t discard_before) {
    options_.discard_before = discard_before;
    const auto sequence = parser_.sequence();
    parser_ = bitstream::PacketParser();
    if (sequence) parser_.set_sequence(*sequence);
    unit_decoder_ = bitstream::UnitDecoder(model_.tokens());
    gop_.reset();
    open_unit_.reset();
    last_counter_.reset();
    joined_late_ = refused_gop_ = whole_stream_ = damaged_ = false;
    key_plane_ = {};
    work_.clear();
    ready_.clear();
    early_.clear();
    state_ = key_state_ = {};
}

// ---- packets to tokens ----

Status Decoder::send(std::span<const uint8_t> packets) {
    bitstream::PacketScanner scanner;
    scanner.feed(packets);
    scanner.finish();
    uint64_t skipped = 0;
    while (true) {
        const auto packet = scanner.next();
        if (scanner.skipped_bytes() > skipped) GVC_RETURN_IF_ERROR(miss_packet());
        skipped = scanner.skipped_bytes();
        if (!packet.ok()) return {};
        GVC_RETURN_IF_ERROR(send(*packet));
    }
}

// Something that is no packet any more. In the GOP in hand it shows as what is missing there, else
// as a gap before the next one; it is counted then.
Status Decoder::miss_packet() {
    if (!options_.conceal) return lose("a packet", "is damaged or cut off");
    if (!last_counter_) joined_late_ = true;
    if (!gop_ || gop_complete()) refused_gop_ = true;
    return {};
}

bool Decoder::gop_complete() const {
    return gop_->is_hybrid() ? next_unit_ == 1 : unit_decoder_.gop_complete();
}

Status Decoder::send(const bitstream::Packet& packet) {
    StageTimer timer(costs_.entropy, model_.ops());
    auto content = parser_.parse(packet);
    if (content.ok()) return take(*content);
    if (content.status().code() == Code::again) return {};  // a fragment
    if (content.status().code() != Code::corrupt) return content.status();
    if (!last_counter_) joined_late_ = true;
    if (packet.header.gop != last_counter_) refused_gop_ = true;
    if (options_.conceal) return {};  // what is missing shows in what follows
    return lose("a packet behind " + numbered(gops_), content.status().message());
}

Status Decoder::take(const bitstream::PacketContent& content) {
    if (content.descriptor) GVC_RETURN_IF_ERROR(begin_gop(content));
    if (content.header.kind == PacketKind::end) return end_stream(content);
    if (content.header.kind > PacketKind::base || !gop_) return {};
    for (const auto& slice : content.slices) GVC_RETURN_IF_ERROR(add_slice(slice));
    return check_tokens(content);
}

Status Decoder::begin_gop(const bitstream::PacketContent& content) {
    GVC_RETURN_IF_ERROR(end_gop());
    auto gop = std::make_shared<Gop>();
    gop->sequence = *parser_.sequence();
    gop->descriptor = *content.descriptor;
    gop->layout = parser_.layout();
    gop->plane = bitstream::plane_size(gop->sequence);
    gop->counter = content.header.gop;
    gop->pts = bitstream::frame_times(gop->sequence, gop->descriptor);
    if (gop->is_hybrid() && !options_.base_coder) {
        return {Code::resources, numbered(gops_) + " has an AV1 base, and there is no AV1 decoder"};
    }
    if (!gop->is_hybrid() && options_.steps > 0 && !model_.refiner()) return no_refiner();
    GVC_RETURN_IF_ERROR(bridge_gap(*gop));
    refused_gop_ = false;
    gop->number = gops_++;
    last_counter_ = gop->counter;
    next_pts_ = gop->pts.back() + gop->sequence.ticks_per_frame;
    gop_ = gop;
    next_unit_ = 0;
    open_unit_.reset();

    if (gop->is_hybrid()) {  // it stands alone
        damaged_ = false;
        key_plane_ = {};
        return {};
    }
    const bool key = gop->layout.kind == PacketKind::keyframe;
    const Status status =
        unit_decoder_.begin_gop(gop->sequence, gop->descriptor, gop->layout, gop->counter);
    if (!status.ok() && status.code() != Code::corrupt) return status;
    const bool chained = gop->sequence.context == ContextMode::chain;
    const bool joins = key || (gop->plane == key_plane_ && !(chained && damaged_));
    gop->unusable = !status.ok() || !joins;
    if (gop->unusable) return lose_gop("the GOPs before it are missing or damaged");
    if (key) damaged_ = false;
    return {};
}

// GOPs of which no packet came: their frames are known by number and time only.
Status Decoder::bridge_gap(const Gop& next) {
    if (!last_counter_) {
        if (!joined_late_) return {};
        whole_stream_ = false;
        return lose("the beginning", "is missing or damaged");
    }
    const int wrap = bitstream::kGopCounters;
    const int missing = (next.counter - *last_counter_ - 1 + 2 * wrap) % wrap;
    // A counter that jumps back with the time is a stream that begins anew.
    if (missing == 0 || next.pts.front() < next_pts_) return {};
    GVC_RETURN_IF_ERROR(lose("GOPs from " + numbered(gops_), "are missing"));
    report_.lost_gops += static_cast<uint64_t>(missing - 1);
    gops_ += static_cast<uint64_t>(missing);
    const uint64_t step = next.sequence.ticks_per_frame;
    const uint64_t gap = next.pts.front() - next_pts_;
    const uint64_t frames = gap / step + (gap % step != 0);
    queue_gap(next.sequence, std::min<uint64_t>(frames, missing * models::kGopFrames));
    if (frames > 0) work_.back().end_pts = next.pts.front();
    return {};
}

// So many frames show the picture before them, from next_pts_ on.
void Decoder::queue_gap(const bitstream::SequenceHeader& sequence, uint64_t frames) {
    if (frames == 0) return;
    Work work;
    for (uint64_t i = 0; i < frames; ++i, next_pts_ += sequence.ticks_per_frame) {
        work.pts.push_back(next_pts_);
    }
    auto gop = std::make_shared<Gop>();
    gop->sequence = sequence;
    work.gop = std::move(gop);
    work.end_pts = next_pts_;
    work.hold = work.concealed = true;
    frames_ += frames;
    work_.push_back(std::move(work));
}

Status Decoder::add_slice(const bitstream::CodedSlice& slice) {
    if (gop_->unusable) return {};
    if (gop_->is_hybrid()) return add_base(slice);
    // Where slices stand alone, a unit of which some are lost is decoded of the others.
    if (open_unit_ && *open_unit_ != slice.unit) queue_unit(*open_unit_, false);
    auto complete = unit_decoder_.add(slice);
    if (!complete.ok()) {
        gop_->unusable = gop_->sequence.context == ContextMode::chain;
        return lose_gop(complete.status().message());
    }
    open_slices_ = open_unit_ ? open_slices_ + 1 : 1;
    open_unit_ = slice.unit;
    if (*complete) queue_unit(slice.unit, open_slices_ == gop_->layout.slices_of(slice.unit));
    return {};
}

// The data of a hybrid GOP, the last of its slices. It is looked into when its pictures are wanted.
Status Decoder::add_base(const bitstream::CodedSlice& slice) {
    base_crc_ = crc32c(slice.bytes, slice.slice > 0 ? base_crc_ : 0);
    if (slice.slice + 1 < gop_->layout.slices_of(0)) {
        gop_->detail.assign(slice.bytes.begin(), slice.bytes.end());
        return {};
    }
    Work work;
    work.gop = gop_;
    work.base = std::make_shared<std::vector<uint8_t>>(slice.bytes.begin(), slice.bytes.end());
    queue(std::move(work), gop_->frames_of(0));
    next_unit_ = 1;
    return {};
}

void Decoder::queue_unit(int unit, bool whole) {
    open_unit_.reset();
    if (unit < next_unit_) return;
    queue_hold(unit);
    if (!whole) damaged_ = true;
    if (unit_role(gop_->layout.kind, unit) == UnitRole::key) key_plane_ = gop_->plane;
    if (gop_->plane != key_plane_) return queue_hold(unit + 1);  // no keyframe to build on
    Work work{gop_, unit, unit_decoder_.tokens(), {}, 0, false, damaged_};
    if (gop_->descriptor.base == BaseKind::still) {
        queue(work, {0, 1});
        work.hold = true;
        queue(work, {1, gop_->descriptor.frames - 1});
    } else {
        queue(work, gop_->frames_of(unit));
    }
    next_unit_ = unit + 1;
}

// The frames of units from next_unit_ up to end_unit show the picture before them.
void Decoder::queue_hold(int end_unit) {
    for (; next_unit_ < end_unit; ++next_unit_) {
        damaged_ = true;
        queue({gop_, next_unit_, bitstream::UnitTokens(), {}, 0, true, true},
              gop_->frames_of(next_unit_));
    }
}

// The work shows these of the GOP's frames.
void Decoder::queue(Work work, bitstream::UnitFrames frames) {
    const auto& pts = gop_->pts;
    const auto end = static_cast<size_t>(frames.first + frames.count);
    work.pts.assign(pts.begin() + frames.first, pts.begin() + static_cast<ptrdiff_t>(end));
    if (work.pts.empty()) return;
    work.end_pts = end < pts.size() ? pts[end] : next_pts_;
    frames_ += work.pts.size();
    work_.push_back(std::move(work));
}

// The CRC of the whole GOP's tokens. Frames that were shown already stay shown.
Status Decoder::check_tokens(const bitstream::PacketContent& content) {
    if (!content.token_crc || gop_->unusable) return {};
    if (gop_->is_hybrid()) {
        if (next_unit_ == 0 || *content.token_crc == base_crc_) return {};
    } else if (!unit_decoder_.gop_complete() || *content.token_crc == unit_decoder_.hash()) {
        return {};
    }
    for (Work& work : work_) {
        if (work.gop == gop_) work.hold = work.concealed = true;
    }
    key_plane_ = {};
    return lose_gop("its tokens do not have the CRC that they were sent with");
}

Status Decoder::end_gop() {
    if (!gop_) return {};
    Status status;
    if (open_unit_) queue_unit(*open_unit_, false);
    if (!gop_complete()) status = lose_gop("packets are missing or damaged");
    queue_hold(gop_->layout.units);
    gop_.reset();
    return status;
}

Status Decoder::end_stream(const bitstream::PacketContent& content) {
    GVC_RETURN_IF_ERROR(end_gop());
    const auto end = bitstream::read_end(content.rest);
    refused_gop_ = false;
    if (!end.ok() || !whole_stream_ || end->frames <= frames_) return {};
    const uint64_t missing = end->frames - frames_;
    GVC_RETURN_IF_ERROR(lose(std::to_string(missing) + " frames at the end", "are missing"));
    report_.lost_gops += (missing - 1) / models::kGopFrames;  // at least
    // A wrong number must not ask for pictures without end.
    constexpr uint64_t kMost = bitstream::kGopCounters * models::kGopFrames;
    if (parser_.sequence()) queue_gap(*parser_.sequence(), std::min(missing, kMost));
    return {};
}

Status Decoder::flush() {
    GVC_RETURN_IF_ERROR(end_gop());
    if (!refused_gop_) return {};
    refused_gop_ = false;
    return lose("the last GOP", "lacks its first packet");
}

Status Decoder::lose_gop(const std::string& why) {
    if (gop_->lost) return {};
    gop_->lost = true;
    return lose(
        numbered(gop_->number) + " (from tick " + std::to_string(gop_->descriptor.start) + ")",
        why);
}

Status Decoder::lose(const std::string& what, const std::string& why) {
    damaged_ = true;
    ++report_.lost_gops;
    if (options_.conceal) return {};
    return {Code::corrupt, what + ": " + why, "--conceal shows what is intact"};
}

// ---- tokens to pictures ----

Result<DecodedFrame> Decoder::receive() {
    while (ready_.empty()) {
        if (work_.empty()) return {Code::again, "no whole unit yet"};
        // Held pictures are made one at a time: a gap may be long.
        if (work_.front().hold) {
            hold_one(work_.front());
            if (work_.front().pts.empty()) work_.pop_front();
            continue;
        }
        if (work_.front().base) {
            const Status status = decode_base_pictures(work_.front());
            if (!status.ok() || work_.front().pts.empty()) work_.pop_front();
            GVC_RETURN_IF_ERROR(status);
            continue;
        }
        const Work work = std::move(work_.front());
        work_.pop_front();
        GVC_RETURN_IF_ERROR(decode(work));
    }
    DecodedFrame frame = std::move(ready_.front());
    ready_.pop_front();
    return frame;
}

Status Decoder::decode(const Work& work) {
    nn::Ops& ops = model_.ops();
    const UnitRole role = unit_role(work.gop->layout.kind, work.unit);
    const int qp = bitstream::unit_qp(work.gop->descriptor, work.unit);
    // Chunks before the keyframe lead away from it, and so do those behind it.
    const int chunks_before = work.gop->descriptor.chunks_before;
    if (chunks_before > 0 && work.unit == chunks_before + 1) {
        state_ = key_state_;
        last_refined_ = key_refined_;
    }
    models::BaseOutput base;
    {
        StageTimer timer(costs_.base, model_.ops());
        const nn::Tensor means = unit_means(model_, role, work.tokens.z, work.gop->plane, state_);
        base = decode_base(model_, role, means, work.tokens.y,
                           work.gop->descriptor.motion[static_cast<size_t>(work.unit)], qp, state_);
    }
    if (const auto& refreshed = work.tokens.refresh; !refreshed.cells.empty()) {
        StageTimer timer(costs_.base, model_.ops());
        const int refresh_qp = work.gop->descriptor.refresh_qp;
        const nn::Tensor around = around_cells(model_, refresh_qp, state_.last_rgb);
        const nn::Tensor means = cell_means(model_, refreshed, work.gop->plane, around);
        put_cells(model_, refreshed, means, refresh_qp, work.gop->plane, base, state_);
    }
    if (work.unit == 0) key_state_ = state_;
    nn::Tensor rgb = base.rgb;
    if (steps_ > 0) {
        StageTimer timer(costs_.refine, model_.ops());
        rgb = {};  // large pictures take their memory from each other
        rgb = refine(work, role, std::move(base));
    }
    std::vector<std::vector<float>> pictures;
    if (work.pts.back() >= options_.discard_before || options_.conceal) {
        StageTimer timer(costs_.transfer, model_.ops());
        // The last chunk may have more frames than are shown.
        rgb = ops.batch(rgb, 0, static_cast<int64_t>(work.pts.size()));
        pictures = to_host(ops, rgb, work.gop->size());
        if (work.gop->frames_of(work.unit).reversed) std::reverse(pictures.begin(), pictures.end());
    }
    GVC_RETURN_IF_ERROR(model_.status());
    hand_out(work, std::move(pictures));
    return {};
}

Status Decoder::begin_base_pictures(const Work& work) {
    hybrid_.reset();
    StageTimer timer(costs_.base, model_.ops());
    const Gop& gop = *work.gop;
    std::vector<int8_t> detail;
    if (gop.descriptor.detail) {
        const entropy::DetailSize size = detail_size(gop.size());
        detail.resize(size.count());
        GVC_RETURN_IF_ERROR(entropy::decode_detail(size, gop.detail, detail));
    }
    GVC_ASSIGN_OR_RETURN(
        auto base, options_.base_coder->decode(*work.base, gop.descriptor.frames, gop.sequence));
    hybrid_.emplace(model_, std::move(base), gop.sequence, gop.descriptor, work.base->size(),
                    detail);
    return {};
}

// The next group of a hybrid GOP's pictures.
Status Decoder::decode_base_pictures(Work& work) {
    const Gop& gop = *work.gop;
    if (work.shown == 0) {
        const Status status = begin_base_pictures(work);
        if (status.code() == Code::corrupt) {
            work.base.reset();
            work.hold = work.concealed = true;
            return lose(numbered(gop.number), status.message());
        }
        GVC_RETURN_IF_ERROR(status);
    }
    Work group;
    group.gop = work.gop;
    const auto together = static_cast<size_t>(refined_group(work.shown, hybrid_->count()).count);
    const size_t count = std::min(together, work.pts.size());
    const auto end = work.pts.begin() + static_cast<ptrdiff_t>(count);
    group.pts.assign(work.pts.begin(), end);
    work.pts.erase(work.pts.begin(), end);
    group.end_pts = work.pts.empty() ? work.end_pts : work.pts.front();
    const int first = work.shown;
    work.shown += static_cast<int>(count);
    std::vector<std::vector<float>> pictures;
    const int refinement = options_.steps == 0 ? 0 : gop.descriptor.refinement;
    // Later groups may refer to pictures that nobody wants to see.
    const bool referred_to = refinement > 0 && model_.hybrid() && model_.hybrid()->recurrent();
    if (group.pts.back() >= options_.discard_before || options_.conceal || referred_to) {
        GVC_ASSIGN_OR_RETURN(pictures,
                             hybrid_->pictures(first, static_cast<int>(count), refinement, costs_));
    }
    if (work.pts.empty()) hybrid_.reset();
    hand_out(group, std::move(pictures));
    return {};
}

// The refined pictures, not clamped; the last one is what the next unit's refinement refers to.
nn::Tensor Decoder::refine(const Work& work, UnitRole role, models::BaseOutput base) {
    nn::Ops& ops = model_.ops();
    const bitstream::Descriptor& descriptor = work.gop->descriptor;
    const int qp = bitstream::unit_qp(descriptor, work.unit);
    const int64_t frames = base.rgb.shape().n;
    models::RefinerInput input;
    input.z_t = base.z_base;
    input.feature = base.feature;
    input.base_rgb = input.previous = ops.clamp(base.rgb, 0.0f, 1.0f);
    base.rgb = {};
    if (role != UnitRole::key) {
        input.previous = ops.warp_blend({last_refined_, key_refined_}, base.flows, base.logits,
                                        models::kPatch, nn::Sampling::bilinear);
    }
    std::vector<float> style(models::kStyleSymbols, 0.0f);
    for (size_t i = 0; descriptor.style && i < style.size(); ++i) {
        style[i] = static_cast<float>((*descriptor.style)[i]) - models::kStyleLevels / 2;
    }
    input.style =
        ops.repeat_batch(ops.from_host({1, models::kStyleSymbols, 1, 1}, style.data()), frames);
    input.qps.assign(static_cast<size_t>(frames), static_cast<float>(qp));

    const float start = sampling::start_time(model_.start_time(qp), steps_);
    const sampling::Noise noise{descriptor.seed,
                                static_cast<uint32_t>(work.gop->frames_of(work.unit).first)};
    const nn::Tensor rgb = sampling::sample(ops, *model_.refiner(), std::move(input),
                                            static_cast<int>(frames), start, steps_, noise);
    last_refined_ = ops.clamp(ops.batch(rgb, frames - 1, 1), 0.0f, 1.0f);
    if (role != UnitRole::chunk) key_refined_ = last_refined_;
    return rgb;
}

// What the work shows, in the order of display; no pictures: nobody wants to see them.
void Decoder::hand_out(const Work& work, std::vector<std::vector<float>> pictures) {
    report_.frames += work.pts.size();
    if (work.concealed) report_.concealed += work.pts.size();
    std::vector<DecodedFrame> frames;
    for (size_t i = 0; i < pictures.size(); ++i) {
        const uint64_t pts = work.pts[i];
        const uint64_t next = i + 1 < work.pts.size() ? work.pts[i + 1] : work.end_pts;
        const bool key =
            work.gop->layout.kind != PacketKind::pkey && pts == work.gop->descriptor.start;
        frames.push_back(
            {std::move(pictures[i]), work.gop->size(), pts, next - pts, key, work.concealed});
    }
    if (!comes_early(work)) return show(frames);
    early_.insert(early_.begin(), std::make_move_iterator(frames.begin()),
                  std::make_move_iterator(frames.end()));
    if (work.unit < work.gop->descriptor.chunks_before) return;
    show(early_);
    early_.clear();
}

// A frame without a picture holds the one before it.
void Decoder::show(std::span<DecodedFrame> frames) {
    const std::vector<float>* last = nullptr;  // if newer than last_picture_
    for (DecodedFrame& frame : frames) {
        const bool held = frame.rgb.empty();
        if (held && last_size_ != frame.size) {  // nothing of this size was seen yet: grey
            last_picture_.assign(frame.size.samples(), 0.5f);
            last = nullptr;
        }
        last_size_ = frame.size;
        if (frame.pts < options_.discard_before) {
            if (!held) last_picture_ = std::move(frame.rgb), last = nullptr;
            continue;
        }
        if (held) frame.rgb = last ? *last : last_picture_, frame.key = false;
        ready_.push_back(std::move(frame));
        last = &ready_.back().rgb;
    }
    if (last) last_picture_ = *last;
}

bool Decoder::comes_early(const Work& work) const {
    return work.unit <= work.gop->descriptor.chunks_before &&
           work.gop->descriptor.chunks_before > 0;
}

// Held pictures are made one at a time, as a gap may be long; not where they wait for others.
void Decoder::hold_one(Work& work) {
    if (comes_early(work)) {
        hand_out(work, std::vector<std::vector<float>>(work.pts.size()));
        work.pts.clear();
        return;
    }
    Work one{work.gop, work.unit, bitstream::UnitTokens(), {work.pts.front()},
             0,        true,      work.concealed};
    work.pts.erase(work.pts.begin());
    one.end_pts = work.pts.empty() ? work.end_pts : work.pts.front();
    hand_out(one, std::vector<std::vector<float>>(1));
}

}  // namespace gvc::codec
