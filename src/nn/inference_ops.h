// What the backends that only run networks have in common: parameters read from a WeightSource, an
// error kept until the owner asks, and a number of threads.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "nn/ops.h"
#include "nn/weight_source.h"

namespace gvc::nn {

// Networks are built without an error path: a parameter that is missing or has another shape is
// replaced by zeros and the first such error is kept. Whoever builds the networks asks status()
// once afterwards. A failing operation (out of memory inside a library) is kept in the same way.
//
// An instance may be used from one thread at a time.
class InferenceOps : public Ops {
  public:
    // `weights` must live as long as networks are built with this object; nothing of it is kept.
    explicit InferenceOps(const WeightSource& weights) : weights_(weights) {}

    const Status& status() const { return status_; }

    // Threads an operation may use, at least 1. Results do not depend on it.
    virtual void set_threads(int) {}

  protected:
    // The values of parameter `name`. Dimensions of size 1 do not count when shapes are compared
    // ([C] is accepted for [1, C, 1, 1]).
    std::vector<float> load(const std::string& name, const std::vector<int64_t>& shape);

    struct ConvArrays {
        std::vector<float> weight, bias;  // bias: zeros where the spec has none
    };
    ConvArrays load_conv(const std::string& name, const ConvSpec& spec);
    ConvArrays load_depthwise(const std::string& name, int channels);

    void fail(Status status);  // kept if it is the first

  private:
    const WeightSource& weights_;
    Status status_;
};

}  // namespace gvc::nn
