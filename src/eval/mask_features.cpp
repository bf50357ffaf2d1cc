#include "eval/mask_features.h"

#include <algorithm>
#include <cmath>

#include "models/fastestdet.h"
#include "models/lpips.h"
#include "nn/onednn/onednn_ops.h"
#include "nn/weight_source.h"
#include "weights/safetensors.h"

namespace gvc::eval {

namespace {

// Bilinear between two cells of a line of `count`.
struct Between {
    int first = 0, second = 0;
    float share = 0;  // of the second
};

Between between(float at, int count) {
    at = std::clamp(at, 0.0f, static_cast<float>(count - 1));
    const int first = static_cast<int>(at);
    return {first, std::min(first + 1, count - 1), at - static_cast<float>(first)};
}

}  // namespace

const char* feature_net_name(FeatureNet net) {
    return net == FeatureNet::squeezenet ? "squeezenet" : "fastestdet";
}

std::optional<FeatureNet> feature_net_from_name(const std::string& name) {
    for (const FeatureNet net : {FeatureNet::fastestdet, FeatureNet::squeezenet}) {
        if (name == feature_net_name(net)) return net;
    }
    return std::nullopt;
}

MaskFeatures::MaskFeatures(FeatureNet net, std::unique_ptr<nn::InferenceOps> ops)
    : net_(net), ops_(std::move(ops)) {
    if (net == FeatureNet::squeezenet) {
        // Its first convolution and its pools have no padding: each moves cells by half a kernel.
        network_ = [features = models::LpipsFeatures(*ops_, models::LpipsNet::squeeze)](
                       nn::Ops& o, const nn::Tensor& rgb) -> std::vector<Map> {
            const auto maps = features.run(o, rgb);
            return {{maps[2], 8, 7}, {maps.back(), 16, 15}};
        };
    } else {
        network_ = [detector = models::FastestDet(*ops_)](
                       nn::Ops& o, const nn::Tensor& rgb) -> std::vector<Map> {
            const auto maps = detector.features(o, rgb);
            return {{maps[0], 8, 0}, {maps[1], 16, 0}, {maps[2], 32, 0}};
        };
    }
}

Result<MaskFeatures> MaskFeatures::open(FeatureNet net, const std::string& folder, int threads) {
    const bool squeeze = net == FeatureNet::squeezenet;
    const std::string name = squeeze ? models::lpips_file(models::LpipsNet::squeeze)
                                     : "fastestdet_coco_fp32.safetensors";
    auto file = weights::SafetensorsFile::open(folder + "/" + name);
    if (!file.ok()) {
        return {Code::model, "weights of the mask propagator: " + file.status().message(),
                "they are in models/metrics of the source tree"};
    }
    const nn::FileWeights stored(std::move(*file));
    const nn::MemoryWeights folded =
        squeeze ? nn::MemoryWeights() : models::fastestdet_weights(stored);
    const nn::WeightSource& weights =
        squeeze ? static_cast<const nn::WeightSource&>(stored) : folded;
    auto ops = nn::make_onednn_ops(weights, nn::Precision::fp32);
    if (threads > 0) ops->set_threads(threads);
    MaskFeatures features(net, std::move(ops));
    GVC_RETURN_IF_ERROR(features.ops_->status());
    return features;
}

// Writes the map, brought to the grid's cells, behind the channels before it.
void MaskFeatures::add_map(nn::Ops& ops, const Map& map, int from_channel, float weight,
                           FeatureGrid& grid) {
    const nn::Shape& shape = map.tensor.shape();
    const auto w = static_cast<int>(shape.w), h = static_cast<int>(shape.h);
    const auto channels = static_cast<int>(shape.c);
    std::vector<float> planes(static_cast<size_t>(shape.count()));
    ops.to_host(map.tensor, planes.data());
    const auto place = [&](int cell, int count) {
        const float pixel = static_cast<float>(grid.stride * cell + grid.offset - map.offset);
        return between(pixel / static_cast<float>(map.stride), count);
    };
    for (int y = 0; y < grid.height; ++y) {
        const Between v = place(y, h);
        for (int x = 0; x < grid.width; ++x) {
            const Between u = place(x, w);
            float* out = &grid.values[(static_cast<size_t>(y) * grid.width + x) * grid.channels] +
                         from_channel;
            float length = 0;
            for (int c = 0; c < channels; ++c) {
                const float* plane = &planes[static_cast<size_t>(c) * w * h];
                const float* above = plane + static_cast<size_t>(v.first) * w;
                const float* below = plane + static_cast<size_t>(v.second) * w;
                const float top = above[u.first] + u.share * (above[u.second] - above[u.first]);
                const float bottom = below[u.first] + u.share * (below[u.second] - below[u.first]);
                out[c] = top + v.share * (bottom - top);
                length += out[c] * out[c];
            }
            const float scale = weight / (std::sqrt(length) + 1e-10f);
            for (int c = 0; c < channels; ++c) out[c] *= scale;
        }
    }
}

Result<FeatureGrid> MaskFeatures::run(const float* rgb, int width, int height) {
    if (width < kFeatureMinSide || height < kFeatureMinSide) {
        return {Code::usage, "propagating masks needs pictures of at least 64x64"};
    }
    const auto maps = network_(*ops_, ops_->from_host({1, 3, height, width}, rgb));
    GVC_RETURN_IF_ERROR(ops_->status());
    FeatureGrid grid;
    grid.width = static_cast<int>(maps[0].tensor.shape().w);
    grid.height = static_cast<int>(maps[0].tensor.shape().h);
    grid.stride = maps[0].stride;
    grid.offset = maps[0].offset;
    for (const Map& map : maps) grid.channels += static_cast<int>(map.tensor.shape().c);
    grid.values.resize(static_cast<size_t>(grid.width) * grid.height * grid.channels);
    const float weight = 1 / std::sqrt(static_cast<float>(maps.size()));
    int channel = 0;
    for (const Map& map : maps) {
        add_map(*ops_, map, channel, weight, grid);
        channel += static_cast<int>(map.tensor.shape().c);
    }
    GVC_RETURN_IF_ERROR(ops_->status());
    return grid;
}

}  // namespace gvc::eval
