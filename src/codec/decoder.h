// The decoder: packets in, pictures out, chunk by chunk, in memory that does not grow with the
// stream's length.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "bitstream/packet_parser.h"
#include "bitstream/unit_coder.h"
#include "codec/encoder.h"
#include "codec/model.h"
#include "codec/picture.h"

namespace gvc::codec {

struct DecoderOptions {
    // Flow steps of the refiner: 0 shows base pictures, 1 is its usual one, 2 ... 64 more. -1: 1 if
    // the model has a refiner, else 0.
    int steps = -1;
    // Lost or damaged GOPs: true shows the last good picture in place of theirs, false fails.
    bool conceal = false;
    uint64_t discard_before = 0;  // frames with an earlier pts are decoded but not handed out
};

struct DecodedFrame {
    std::vector<float> rgb;  // planar, of the sequence's size, in [0, 1]
    uint64_t pts = 0;        // ticks
    uint64_t duration = 0;   // ticks; of a GOP's last frame: the nominal one
    bool key = false;        // decoding can begin here
    bool concealed = false;  // not what was sent
};

struct DecoderReport {
    uint64_t frames = 0;     // handed out or discarded
    uint64_t concealed = 0;  // of these
    uint64_t lost_gops = 0;  // missing or damaged
};

class Decoder {
  public:
    // The model must outlive the decoder. Code::usage if steps need a refiner that the model lacks.
    static Result<std::unique_ptr<Decoder>> make(const Model& model, const DecoderOptions& options);

    // Takes in one packet; nothing of it is kept. Receive all frames before the next one.
    // Code::model if the stream needs other weights, Code::resources for pictures too large,
    // Code::corrupt for a damaged or missing GOP (never with conceal).
    Status send(const bitstream::Packet& packet);
    // The same for containers: bytes with whole packets, one after the other.
    Status send(std::span<const uint8_t> packets);
    // No packet follows. Code::corrupt if the last GOP is not whole.
    Status flush();
    // The next frame. Code::again: send more, or, after flush, the end.
    Result<DecodedFrame> receive();

    // For a container that keeps the sequence header apart.
    void set_sequence(const bitstream::SequenceHeader& s) { parser_.set_sequence(s); }
    // Forgets the stream so far, after a seek.
    void reset(uint64_t discard_before = 0);

    const std::optional<bitstream::SequenceHeader>& sequence() const { return parser_.sequence(); }
    const DecoderReport& report() const { return report_; }
    const StageTimes& times() const { return times_; }

  private:
    struct Gop;   // what its frames share
    struct Work;  // a unit to be decoded, or frames to be held

    Decoder(const Model& model, const DecoderOptions& options);
    ~Decoder();
    friend std::default_delete<Decoder>;

    // packets -> tokens
    Status begin_gop(const bitstream::PacketContent& content);
    Status add_slices(const bitstream::PacketContent& content);
    Status check_tokens(const bitstream::PacketContent& content);
    Status end_gop();
    Status lose(const std::string& why);
    Status bridge_gap(const bitstream::PacketContent& content);
    void hold(int unit_end);
    // tokens -> pictures
    void decode(const Work& work);
    nn::Tensor refine(const Work& work, const models::BaseOutput& base);
    void hand_out(const Work& work, std::vector<std::vector<float>> pictures, bool concealed);

    const Model& model_;
    DecoderOptions options_;
    int steps_;
    bitstream::PacketParser parser_;
    bitstream::UnitDecoder unit_decoder_;
    std::shared_ptr<Gop> gop_;  // in hand
    std::deque<Work> work_;
    std::deque<DecodedFrame> ready_;
    // Memory of the networks
    models::DecoderState state_;
    nn::Tensor last_refined_, key_refined_;
    std::vector<float> last_picture_;
    DecoderReport report_;
    StageTimes times_;
};

}  // namespace gvc::codec
