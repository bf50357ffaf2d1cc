// The encoder: pictures in, packets of whole GOPs out.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "bitstream/gop_writer.h"
#include "bitstream/unit_coder.h"
#include "codec/base_coder.h"
#include "codec/base_rate.h"
#include "codec/gop_planner.h"
#include "codec/model.h"
#include "codec/picture.h"
#include "codec/rate_control.h"
#include "codec/timing.h"
#include "codec/unit_networks.h"

namespace gvc::codec {

using PictureDistance = std::function<Result<double>(
    std::span<const float> original, std::span<const float> decoded, PictureSize size)>;

struct EncoderOptions {
    // Size, rate, colour, aspect, rotation and context mode are the caller's; the fingerprint and
    // the slices are filled in by the encoder.
    bitstream::SequenceHeader sequence;
    RateOptions rate;
    int keyint = 29;  // frames; above 29 GOPs are chained by P-keys, at most 8 to a keyframe
    bool scene_cuts = true;
    uint16_t seed = 0;                 // of the decoder's noise; each GOP gets its own from it
    bool keep_reconstruction = false;  // fill EncodedGop::reconstruction
    // The hybrid base: GOPs are coded with it, and keyint is at most 29. nullptr: neural base.
    BaseCoder* base_coder = nullptr;
    bool detail = true;     // code what the base lacks for the refiner (models/detail.h)
    double base_scale = 0;  // coded size of the base over the shown one; 0: chosen on the first GOP
    // How far a decoded picture seems from the original (both planar RGB), for that choice; without
    // it the mean squared error decides.
    PictureDistance distance;
};

struct EncodedGop {
    // Empty: maxrate left no room even for one picture; the GOP before is shown on.
    std::vector<bitstream::Bytes> packets;
    bool random_access = true;         // begins with a keyframe
    bitstream::Descriptor descriptor;  // frames, qps, first timestamp
    int source_frames = 0;   // taken in; more than descriptor.frames where maxrate dropped some
    size_t bytes = 0;        // of the packets
    size_t first_bytes = 0;  // of these: the keyframe's or P-key's slices
    size_t chunk_bytes = 0;  // and the chunks' slices
    int tries = 1;
    StageTimes times;  // of all tries
    // The base pictures that a decoder on this machine shows with steps = 0; neural base only.
    std::vector<std::vector<float>> reconstruction;
    bitstream::Bytes base_data;          // of a hybrid base: its codec's data,
    bitstream::Bytes detail;             // its detail code, empty if it has none,
    std::vector<int8_t> detail_symbols;  // and what that says
};

class Encoder {
  public:
    // The model must outlive the encoder. Code::usage if an option is out of range, Code::resources
    // for pictures that are too large.
    static Result<std::unique_ptr<Encoder>> make(const Model& model, EncoderOptions options);

    // The next picture: planar RGB of the sequence's size; pts in ticks, ascending. Code::usage if
    // it is not so.
    Status send(std::span<const float> rgb, uint64_t pts);
    void flush();  // no picture follows
    // The next GOP, in order. Code::again: send more, or, after flush, the end. Code::quality if
    // maxrate is too low for the first picture.
    Result<EncodedGop> receive();

    const bitstream::SequenceHeader& sequence() const { return options_.sequence; }

  private:
    struct Source;  // the frames of a GOP
    struct Try;     // a GOP coded at certain qps

    Encoder(const Model& model, EncoderOptions options);

    Source take_source(const PlannedGop& plan);
    bitstream::Descriptor describe(const Source& source);
    Result<Try> code_within_rate(Source& source);
    Result<Try> code_gop(const Source& source);
    Try begin_try(const Source& source);
    void code_first(Try& gop, const Source& source);
    void code_chunk(Try& gop, const Source& source, int unit);
    void code_unit(Try& gop, int unit, const nn::Tensor& rgb, int frames);
    void choose_bands(Try& gop, const bitstream::UnitTokens& tokens);
    Status pack(Try& gop);
    EncodedGop finish(Try gop, const Source& source);

    Result<EncodedGop> code_base_gop(Source& source);
    struct BaseCandidate {  // a GOP coded at a size of its base
        EncodedGop gop;
        BaseRateControl rate;  // as it is after coding it
        double distance = 0;
    };
    Result<std::optional<BaseCandidate>> choose_base_size(const Source& source);
    Result<std::optional<BaseCandidate>> try_base_size(const Source& source, size_t size);
    Result<double> choose_refinement(const Source& source, EncodedGop& gop);
    struct Seen {  // what a GOP looks like
        double distance = 0;
        int refinement = 0;
    };
    Result<Seen> look_at(const Source& source, const EncodedGop& gop);
    Result<EncodedGop> code_base_within_budget(const Source& source);
    Result<EncodedGop> code_base_at_size(const Source& source);
    Status add_detail(std::span<const WaitingPicture* const> pictures, EncodedGop& gop);
    double expected_detail_bits() const;
    Status pack_base(EncodedGop& gop);

    const Model& model_;
    EncoderOptions options_;
    PictureSize size_;
    GopPlanner planner_;
    RateControl rate_;
    BaseRateControl base_rate_;
    std::optional<size_t> base_size_;    // chosen, of the list in encoder.cpp
    std::optional<double> detail_bits_;  // of the last detail code
    std::deque<WaitingPicture> waiting_;
    uint64_t taken_ = 0;  // pictures sent
    uint64_t last_pts_ = 0;
    StageTimes times_;  // of the GOP in hand
    int tries_ = 0;
    // After the last GOP that went out:
    uint32_t gops_ = 0;
    bitstream::UnitEncoder unit_encoder_;
    models::DecoderState state_;
};

}  // namespace gvc::codec
