// The encoder: pictures in, packets of whole GOPs out.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "bitstream/unit_coder.h"
#include "codec/encoded_gop.h"
#include "codec/encoder_options.h"
#include "codec/followers.h"
#include "codec/gop_planner.h"
#include "codec/gop_source.h"
#include "codec/hybrid_encoder.h"
#include "codec/keyframe_search.h"
#include "codec/model.h"
#include "codec/rate_control.h"
#include "codec/timing.h"
#include "codec/unit_networks.h"

namespace gvc::codec {

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
    struct Try;  // a GOP with a neural base, coded at certain qps
    using Gops = std::vector<EncodedGop>;

    struct BitsByPart {
        double key, chunk, refresh;
    };
    // What GOPs that went out leave to those that follow. Trials go back to a copy of it.
    struct Stream {
        RateControl rate;
        bitstream::UnitEncoder unit_encoder;
        models::DecoderState state;
        // Behind the keyframe before: as it is, and had there not been a search, for trials.
        // Undefined where it may not be referred to.
        models::DecoderState key_state = {}, plain_key_state = {};
        std::vector<double> key_distances = {};  // as Encoder::Try has them
        int since_keyframe = 0;  // pictures since the last that stands alone, itself included
        uint32_t gops = 0;
        // Of bits by the search, so far: chunks cost more behind a keyframe that is made to be
        // looked at.
        BitsByPart growth{0.02, 0.1, 0};
    };

    Encoder(const Model& model, EncoderOptions options);

    GopSource take_source(const PlannedGop& plan);
    Status code_next(GopSource source);
    Result<Gops> code(GopSource& source);
    Result<Gops> code_hybrid(GopSource& source, bool due);
    bool is_due(const GopSource& source);
    void count(const EncodedGop& hybrid);

    // encoder_choice.cpp: which base, and how many keyframes
    Result<Gops> code_better(GopSource& source);
    Result<Gops> code_as_before(GopSource& source);
    void pass(const GopSource& source, double bits);
    Result<std::optional<Gops>> neural_if_better(const GopSource& source,
                                                 const HybridEncoder::Coded& hybrid);
    Result<std::optional<Gops>> several_if_better(const GopSource& source,
                                                  const HybridEncoder::Coded& hybrid);
    class Preview;
    Result<double> distance_of_picture(const GopSource& source, size_t picture,
                                       std::span<const float> shown) const;
    // What motion leaves of a keyframe decides what it is worth.
    enum class Keyframes {
        leading,    // one to a GOP, finer than its chunks
        refreshed,  // the same, and cells that are coded anew where motion fails (codec/refresh.h)
        even,       // one, no finer than they are
        two,        // two to a GOP, likewise
        many        // one to about ten pictures, likewise
    };
    std::vector<GopSource> gops_with(Keyframes keyframes, const GopSource& source) const;
    bool may_be_tried(const GopSource& source) const;
    bool may_refresh() const;
    bool refreshes_untried(const GopSource& source) const;
    double asked_bits(const GopSource& source) const;  // by rate, for its pictures
    struct Looks;
    Result<Looks> look_at(const Try& gop, const GopSource& source) const;
    void forget_pictures(Try& gop) const;
    struct Version;
    Result<Gops> code_neural(GopSource source);
    Result<Version> choose_keyframes(Version leading);
    Result<std::optional<Version>> try_as(Keyframes keyframes, const GopSource& source);

    void begin_rate(const GopSource& source);
    void begin(GopSource& source);
    bool may_keep(const GopSource& source) const;
    bool keeps_enough(const GopSource& source);
    std::vector<uint8_t> changed_cells(const std::vector<double>& now) const;
    bool may_lend(const GopSource& source) const;
    double still_share(const GopSource& source);
    double to_lend(const GopSource& source);
    bool has_kept_keyframes() const;
    nn::Tensor original_of(const GopSource& source, int picture) const;
    std::vector<double> key_changes(const nn::Tensor& rgb) const;
    Result<Gops> code_as(Keyframes keyframes, const GopSource& source);
    Result<Try> code_within_rate(GopSource& source, bool to_be_judged);
    bool searches() const { return model_.search() && options_.search_steps.key > 0; }
    Result<Try> with_search(Try plain, const GopSource& source);
    double growth_to_come(const Try& gop, const BitsByPart& bits) const;
    Status code_units(Try& gop, const GopSource& source);
    void tell_progress(const Try& gop, int units);
    void tell(int pictures);
    Try begin_try(const GopSource& source) const;
    void code_first(Try& gop, const GopSource& source);
    void code_chunk(Try& gop, const GopSource& source, int unit);
    void code_unit(Try& gop, int unit, const nn::Tensor& rgb);
    void keep_pictures(Try& gop, int unit, const nn::Tensor& rgb);
    std::span<const Follower> followers_of(const Try& gop, int unit) const;
    void refresh_cells(Try& gop, int unit, const nn::Tensor& last, models::BaseOutput& base);
    void code_key_cells(Try& gop, const nn::Tensor& rgb);
    struct CellTokens;
    CellTokens key_cells(Try& gop, const nn::Tensor& rgb);
    CellTokens tokens_of(const models::Latent& latent, std::vector<uint8_t> cells,
                         const nn::Tensor& around) const;
    void search_cells(Try& gop, int unit, const nn::Tensor& original, const nn::Tensor& behind,
                      int qp, CellTokens& made, std::vector<entropy::TokenRow>& rows);
    std::vector<double> cell_distances(const nn::Tensor& original, const nn::Tensor& shown) const;
    void measure_keyframe(Try& gop, const nn::Tensor& rgb) const;
    std::vector<uint8_t> lost_cells(const Try& gop, const std::vector<double>& distances) const;
    std::vector<uint8_t> choose_cells(const Try& gop, int unit, const nn::Tensor& original,
                                      std::vector<uint8_t> lost, const std::vector<double>& before,
                                      const models::Latent& latent, const nn::Tensor& around,
                                      int qp) const;
    std::vector<float> weights_of(const WaitingPicture& picture) const;
    void pay_attention(Try& gop, const GopSource& source);
    KeyframeToSearch to_search(const nn::Tensor& rgb, const nn::Tensor& exact,
                               const nn::Tensor& means,
                               std::span<const entropy::TokenRow> token_rows, int qp) const;
    std::vector<int16_t> search_key(Try& gop, const nn::Tensor& rgb, const nn::Tensor& exact,
                                    const nn::Tensor& means,
                                    std::span<const entropy::TokenRow> token_rows);
    void lay_out(Try& gop) const;
    void choose_bands(Try& gop, const bitstream::UnitTokens& tokens);
    Status pack(Try& gop);
    EncodedGop commit(Try gop, const GopSource& source);

    const Model& model_;
    EncoderOptions options_;
    PictureSize size_;
    GopPlanner planner_;
    Stream stream_;
    std::optional<HybridEncoder> hybrid_;
    bool prefers_neural_ = false;  // holds for a while
    int since_base_trial_ = 0;     // GOPs
    bool long_bases_fit_ = true;   // into packets, so far
    std::deque<std::shared_ptr<const WaitingPicture>> waiting_;
    std::deque<EncodedGop> ready_;
    uint64_t taken_ = 0;   // pictures sent
    int64_t planned_ = 0;  // those in GOPs, that in hand included
    uint64_t last_pts_ = 0;
    StageCosts costs_;  // of the pictures in hand
    int tries_ = 0;
    int done_ = 0;  // pictures of theirs in parts that are coded
    // What is told of them: of what is being coded, so large a share of the work, behind so many.
    double told_share_ = 1, told_before_ = 0;
    int told_ = 0;
};

}  // namespace gvc::codec
