// The encoder: pictures in, packets of whole GOPs out.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "bitstream/gop_writer.h"
#include "bitstream/sequence_header.h"
#include "bitstream/unit_coder.h"
#include "codec/gop_planner.h"
#include "codec/model.h"
#include "codec/rate_control.h"

namespace gvc::codec {

struct EncoderOptions {
    // Size, rate, colour, aspect, rotation and context mode are the caller's; fingerprint and
    // slices are filled in by the encoder.
    bitstream::SequenceHeader sequence;
    RateOptions rate;
    int keyint = 29;  // frames; above 29 GOPs are chained by P-keys, at most 8 to a keyframe
    bool scene_cuts = true;
    uint16_t seed = 0;  // of the decoder's noise; each GOP gets its own from it
    bool keep_reconstruction = false;
};

// Seconds spent in each stage.
struct StageTimes {
    double analyse = 0, entropy = 0, base = 0, refine = 0, transfer = 0;
};

struct EncodedGop {
    std::vector<bitstream::Bytes> packets;  // empty: maxrate left no room, the GOP before is held
    bool random_access = true;              // begins with a keyframe
    bitstream::Descriptor descriptor;       // frames, qps, start
    int source_frames = 0;                  // frames taken in; more than descriptor.frames if
                                            // maxrate dropped some
    size_t total_bytes = 0;                 // of the packets
    size_t first_bytes = 0;                 // coded slices of the keyframe or P-key
    size_t chunk_bytes = 0;
    int tries = 1;
    StageTimes times;  // of all tries
    // With keep_reconstruction: the base pictures that a decoder on this machine gets (steps = 0).
    std::vector<std::vector<float>> reconstruction;
};

class Encoder {
  public:
    // The model must outlive the encoder. Code::usage if an option is out of range, Code::resources
    // for pictures that are too large.
    static Result<std::unique_ptr<Encoder>> make(const Model& model, EncoderOptions options);

    // The next picture: planar RGB of the sequence's size; pts in ticks, ascending. Code::usage if
    // it is not.
    Status send(std::span<const float> rgb, uint64_t pts);
    void flush();  // no picture follows
    // The next GOP, in order. Code::again: send more, or, after flush, the end. Code::quality if
    // maxrate is too low for a single picture.
    Result<EncodedGop> receive();

    const bitstream::SequenceHeader& sequence() const { return options_.sequence; }

  private:
    struct Source;
    struct Try;

    Encoder(const Model& model, EncoderOptions options);

    Source take_source(const PlannedGop& plan);
    Result<Try> code_within_rate(Source& source, StageTimes& times, int& tries);
    Result<Try> code_gop(const Source& source, StageTimes& times);
    void begin(Try& gop, const Source& source, StageTimes& times);
    void code_first(Try& gop, const Source& source, StageTimes& times);
    void code_chunk(Try& gop, const Source& source, int unit, StageTimes& times);
    void code_unit(Try& gop, int unit, const nn::Tensor& rgb, StageTimes& times);
    Status pack(Try& gop, bool key);
    EncodedGop finish(Try&& gop, const Source& source);

    const Model& model_;
    EncoderOptions options_;
    PictureSize size_;
    GopPlanner planner_;
    RateControl rate_;
    std::deque<WaitingPicture> waiting_;
    bool flushed_ = false;
    uint32_t gops_ = 0;  // sent so far
    // After the last GOP that was sent:
    bitstream::UnitEncoder unit_encoder_;
    models::DecoderState state_;
};

}  // namespace gvc::codec
