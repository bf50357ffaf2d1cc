// Token planes of whole units to coded slices and back, with the chain between units.
//
// Both sides keep the y plane that the next unit is conditioned on (chain mode): that of the unit
// before, unless that was a keyframe or the last of the chunks shown before one. P-keys count as
// chunks, and the chain goes on from GOP to GOP until the next keyframe.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "bitstream/gop_layout.h"
#include "bitstream/gop_writer.h"
#include "bitstream/packet_parser.h"
#include "entropy/slice.h"

namespace gvc::bitstream {

// Both planes of one unit, in the order of entropy/token_config.h.
struct UnitTokens {
    std::vector<int16_t> z, y;
    // Of the cells (entropy/cell_mask.h) that a chunk codes anew; tokens of all others are 0. None
    // are: empty, all three.
    struct Refresh {
        std::vector<uint8_t> cells;
        std::vector<int16_t> z, y;
    } refresh;

    explicit UnitTokens(entropy::SliceSize plane = {}) : z(plane.z_count()), y(plane.y_count()) {}
};

// What both sides know of the GOP in hand.
class UnitState {
  protected:
    explicit UnitState(const entropy::TokenModel& model) : model_(&model) {}
    void start(const SequenceHeader& sequence, const Descriptor& descriptor,
               const GopLayout& layout);
    // Where slice i of a unit lies in its planes, and what it is coded with.
    struct Band {
        entropy::SliceContext context;
        size_t z_first, y_first;

        // Its part of a unit's planes.
        auto z_of(auto& tokens) const {
            return std::span(tokens.z).subspan(z_first, context.size.z_count());
        }
        auto y_of(auto& tokens) const {
            return std::span(tokens.y).subspan(y_first, context.size.y_count());
        }
    };
    Band band(int unit, int slice) const;
    // What cells are refreshed with.
    entropy::SliceContext refresh_context(int qp, std::span<const uint8_t> cells) const;
    void finish_unit(int unit, const UnitTokens& tokens);
    void finish_refresh(const UnitTokens::Refresh& refresh);

    const entropy::TokenModel* model_;
    SequenceHeader sequence_;
    Descriptor descriptor_;
    GopLayout layout_;
    entropy::SliceSize plane_;
    std::vector<int16_t> previous_y_;  // empty: zeros
    TokenHash hash_;
};

// The encoder's side. Copies are independent, so that a GOP can be tried at several qps.
class UnitEncoder : UnitState {
  public:
    explicit UnitEncoder(const entropy::TokenModel& model) : UnitState(model) {}

    void begin_gop(const SequenceHeader& sequence, const Descriptor& descriptor,
                   const GopLayout& layout) {
        start(sequence, descriptor, layout);
    }
    // Changes a chunk's qp before it is coded (unit 1 ... 7): rate control chooses them one by one.
    // The descriptor that is written must say the same.
    void set_chunk_qp(int unit, int qp);
    // The row of every y token of a unit; tokens at row 0 become zero.
    std::vector<entropy::TokenRow> token_rows(int unit, UnitTokens& tokens) const;
    // The same of tokens in the refreshed cells, at that qp.
    std::vector<entropy::TokenRow> refresh_rows(UnitTokens::Refresh& refresh, int qp) const;
    // Codes what the unit that was coded last refreshes: its last slice.
    Bytes encode_refresh(UnitTokens::Refresh& refresh, int qp,
                         std::span<const entropy::TokenRow> rows);
    // Bits that encode would spend on the unit.
    double bits(int unit, const UnitTokens& tokens) const;
    // Codes the GOP's next unit with the rows of its tokens, which become what the decoder gets.
    std::vector<Bytes> encode(int unit, UnitTokens& tokens,
                              std::span<const entropy::TokenRow> token_rows);
    std::vector<Bytes> encode(int unit, UnitTokens& tokens) {
        return encode(unit, tokens, token_rows(unit, tokens));
    }
    uint32_t hash() const { return hash_.value(); }
};

// The decoder's side.
class UnitDecoder : UnitState {
  public:
    explicit UnitDecoder(const entropy::TokenModel& model) : UnitState(model) {}

    // Code::model if the stream was made with other weights, Code::resources if its pictures are
    // too large, Code::corrupt for a P-key in chain mode whose chain is broken.
    Status begin_gop(const SequenceHeader& sequence, const Descriptor& descriptor,
                     const GopLayout& layout, uint8_t counter);
    // Decodes a slice into tokens(). True when it completed its unit. Code::corrupt if it is
    // damaged, or if one before it is missing and the mode is chain. In self mode missing slices
    // stay zero, and a unit is complete when its last slice came.
    Result<bool> add(const CodedSlice& slice);
    const UnitTokens& tokens() const { return tokens_; }

    uint32_t hash() const { return hash_.value(); }
    // True if every slice of the GOP came: only then does the hash mean anything.
    bool gop_complete() const { return intact_ && next_unit_ == layout_.units; }

  private:
    Status add_band(const CodedSlice& slice);
    Status add_refresh(const CodedSlice& slice);

    UnitTokens tokens_;
    int next_unit_ = 0;
    int next_slice_ = 0;
    bool begun_ = false;   // begin_gop succeeded
    bool intact_ = false;  // nothing was missing since the GOP began
    bool chain_intact_ = false;
    uint8_t counter_ = 0;
};

}  // namespace gvc::bitstream
