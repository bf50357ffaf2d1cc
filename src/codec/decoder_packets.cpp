// Packets to tokens, and what becomes of those that are missing or damaged.
#include <algorithm>

#include "base/crc32c.h"
#include "bitstream/frame_times.h"
#include "bitstream/index.h"
#include "codec/decoder.h"

namespace gvc::codec {
namespace {

uint64_t most_frames(const bitstream::SequenceHeader& sequence) {  // of a GOP
    const bool long_bases = (sequence.required_features & bitstream::kLongBases) != 0;
    return static_cast<uint64_t>(long_bases ? bitstream::max_base_frames(sequence)
                                            : models::kGopFrames);
}

}  // namespace

using bitstream::BaseKind;
using bitstream::ContextMode;
using bitstream::PacketKind;

std::string Decoder::numbered(uint64_t gop) { return "GOP " + std::to_string(gop); }

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
    queue_gap(next.sequence, std::min(frames, uint64_t(missing) * most_frames(next.sequence)));
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
    if (unit_role(gop_->layout, unit) == UnitRole::key) key_plane_ = gop_->plane;
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
    if (!parser_.sequence()) return {};
    const uint64_t of_gop = most_frames(*parser_.sequence());
    report_.lost_gops += (missing - 1) / of_gop;  // at least
    // A wrong number must not ask for pictures without end.
    queue_gap(*parser_.sequence(), std::min(missing, bitstream::kGopCounters * of_gop));
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

}  // namespace gvc::codec
