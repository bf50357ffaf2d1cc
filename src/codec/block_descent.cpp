#include "codec/block_descent.h"

#include <cassert>
#include <cmath>
#include <utility>

namespace gvc::codec {
namespace {

constexpr float kLonger = 1.2f, kShorter = 0.5f;  // what a block's steps become
constexpr float kSquareDecay = 0.99f;

}  // namespace

BlockDescent::BlockDescent(std::vector<float> values, size_t rows, size_t columns, float length,
                           float least)
    : columns_(columns),
      positions_(rows * columns),
      length_(length),
      least_(least),
      values_(std::move(values)),
      best_(values_),
      best_gradient_(values_.size()),
      share_(positions_ / kBlockSide / kBlockSide, 1.0f) {
    assert(rows % kBlockSide == 0 && columns % kBlockSide == 0 && values_.size() % positions_ == 0);
}

void BlockDescent::keep_better(std::span<const double> costs, std::span<const float> gradient) {
    const bool first = best_cost_.empty();
    if (first) best_cost_.assign(costs.begin(), costs.end());
    std::vector<bool> better(costs.size());
    for (size_t b = 0; b < costs.size(); ++b) {
        better[b] = costs[b] <= best_cost_[b];
        if (better[b]) best_cost_[b] = costs[b];
        if (!first) share_[b] *= better[b] ? kLonger : kShorter;
    }
    for (size_t i = 0; i < values_.size(); ++i) {
        if (!better[block_of(i)]) continue;
        best_[i] = values_[i];
        if (!gradient.empty()) best_gradient_[i] = gradient[i];
    }
}

void BlockDescent::found(std::span<const double> costs, std::span<const float> gradient) {
    keep_better(costs, gradient);
    const bool first = square_.empty();
    square_.resize(values_.size());
    for (size_t i = 0; i < values_.size(); ++i) {
        const float g = best_gradient_[i];
        square_[i] = first ? g * g : kSquareDecay * square_[i] + (1 - kSquareDecay) * g * g;
        const float step = g / (std::sqrt(square_[i]) + least_);
        values_[i] = best_[i] - length_ * share_[block_of(i)] * step;
    }
}

}  // namespace gvc::codec
