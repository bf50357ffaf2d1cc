// Back through a warp to the pictures that it reads, for encoders that improve a picture by what is
// made of it.
#pragma once

#include <span>
#include <vector>

#include "nn/ops.h"

namespace gvc::nn {

// Of warp_blend (nn/ops.h) with fixed flows and masks: a linear map of its references, whose
// transpose this is. Pictures are RGB of one item, on the host.
class WarpGradient {
  public:
    // flows [1, 2 * refs, H, W], logits [1, refs + 1, H, W] and s as warp_blend has them.
    WarpGradient(Ops& ops, const Tensor& flows, const Tensor& logits, int s, Sampling sampling);

    // g [3, H * s, W * s]: the gradient with respect to what was warped. Adds that with respect to
    // reference `ref`, of the same shape, to `of_ref`. Different references may be asked for at the
    // same time.
    void add(size_t ref, std::span<const float> g, std::span<float> of_ref) const;

  private:
    struct Reference {
        std::vector<float> dx, dy;  // in pixels
        std::vector<float> mask;
    };

    int64_t h_, w_;
    Sampling sampling_;
    std::vector<Reference> references_;
};

}  // namespace gvc::nn
