// The search for a keyframe's symbols (codec/keyframe_search.h) as training sees it: what an
// entropy model has to code is what the encoder will send.
#pragma once

#include <torch/types.h>

#include <vector>

#include "train/codec_step.h"
#include "train/losses.h"

namespace gvc::train {

struct KeyToSearch {
    at::Tensor rgb;           // [N, 3, H, W]
    at::Tensor exact, means;  // [N, 96, H/16, W/16]: y minus its means, and those
    at::Tensor hyper;         // z, rounded
    std::vector<float> qps;
};

// Symbols after so many steps, those at scale index 0 are 0. After no step: rounded, all of them,
// so that an entropy model that has learned nothing has no say in what it learns from.
at::Tensor searched_symbols(nn::Ops& ops, const Networks& nets, const std::vector<Lpips>& lpips,
                            const KeyToSearch& key, int steps);

}  // namespace gvc::train
