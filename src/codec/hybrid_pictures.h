// A GOP of the hybrid base on its way to the screen: decoded pictures through the refiner, group by
// group, so that memory holds few of them as floats.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "bitstream/descriptor.h"
#include "bitstream/sequence_header.h"
#include "codec/base_coder.h"
#include "codec/model.h"
#include "codec/timing.h"

namespace gvc::codec {

// Pictures that are refined together: usually models::kChunkFrames, in the end of a GOP three to
// five, so that none is refined twice.
struct RefinedGroup {
    int first, count;
};

// That of a picture in a GOP of so many.
RefinedGroup refined_group(int picture, int pictures);

class HybridPictures {
  public:
    // bytes: of the base's data, part of what the refiner is told. detail: of its detail code,
    // symbols of detail_size(); empty: none. The model must outlive this.
    HybridPictures(const Model& model, std::unique_ptr<BasePictures> base,
                   const bitstream::SequenceHeader& sequence,
                   const bitstream::Descriptor& descriptor, size_t bytes,
                   const std::vector<int8_t>& detail);

    int count() const { return base_->count(); }
    // Pictures first ... first + count - 1 of one group, planar RGB in [0, 1]. refinement: see
    // Descriptor; at 0, or with a model that cannot, they are the base's own. A group that is asked
    // for right behind the one before it refers to that one's pictures, as a decoder shows them;
    // asked for alone, it does without.
    Result<std::vector<std::vector<float>>> pictures(int first, int count, int refinement,
                                                     StageCosts& costs);

  private:
    Status read_base(int first, int count);
    std::vector<std::vector<float>> refine(const RefinedGroup& group, int refinement);

    const Model& model_;
    std::unique_ptr<BasePictures> base_;
    PictureSize size_;
    float crf_, scale_, bpp_;
    std::vector<float> detail_;
    std::vector<float> rgb_;  // [count, 3, H, W] of the base; kept, since new memory is slow
    // For recurrent weights, of the last group that was refined: where it ended, and its last
    // picture before and after.
    int refined_end_ = 0;
    nn::Tensor last_rgb_, last_refined_;
};

}  // namespace gvc::codec
