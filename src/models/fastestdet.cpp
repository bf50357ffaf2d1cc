#include "models/fastestdet.h"

namespace gvc::models {

using nn::Act;
using nn::ConvWeight;
using nn::Ops;
using nn::Tensor;

namespace {

constexpr int kFirst = 24;
constexpr int kWidths[] = {48, 96, 192};  // of the stages
constexpr int kRepeats[] = {4, 8, 4};
constexpr int kNeck = 96;
constexpr int kNeckInputs = 48 + 96 + 192;

}  // namespace

FastestDet::FastestDet(Ops& ops) {
    first_ = ops.conv_weight("first", {3, kFirst, 3, 2});
    // Max pooling here has no border of its own; features are not negative, so one of zeros does.
    pad_ = ops.conv_weight("pad", {kFirst, kFirst, 1, 1, 1});
    average_ = ops.conv_weight("average", {kWidths[0], kWidths[0], 3, 2});
    int in = kFirst;
    for (int s = 0; s < 3; ++s) {
        const int half = kWidths[s] / 2;
        std::vector<Block>& stage = stages_.emplace_back();
        for (int i = 0; i < kRepeats[s]; ++i) {
            const std::string name = "stage" + std::to_string(s + 2) + "." + std::to_string(i);
            Block& block = stage.emplace_back();
            block.halves = i == 0;
            block.main[0] = ops.conv_weight(name + ".main0", {in, half, 1});
            block.main[1] = ops.conv_weight(name + ".main1", {half, half, 3, block.halves ? 2 : 1});
            block.main[2] = ops.conv_weight(name + ".main2", {half, half, 1});
            if (block.halves) {
                block.project[0] = ops.conv_weight(name + ".project0", {in, in, 3, 2});
                block.project[1] = ops.conv_weight(name + ".project1", {in, in, 1});
            } else {
                block.even = ops.conv_weight(name + ".even", {in, half, 1});
            }
            in = kWidths[s];
        }
    }
    reduce_ = ops.conv_weight("neck.reduce", {kNeckInputs, kNeck, 1});
    for (int length = 1; length <= 3; ++length) {
        std::vector<ConvWeight>& chain = pyramid_.emplace_back();
        for (int i = 0; i < length; ++i) {
            chain.push_back(ops.conv_weight("neck.s" + std::to_string(length) + std::to_string(i),
                                            {kNeck, kNeck, 5}));
        }
    }
    join_ = ops.conv_weight("neck.join", {3 * kNeck, kNeck, 1});
    head_ = ops.conv_weight("head", {kNeck, kNeck, 1});
    for (const auto& [name, out] : {std::pair("object", 1), {"box", 4}, {"class", 80}}) {
        heads_.push_back({ops.conv_weight(std::string("head.") + name + "0", {kNeck, kNeck, 5}),
                          ops.conv_weight(std::string("head.") + name + "1", {kNeck, out, 1})});
    }
}

Tensor FastestDet::run(Ops& ops, const Block& block, const Tensor& x) const {
    Tensor y = ops.conv(x, block.main[0], Act::relu);
    y = ops.conv(ops.conv(y, block.main[1]), block.main[2], Act::relu);
    if (!block.halves) return ops.concat({ops.conv(x, block.even), y});
    return ops.concat({ops.conv(ops.conv(x, block.project[0]), block.project[1], Act::relu), y});
}

std::vector<Tensor> FastestDet::features(Ops& ops, const Tensor& rgb) const {
    Tensor x = ops.conv(rgb, first_, Act::relu);
    x = ops.max_pool(ops.conv(x, pad_), 3, 2, false);
    std::vector<Tensor> maps;
    for (const auto& stage : stages_) {
        for (const Block& block : stage) x = run(ops, block, x);
        maps.push_back(x);
    }
    return maps;
}

Tensor FastestDet::detect(Ops& ops, const Tensor& rgb) const {
    const auto maps = features(ops, rgb);
    const Tensor& deep = maps[2];
    const Tensor doubled = ops.shuffle(ops.concat({deep, deep, deep, deep}), 2);
    Tensor x = ops.concat({ops.conv(maps[0], average_), maps[1], doubled});
    x = ops.conv(x, reduce_, Act::relu);
    std::vector<Tensor> levels;
    for (const auto& chain : pyramid_) {
        Tensor y = x;
        for (const ConvWeight& w : chain) y = ops.conv(y, w, Act::relu);
        levels.push_back(y);
    }
    x = ops.activate(ops.add(x, ops.conv(ops.concat(levels), join_)), Act::relu);
    x = ops.conv(x, head_, Act::relu);
    std::vector<Tensor> answers;
    for (const Head& head : heads_) {
        answers.push_back(ops.conv(ops.conv(x, head.wide, Act::relu), head.out));
    }
    return ops.concat(answers);
}

}  // namespace gvc::models
