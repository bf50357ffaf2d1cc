#include "nn/onednn/packed_weights.h"

#include <bit>
#include <cassert>
#include <new>

#include "nn/onednn/kernels.h"

namespace gvc::nn::onednn {
namespace {

constexpr int64_t kVector = 16;
constexpr std::align_val_t kLine{64};

uint16_t bf16(float value) {  // to nearest, ties to even
    const auto bits = std::bit_cast<uint32_t>(value);
    if (value != value) return 0x7fc0;
    return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

// The output channels, by vectors of 16, in the order in which panels hold them.
std::vector<int64_t> vector_order(int64_t vectors, bool gated) {
    std::vector<int64_t> order;
    while (static_cast<int64_t>(order.size()) < vectors) {
        const auto done = static_cast<int64_t>(order.size());
        const int64_t width = gemm_panel_width(vectors - done, gated);
        for (int64_t j = 0; j < width; ++j) {
            const int64_t half = width / 2;
            order.push_back(gated ? done / 2 + j % half + (j / half) * (vectors / 2) : done + j);
        }
    }
    return order;
}

}  // namespace

PackedWeights::PackedWeights(std::span<const float> weight, std::span<const float> bias, bool gated)
    : in_(static_cast<int64_t>(weight.size() / bias.size())),
      weights_(static_cast<uint16_t*>(::operator new(weight.size() * sizeof(uint16_t), kLine))) {
    const int64_t vectors = static_cast<int64_t>(bias.size()) / kVector;
    assert(in_ % 2 == 0 && vectors * kVector == static_cast<int64_t>(bias.size()));
    assert(!gated || vectors % 2 == 0);
    const std::vector<int64_t> order = vector_order(vectors, gated);
    uint16_t* to = weights_.get();
    for (int64_t done = 0; done < vectors;) {
        const int64_t width = gemm_panel_width(vectors - done, gated);
        for (int64_t i = 0; i < width * kVector; ++i) {
            const auto v = static_cast<size_t>(done + i / kVector);
            const int64_t channel = order[v] * kVector + i % kVector;
            bias_.push_back(bias[static_cast<size_t>(channel)]);
            for (int64_t k = 0; k < in_; ++k) {
                to[k / 2 * 2 * width * kVector + 2 * i + k % 2] =
                    bf16(weight[static_cast<size_t>(channel * in_ + k)]);
            }
        }
        to += in_ * width * kVector;
        done += width;
    }
}

void PackedWeights::Free::operator()(uint16_t* memory) const { ::operator delete(memory, kLine); }

}  // namespace gvc::nn::onednn
