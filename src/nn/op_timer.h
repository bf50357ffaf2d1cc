// Times of operations on a backend, and the most that it multiplies.
#pragma once

#include <functional>

#include "nn/ops.h"
#include "nn/weight_source.h"

namespace gvc::nn {

class OpTimer {
  public:
    // `ops` was made from `weights`, in which the timer registers what it needs. Both must outlive
    // it.
    OpTimer(Ops& ops, MemoryWeights& weights) : ops_(ops), weights_(weights) {}

    Tensor input(const Shape& shape);
    Tensor feature(const Shape& shape);  // of the type that a convolution gives
    ConvWeight conv_weight(int in, int out, int kernel, int stride);
    DepthwiseWeight depthwise_weight(int channels);

    // Seconds of the best of the runs within a quarter of a second, at least three. The last value
    // of the result is read, so that a device that works behind the program's back is waited for.
    double seconds(const std::function<Tensor()>& op);

  private:
    void wait_for(const Tensor& x);

    Ops& ops_;
    MemoryWeights& weights_;
};

// Multiply-accumulates a second of the fastest of a few 1x1 convolutions of wide features: what
// networks on this backend and these threads are measured against.
double peak_products(Ops& ops, MemoryWeights& weights);

}  // namespace gvc::nn
