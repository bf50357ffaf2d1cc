// Tokens to pictures, as they are asked for; packets to tokens: decoder_packets.cpp.
#include "codec/decoder.h"

#include <algorithm>
#include <iterator>

#include "codec/detail.h"
#include "codec/quantiser.h"
#include "codec/refresh.h"
#include "sampling/sampler.h"

namespace gvc::codec {

Status Decoder::no_refiner() {
    return {Code::usage, "steps need a refiner", "give its weights, or decode with 0 steps"};
}

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
    const UnitRole role = unit_role(work.gop->layout, work.unit);
    // Chunks before the keyframe lead away from it, and so do those behind it.
    const int chunks_before = work.gop->descriptor.chunks_before;
    if (chunks_before > 0 && work.unit == chunks_before + 1) {
        state_ = key_state_;
        last_refined_ = key_refined_;
    }
    models::BaseOutput base = decode_base_of(work, role);
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

// A unit's base pictures; the state goes on.
models::BaseOutput Decoder::decode_base_of(const Work& work, UnitRole role) {
    StageTimer timer(costs_.base, model_.ops());
    const bitstream::Descriptor& descriptor = work.gop->descriptor;
    const entropy::SliceSize plane = work.gop->plane;
    const auto& cells = work.tokens.refresh;
    const int cell_qp = bitstream::cell_qp(descriptor, work.unit);
    const auto means_of_cells = [&] {
        const nn::Tensor around = around_cells(model_, cell_qp, state_.last_rgb);
        return cell_means(model_, cells, plane, around);
    };
    if (role == UnitRole::key_cells) {
        state_ = key_state_;
        return decode_key_cells(model_, cells, means_of_cells(), cell_qp, plane, state_);
    }
    const nn::Tensor means = unit_means(model_, role, work.tokens.z, plane, state_);
    models::BaseOutput base = decode_base(model_, role, means, work.tokens.y,
                                          descriptor.motion[static_cast<size_t>(work.unit)],
                                          bitstream::unit_qp(descriptor, work.unit), state_);
    if (!cells.cells.empty())
        put_cells(model_, cells, means_of_cells(), cell_qp, plane, base, state_);
    return base;
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
    if (base.flows.defined()) {
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
        const bool key = work.gop->layout.kind != bitstream::PacketKind::pkey &&
                         pts == work.gop->descriptor.start;
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
