#include "eval/lpips.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "nn/onednn/onednn_ops.h"
#include "nn/parallel.h"
#include "nn/weight_source.h"
#include "weights/safetensors.h"

namespace gvc::eval {

namespace {

// Positions that are worked on together: few enough for all their channels to stay in a core's
// cache, and the same whatever the number of threads, so that sums are too.
constexpr int64_t kBlock = 512;

int64_t blocks(const LpipsMaps::Map& map) {
    return (static_cast<int64_t>(map.positions) + kBlock - 1) / kBlock;
}

struct Range {
    size_t begin, end;
};

Range block_of(const LpipsMaps::Map& map, int64_t block) {
    return {static_cast<size_t>(block * kBlock),
            std::min(static_cast<size_t>((block + 1) * kBlock), map.positions)};
}

// Makes each position's vector of channels one of length 1.
void normalise(LpipsMaps::Map& map, Range range) {
    float lengths[kBlock] = {};
    const size_t count = range.end - range.begin;
    for (int c = 0; c < map.channels; ++c) {
        const float* row = &map.values[c * map.positions + range.begin];
#pragma omp simd
        for (size_t i = 0; i < count; ++i) lengths[i] += row[i] * row[i];
    }
    for (float& length : lengths) length = 1.0f / (std::sqrt(length) + 1e-10f);
    for (int c = 0; c < map.channels; ++c) {
        float* row = &map.values[c * map.positions + range.begin];
#pragma omp simd
        for (size_t i = 0; i < count; ++i) row[i] *= lengths[i];
    }
}

// Sum of the weighted squared differences.
double weighted_distance(const LpipsMaps::Map& a, const LpipsMaps::Map& b,
                         const std::vector<float>& weights, Range range) {
    double sum = 0;
    for (int c = 0; c < a.channels; ++c) {
        const float* ra = &a.values[c * a.positions];
        const float* rb = &b.values[c * a.positions];
        float channel = 0;
#pragma omp simd reduction(+ : channel)
        for (size_t i = range.begin; i < range.end; ++i) {
            const float d = ra[i] - rb[i];
            channel += d * d;
        }
        sum += static_cast<double>(weights[c]) * channel;
    }
    return sum;
}

}  // namespace

Lpips::Lpips(std::unique_ptr<nn::InferenceOps> ops, models::LpipsNet net)
    : ops_(std::move(ops)), network_(*ops_, net) {
    for (const nn::Tensor& head : network_.heads()) {
        std::vector<float> values(static_cast<size_t>(head.shape().count()));
        ops_->to_host(head, values.data());
        heads_.push_back(std::move(values));
    }
}

Result<Lpips> Lpips::make(std::unique_ptr<nn::InferenceOps> ops, models::LpipsNet net) {
    Lpips lpips(std::move(ops), net);
    GVC_RETURN_IF_ERROR(lpips.ops_->status());
    return lpips;
}

Result<Lpips> Lpips::open(const std::string& folder, models::LpipsNet net, int threads) {
    GVC_ASSIGN_OR_RETURN(auto file, models::open_lpips(folder, net));
    const nn::FileWeights weights(std::move(file));
    auto ops = nn::make_onednn_ops(weights, nn::Precision::fp32);
    if (threads > 0) ops->set_threads(threads);
    return make(std::move(ops), net);
}

Result<std::vector<LpipsMaps>> Lpips::features(const std::vector<const float*>& pictures, int width,
                                               int height) {
    if (width < kLpipsMinSide || height < kLpipsMinSide) {
        return {Code::usage, "LPIPS needs pictures of at least 35x35"};
    }
    std::vector<nn::Tensor> inputs;
    for (const float* picture : pictures) {
        inputs.push_back(ops_->from_host({1, 3, height, width}, picture));
    }
    const nn::Tensor batch = inputs.size() == 1 ? inputs[0] : ops_->concat_batch(inputs);
    std::vector<LpipsMaps> result(pictures.size());
    for (const nn::Tensor& taps : network_.run(*ops_, batch)) {
        const nn::Shape& shape = taps.shape();
        for (size_t n = 0; n < pictures.size(); ++n) {
            LpipsMaps::Map map{
                static_cast<int>(shape.c), static_cast<size_t>(shape.h * shape.w), {}};
            map.values.resize(map.channels * map.positions);
            ops_->to_host(ops_->batch(taps, static_cast<int64_t>(n), 1), map.values.data());
            nn::parallel_for(ops_->threads(), blocks(map), 1, [&](int64_t begin, int64_t end) {
                for (int64_t i = begin; i < end; ++i) normalise(map, block_of(map, i));
            });
            result[n].maps.push_back(std::move(map));
        }
    }
    GVC_RETURN_IF_ERROR(ops_->status());
    return result;
}

double Lpips::distance(const LpipsMaps& a, const LpipsMaps& b) const {
    double total = 0;
    for (size_t k = 0; k < heads_.size(); ++k) {
        const LpipsMaps::Map& ma = a.maps[k];
        const LpipsMaps::Map& mb = b.maps[k];
        std::vector<double> sums(static_cast<size_t>(blocks(ma)));
        nn::parallel_for(ops_->threads(), blocks(ma), 1, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                sums[static_cast<size_t>(i)] =
                    weighted_distance(ma, mb, heads_[k], block_of(ma, i));
            }
        });
        total += std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(ma.positions);
    }
    return total;
}

}  // namespace gvc::eval
