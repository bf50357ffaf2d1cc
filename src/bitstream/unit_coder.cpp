#include "bitstream/unit_coder.h"

#include <string>

namespace gvc::bitstream {
namespace {

using entropy::SliceSize;
using entropy::TokenKind;

std::string hex(uint64_t value) {
    std::string out(16, '0');
    for (size_t i = 16; i-- > 0; value >>= 4) out[i] = "0123456789abcdef"[value & 15];
    return out;
}

}  // namespace

void UnitState::start(const SequenceHeader& sequence, const Descriptor& descriptor,
                      const GopLayout& layout) {
    if (layout.kind != PacketKind::pkey || layout.of_cells()) previous_y_.clear();
    sequence_ = sequence;
    descriptor_ = descriptor;
    layout_ = layout;
    plane_ = plane_size(sequence);
    hash_ = TokenHash();
}

UnitState::Band UnitState::band(int unit, int slice) const {
    const auto [first, end] = slice_rows(plane_.h64, layout_.bands_of(unit), slice);
    const SliceSize before{first, plane_.w64};
    Band band{{}, before.z_count(), before.y_count()};
    band.context.kind = token_kind(layout_, unit);
    band.context.qp = unit_qp(descriptor_, unit);
    band.context.size = {end - first, plane_.w64};
    if (band.context.kind == TokenKind::chunk && !previous_y_.empty()) {
        band.context.y_prev = std::span<const int16_t>(previous_y_)
                                  .subspan(band.y_first, band.context.size.y_count());
    }
    return band;
}

entropy::SliceContext UnitState::refresh_context(int qp, std::span<const uint8_t> cells) const {
    return {TokenKind::key, qp, plane_, {}, cells};
}

void UnitState::finish_refresh(const UnitTokens::Refresh& refresh) {
    hash_.add(refresh.z);
    hash_.add(refresh.y);
}

void UnitState::finish_unit(int unit, const UnitTokens& tokens) {
    hash_.add(tokens.z);
    hash_.add(tokens.y);
    finish_refresh(tokens.refresh);
    const bool chained = sequence_.context == ContextMode::chain;
    if (chained && token_kind(layout_, unit) == TokenKind::chunk) previous_y_ = tokens.y;
    // What follows starts from the keyframe anew.
    if (unit > 0 && unit == descriptor_.chunks_before) previous_y_.clear();
}

void UnitEncoder::set_chunk_qp(int unit, int qp) {
    if (!descriptor_.chunk_qps) descriptor_.chunk_qps.emplace();
    (*descriptor_.chunk_qps)[static_cast<size_t>(unit - 1)] = static_cast<uint8_t>(qp);
}

std::vector<entropy::TokenRow> UnitEncoder::token_rows(int unit, UnitTokens& tokens) const {
    std::vector<entropy::TokenRow> out;
    out.reserve(plane_.y_count());
    for (int slice = 0; slice < layout_.bands_of(unit); ++slice) {
        const Band b = band(unit, slice);
        const auto part = entropy::token_rows(*model_, b.context, b.z_of(tokens), b.y_of(tokens));
        out.insert(out.end(), part.begin(), part.end());
    }
    return out;
}

std::vector<entropy::TokenRow> UnitEncoder::refresh_rows(UnitTokens::Refresh& refresh,
                                                         int qp) const {
    return entropy::token_rows(*model_, refresh_context(qp, refresh.cells), refresh.z, refresh.y);
}

Bytes UnitEncoder::encode_refresh(UnitTokens::Refresh& refresh, int qp,
                                  std::span<const entropy::TokenRow> rows) {
    Bytes bytes = entropy::encode_slice(*model_, refresh_context(qp, refresh.cells), refresh.z,
                                        refresh.y, rows);
    finish_refresh(refresh);
    return bytes;
}

double UnitEncoder::bits(int unit, const UnitTokens& tokens) const {
    double bits = 0;
    for (int slice = 0; slice < layout_.bands_of(unit); ++slice) {
        const Band b = band(unit, slice);
        bits += entropy::slice_bits(*model_, b.context, b.z_of(tokens), b.y_of(tokens));
    }
    return bits;
}

std::vector<Bytes> UnitEncoder::encode(int unit, UnitTokens& tokens,
                                       std::span<const entropy::TokenRow> token_rows) {
    std::vector<Bytes> out;
    for (int slice = 0; slice < layout_.bands_of(unit); ++slice) {
        const Band b = band(unit, slice);
        out.push_back(
            entropy::encode_slice(*model_, b.context, b.z_of(tokens), b.y_of(tokens),
                                  token_rows.subspan(b.y_first, b.context.size.y_count())));
    }
    finish_unit(unit, tokens);
    return out;
}

Status UnitDecoder::begin_gop(const SequenceHeader& sequence, const Descriptor& descriptor,
                              const GopLayout& layout, uint8_t counter) {
    const bool follows = gop_complete() && counter == (counter_ + 1) % kGopCounters &&
                         plane_size(sequence) == plane_;
    chain_intact_ = layout.kind == PacketKind::keyframe || (chain_intact_ && follows);
    counter_ = counter;
    next_unit_ = next_slice_ = 0;
    begun_ = intact_ = false;
    if (sequence.fingerprint != model_->fingerprint()) {
        return {Code::model,
                "the stream was made with the weights " + hex(sequence.fingerprint) +
                    ", these are " + hex(model_->fingerprint()),
                "give the weights it was made with"};
    }
    GVC_RETURN_IF_ERROR(check_size(sequence));
    if (!chain_intact_ && sequence.context == ContextMode::chain) {
        return {Code::corrupt, "a P-key is chained to a GOP that is missing or damaged"};
    }
    start(sequence, descriptor, layout);
    begun_ = intact_ = true;
    return {};
}

Result<bool> UnitDecoder::add(const CodedSlice& slice) {
    if (!begun_) return {Code::corrupt, "a slice belongs to a GOP that cannot be decoded"};
    const bool in_order = slice.unit == next_unit_ && slice.slice == next_slice_;
    if (!in_order) intact_ = false;
    if (!intact_ && sequence_.context == ContextMode::chain) {
        return {Code::corrupt, "a slice depends on one that is missing or damaged"};
    }
    if (slice.slice == 0 || next_slice_ == 0 || slice.unit != next_unit_)
        tokens_ = UnitTokens(plane_);
    const bool refresh = layout_.is_refresh(slice.unit, slice.slice);
    const Status status = refresh ? add_refresh(slice) : add_band(slice);
    if (!status.ok()) {
        intact_ = false;
        return status;
    }
    const bool complete = slice.slice + 1 == layout_.slices_of(slice.unit);
    if (complete) finish_unit(slice.unit, tokens_);
    next_unit_ = slice.unit + (complete ? 1 : 0);
    next_slice_ = complete ? 0 : slice.slice + 1;
    return complete;
}

Status UnitDecoder::add_band(const CodedSlice& slice) {
    const Band b = band(slice.unit, slice.slice);
    return entropy::decode_slice(*model_, b.context, slice.bytes, b.z_of(tokens_), b.y_of(tokens_));
}

Status UnitDecoder::add_refresh(const CodedSlice& slice) {
    UnitTokens::Refresh& refresh = tokens_.refresh;
    refresh = {std::vector<uint8_t>(plane_.z_positions()), std::vector<int16_t>(plane_.z_count()),
               std::vector<int16_t>(plane_.y_count())};
    const Status status =
        entropy::decode_slice(*model_, refresh_context(cell_qp(descriptor_, slice.unit), {}),
                              slice.bytes, refresh.z, refresh.y, refresh.cells);
    if (!status.ok()) refresh = {};
    return status;
}

}  // namespace gvc::bitstream
