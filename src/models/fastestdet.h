// FastestDet (dog-qiuqiu, 2022): a detector of COCO's 80 classes, 0.24 M parameters. For measuring,
// and to tell an encoder where people are: nothing of GVC was trained with it.
#pragma once

#include <string>
#include <vector>

#include "nn/ops.h"
#include "nn/weight_source.h"

namespace gvc::models {

constexpr int kDetectorSide = 352;     // of the picture that detect() takes
constexpr int kDetectorGrid = 22;      // cells a side of its answer
constexpr int kDetectorChannels = 85;  // a cell: object, box (4), classes (80)

// What the network's operations need, made from models/metrics/fastestdet_coco_fp32.safetensors:
// batch norms are folded into the convolutions, depthwise ones become dense (they are small), and
// channel shuffles become selections. Parts that the file lacks are left out, so that building the
// network says so.
nn::MemoryWeights fastestdet_weights(const nn::WeightSource& file);

class FastestDet {
  public:
    // `ops` must have the weights above.
    explicit FastestDet(nn::Ops& ops);

    // Feature maps at 1/8, 1/16 and 1/32 of rgb [N, 3, H, W] in [0, 1], sides at least 32.
    std::vector<nn::Tensor> features(nn::Ops& ops, const nn::Tensor& rgb) const;

    // rgb [N, 3, 352, 352] -> [N, 85, 22, 22], before sigmoid and softmax.
    nn::Tensor detect(nn::Ops& ops, const nn::Tensor& rgb) const;

  private:
    struct Block {  // of ShuffleNetV2
        nn::ConvWeight main[3];
        nn::ConvWeight project[2];  // of a block that halves the size
        nn::ConvWeight even;        // of the others: the channels that pass
        bool halves = false;
    };
    struct Head {
        nn::ConvWeight wide, out;
    };

    nn::Tensor run(nn::Ops& ops, const Block& block, const nn::Tensor& x) const;

    nn::ConvWeight first_, pad_, average_, reduce_, join_, head_;
    std::vector<std::vector<Block>> stages_;
    std::vector<std::vector<nn::ConvWeight>> pyramid_;  // chains of 1, 2 and 3
    std::vector<Head> heads_;                           // object, box, classes
};

}  // namespace gvc::models
