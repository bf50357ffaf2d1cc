// GOPs with an AV1 base: choice of size, quantiser, detail code and refinement.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "codec/base_rate.h"
#include "codec/encoded_gop.h"
#include "codec/encoder_options.h"
#include "codec/gop_source.h"
#include "codec/model.h"

namespace gvc::codec {

// For each GOP of the stream: code() and then commit(), or pass() where another base coded it.
class HybridEncoder {
  public:
    // The model and options.base_coder must outlive this.
    HybridEncoder(const Model& model, const EncoderOptions& options);

    struct Seen {             // what a GOP looks like
        double distance = 0;  // of its judged pictures from their originals, on average
        int refinement = 0;
        std::vector<double> distances = {};  // of each
    };
    struct Coded {
        EncodedGop gop;  // no packets: maxrate leaves no room even for one picture
        Seen seen;       // if it was looked at
    };
    // GOP `number` at the size and quantiser that suit its budget; with a maximum rate, of fewer
    // and fewer frames. Code::quality if not even the stream's first picture fits. look: choose the
    // refinement and tell the distance; otherwise the refinement is that of the GOP before.
    Result<Coded> code(GopSource& source, uint32_t number, bool look);
    // The GOP that code() made, or another in its place, goes out with so many bits.
    void commit(double bits);
    // A GOP went out that was not coded here.
    void pass(const GopSource& source, double bits);

  private:
    struct Candidate {         // a size of the base
        double crf = 0;        // that takes the budget
        double at_budget = 0;  // distance from the original, as if it had taken its very budget
    };

    void begin_rate(const GopSource& source);
    Status choose_size(const GopSource& source);
    Result<std::optional<Candidate>> try_size(const GopSource& source, size_t size);
    Result<EncodedGop> code_within_budget(const GopSource& source);
    Result<EncodedGop> code_at_size(const GopSource& source, BaseEffort effort);
    Status add_detail(std::span<const WaitingPicture* const> pictures, EncodedGop& gop);
    double expected_detail_bits() const;
    Result<Seen> choose_refinement(const GopSource& source, EncodedGop& gop);
    Result<Seen> look_at(const GopSource& source, const EncodedGop& gop);
    Status pack(EncodedGop& gop);
    void tell_progress(double work) const;

    const Model& model_;
    EncoderOptions options_;  // its sequence has the base size of the GOP in hand
    PictureSize size_;
    BaseRateControl rate_;
    std::optional<size_t> chosen_size_;            // of the list in the source file
    std::optional<double> detail_bits_;            // of the last detail code
    int refinement_ = bitstream::kFullRefinement;  // that was chosen last
    // Of the GOP in hand:
    uint32_t number_ = 0;
    StageCosts costs_;
    int tries_ = 0;
    int pictures_ = 0;
    double done_ = 0, expected_ = 1;  // work, in drafts
};

}  // namespace gvc::codec
