// The decoder: packets in, pictures out, chunk by chunk, in memory that does not grow with the
// stream's length.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "bitstream/packet_parser.h"
#include "bitstream/packet_scanner.h"
#include "bitstream/unit_coder.h"
#include "codec/base_coder.h"
#include "codec/hybrid_pictures.h"
#include "codec/model.h"
#include "codec/picture.h"
#include "codec/timing.h"
#include "codec/unit_networks.h"

namespace gvc::codec {

struct DecoderOptions {
    // Flow steps of the refiner: 0 shows base pictures, 1 or more refined ones, up to
    // models::kMaxSteps. -1: as many as the model's are worth (Model::usual_steps). The hybrid's
    // refiner takes one unless this is 0.
    int steps = -1;
    // Lost or damaged GOPs: true shows the last good picture in place of theirs, false fails.
    bool conceal = false;
    BaseCoder* base_coder = nullptr;  // for GOPs with an AV1 base; without it they are refused
    uint64_t discard_before = 0;      // frames with an earlier pts are decoded but not handed out
};

struct DecodedFrame {
    std::vector<float> rgb;  // planar, [3, size.height, size.width], in [0, 1]
    PictureSize size;        // changes only where the stream's does
    uint64_t pts = 0;        // ticks
    uint64_t duration = 0;   // ticks; of a GOP's last frame the nominal one
    bool key = false;        // decoding can begin here
    bool concealed = false;  // not what was sent
};

struct DecoderReport {
    uint64_t frames = 0;     // decoded or concealed, the discarded ones included
    uint64_t concealed = 0;  // of these
    uint64_t lost_gops = 0;  // missing or damaged
};

class Decoder {
  public:
    // The model must outlive the decoder. Code::usage if steps need a refiner that it lacks.
    static Result<std::unique_ptr<Decoder>> make(const Model& model, const DecoderOptions& options);

    // Takes in one packet; nothing of it is kept. Receive all frames before the next one.
    // Code::model if the stream needs other weights, Code::resources for pictures too large,
    // Code::corrupt for a damaged or missing GOP (with conceal only for what no version can skip).
    Status send(const bitstream::Packet& packet);
    // The same for containers: whole packets, one after the other.
    Status send(std::span<const uint8_t> packets);
    // No packet follows. Code::corrupt if the last GOP is not whole.
    Status flush();
    // The next frame. Code::again: send more, or, after flush, the end.
    Result<DecodedFrame> receive();

    // For a container that keeps the sequence header apart.
    void set_sequence(const bitstream::SequenceHeader& s) { parser_.set_sequence(s); }
    // Forgets the stream so far but for its sequence header, after a seek to a keyframe.
    void reset(uint64_t discard_before);

    const std::optional<bitstream::SequenceHeader>& sequence() const { return parser_.sequence(); }
    const DecoderReport& report() const { return report_; }
    const StageCosts& costs() const { return costs_; }

  private:
    struct Gop {  // what its frames share
        bitstream::SequenceHeader sequence;
        bitstream::Descriptor descriptor;
        bitstream::GopLayout layout;
        entropy::SliceSize plane;
        uint64_t number = 0;  // from the first one that was seen
        uint8_t counter = 0;
        std::vector<uint64_t> pts;
        std::vector<uint8_t> detail;  // of a hybrid one, its detail code
        bool lost = false;            // counted as lost
        bool unusable = false;        // none of its slices can be decoded any more

        PictureSize size() const {
            return {static_cast<int>(sequence.width), static_cast<int>(sequence.height)};
        }
        bool is_hybrid() const { return descriptor.base == bitstream::BaseKind::av1; }
        bitstream::UnitFrames frames_of(int unit) const {
            return bitstream::unit_frames(descriptor, unit);
        }
    };
    struct Work {  // a unit to be decoded, or a picture to be held
        std::shared_ptr<const Gop> gop;
        int unit = 0;
        bitstream::UnitTokens tokens;
        std::vector<uint64_t> pts;  // of the frames to be shown
        uint64_t end_pts = 0;       // of what follows them
        bool hold = false;          // show the last picture again
        bool concealed = false;
        std::shared_ptr<const std::vector<uint8_t>> base{};  // data of a hybrid base, not tokens
        int shown = 0;                                       // of its pictures, handed out already
    };

    Decoder(const Model& model, const DecoderOptions& options);
    static Status no_refiner();
    static std::string numbered(uint64_t gop);

    // packets -> tokens
    Status take(const bitstream::PacketContent& content);
    Status begin_gop(const bitstream::PacketContent& content);
    Status bridge_gap(const Gop& next);
    Status miss_packet();
    bool gop_complete() const;  // of the GOP in hand
    Status add_slice(const bitstream::CodedSlice& slice);
    Status add_base(const bitstream::CodedSlice& slice);
    Status check_tokens(const bitstream::PacketContent& content);
    Status end_gop();
    Status end_stream(const bitstream::PacketContent& content);
    Status lose(const std::string& what, const std::string& why);
    Status lose_gop(const std::string& why);
    void queue_unit(int unit, bool whole);
    void queue_hold(int end_unit);
    void queue_gap(const bitstream::SequenceHeader& sequence, uint64_t frames);
    void queue(Work work, bitstream::UnitFrames frames);

    // tokens -> pictures
    Status decode(const Work& work);
    models::BaseOutput decode_base_of(const Work& work, UnitRole role);
    Status begin_base_pictures(const Work& work);
    Status decode_base_pictures(Work& work);
    nn::Tensor refine(const Work& work, UnitRole role, models::BaseOutput base);
    void hand_out(const Work& work, std::vector<std::vector<float>> pictures);
    void hold_one(Work& work);
    bool comes_early(const Work& work) const;
    void show(std::span<DecodedFrame> frames);

    const Model& model_;
    DecoderOptions options_;
    int steps_;
    DecoderReport report_;
    StageCosts costs_;

    // Parsing
    bitstream::PacketParser parser_;
    bitstream::UnitDecoder unit_decoder_;
    std::shared_ptr<Gop> gop_;      // in hand
    int next_unit_ = 0;             // of it, the first that is neither queued nor held
    std::optional<int> open_unit_;  // of which only some slices came so far,
    int open_slices_ = 0;           // and how many
    uint32_t base_crc_ = 0;         // of the slices of a hybrid GOP so far
    std::optional<uint8_t> last_counter_;
    uint64_t gops_ = 0, frames_ = 0;  // begun; frames queued
    uint64_t next_pts_ = 0;           // expected after what is queued
    bool joined_late_ = false;        // the stream's first packets were damaged
    bool refused_gop_ = false;        // packets of a GOP came whose start is missing
    bool whole_stream_ = true;        // decoding began with the stream's first GOP
    bool damaged_ = false;            // since the last keyframe
    entropy::SliceSize key_plane_;    // of the last keyframe queued; none: {0, 0}
    std::deque<Work> work_;

    // Pictures
    std::deque<DecodedFrame> ready_;
    // Of units that come before the first of their GOP's pictures: in the order of display,
    // complete from some frame of the GOP to the last such one. Held ones are empty.
    std::vector<DecodedFrame> early_;
    models::DecoderState state_, key_state_;  // key_state_: after the GOP's first unit
    nn::Tensor last_refined_, key_refined_;
    std::optional<HybridPictures> hybrid_;  // of the GOP in hand
    std::vector<float> last_picture_;
    PictureSize last_size_;
};

}  // namespace gvc::codec
