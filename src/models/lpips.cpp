#include "models/lpips.h"

#include <string>

namespace gvc::models {

using nn::Act;
using nn::Ops;
using nn::Tensor;

namespace {

// LPIPS' ScalingLayer on x = 2 * rgb - 1: (x - shift) / scale.
constexpr float kShift[3] = {-0.030f, -0.088f, -0.188f};
constexpr float kScale[3] = {0.458f, 0.448f, 0.450f};

struct Layer {
    const char* name;
    int in, out, kernel, stride, pad;
};

constexpr Layer kAlex[] = {{"features.0", 3, 64, 11, 4, 2},
                           {"features.3", 64, 192, 5, 1, 2},
                           {"features.6", 192, 384, 3, 1, 1},
                           {"features.8", 384, 256, 3, 1, 1},
                           {"features.10", 256, 256, 3, 1, 1}};

struct FireLayer {
    int index, in, squeeze, expand;
};

constexpr FireLayer kFires[] = {{3, 64, 16, 64},    {4, 128, 16, 64},  {6, 128, 32, 128},
                                {7, 256, 32, 128},  {9, 256, 48, 192}, {10, 384, 48, 192},
                                {11, 384, 64, 256}, {12, 512, 64, 256}};

constexpr int kAlexTaps[] = {64, 192, 384, 256, 256};
constexpr int kSqueezeTaps[] = {64, 128, 256, 384, 384, 512, 512};

}  // namespace

std::string lpips_file(LpipsNet net) {
    return std::string("lpips_") + (net == LpipsNet::alex ? "alex" : "squeeze") +
           "_v0.1_fp32.safetensors";
}

Result<weights::SafetensorsFile> open_lpips(const std::string& folder, LpipsNet net) {
    auto file = weights::SafetensorsFile::open(folder + "/" + lpips_file(net));
    if (file.ok()) return file;
    return {Code::model, "LPIPS weights: " + file.status().message(),
            "they are in models/metrics of the source tree"};
}

LpipsFeatures::LpipsFeatures(Ops& ops, LpipsNet net) : net_(net) {
    float scale[3], shift[3];
    for (int c = 0; c < 3; ++c) {
        scale[c] = 2.0f / kScale[c];
        shift[c] = (-1.0f - kShift[c]) / kScale[c];
    }
    scale_ = ops.from_host({1, 3, 1, 1}, scale);
    shift_ = ops.from_host({1, 3, 1, 1}, shift);

    auto head = [&](int channels) {
        heads_.push_back(ops.parameter("lin" + std::to_string(heads_.size()) + ".weight",
                                       {1, channels, 1, 1}, nn::Init::zero));
    };
    if (net == LpipsNet::alex) {
        for (const Layer& l : kAlex) {
            nn::ConvSpec spec{l.in, l.out, l.kernel, l.stride, l.pad};
            spec.winograd = true;
            convs_.push_back(ops.conv_weight(l.name, spec));
        }
        for (int channels : kAlexTaps) head(channels);
        return;
    }
    convs_.push_back(ops.conv_weight("features.0", {3, 64, 3, 2, 0}));
    for (const FireLayer& f : kFires) {
        std::string name = "features." + std::to_string(f.index);
        convs_.push_back(ops.conv_weight(name + ".squeeze", {f.in, f.squeeze, 1, 1, 0}));
        convs_.push_back(ops.conv_weight(name + ".expand1x1", {f.squeeze, f.expand, 1, 1, 0}));
        convs_.push_back(ops.conv_weight(name + ".expand3x3", {f.squeeze, f.expand, 3, 1, 1}));
    }
    for (int channels : kSqueezeTaps) head(channels);
}

Tensor LpipsFeatures::fire(Ops& ops, const Tensor& x, int index) const {
    Tensor s = ops.conv(x, convs_[1 + 3 * index], Act::relu);
    return ops.concat({ops.conv(s, convs_[2 + 3 * index], Act::relu),
                       ops.conv(s, convs_[3 + 3 * index], Act::relu)});
}

std::vector<Tensor> LpipsFeatures::run(Ops& ops, const Tensor& rgb) const {
    Tensor x = ops.scale_shift(rgb, scale_, shift_);
    std::vector<Tensor> taps;
    if (net_ == LpipsNet::alex) {
        for (size_t i = 0; i < convs_.size(); ++i) {
            if (i == 1 || i == 2) x = ops.max_pool(x, 3, 2, false);
            x = ops.conv(x, convs_[i], Act::relu);
            taps.push_back(x);
        }
        return taps;
    }
    x = ops.conv(x, convs_[0], Act::relu);
    taps.push_back(x);
    for (int i = 0; i < 8; ++i) {
        if (i == 0 || i == 2 || i == 4) x = ops.max_pool(x, 3, 2, true);
        x = fire(ops, x, i);
        if (i == 1 || i >= 3) taps.push_back(x);
    }
    return taps;
}

}  // namespace gvc::models
