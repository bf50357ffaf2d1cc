// Pairs for the hybrid's refiner: GOPs of a pack, coded with AV1 at random sizes and rates, decoded
// and scaled up to the size of the source.
//
// In the pack's folder: pairs.json (an array of objects) and pairs.yuv (decoded frames as in the
// pack's own files). make_pairs.h makes them.
#pragma once

#include <torch/types.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/result.h"
#include "train/dataset.h"

namespace gvc::train {

// What a base was coded with, as models::HybridInput takes it.
struct PairConditions {
    std::vector<float> crfs, scales, bpps;
};

class PairSet {
  public:
    static Result<PairSet> open(const std::string& pack, const std::string& split);

    static constexpr int kContext = 4;  // pictures that stand for a whole GOP
    struct Batch {
        at::Tensor truth, coded;  // [batch * frames, 3, size, size], RGB in [0, 1]
        // [batch * kContext, 3, size, size]: the same place at times spread over the GOP
        at::Tensor truth_context, coded_context;
        PairConditions conditions;  // a value per item of the batch and frame
    };
    // Consecutive frames, crops of size x size, flipped and reversed in time at random.
    Batch sample(int batch, int frames, int size, std::mt19937_64& random) const;

    size_t size() const { return pairs_.size(); }

  private:
    struct Pair {
        size_t sequence;
        int first, frames;
        uint64_t offset;
        float crf, scale, bpp;
    };

    std::shared_ptr<const Dataset> sources_;
    at::Tensor bytes_;  // of pairs.yuv
    std::vector<Pair> pairs_;
};

}  // namespace gvc::train
