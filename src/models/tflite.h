// Networks in TensorFlow Lite's files, as far as the segmentation networks of the metrics need
// them: one input, one output, fp32, six kinds of operations. These
// networks are small, and nn::Ops has no strided or dilated depthwise convolutions: plain loops do.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace gvc::models {

class TfliteNetwork {
  public:
    struct Tensor {
        std::vector<int> shape;     // [N, H, W, C] of data, N being 1
        std::vector<float> values;  // of weights

        size_t count() const;
    };

    // Code::model if the file is damaged or holds what is not known here.
    static Result<TfliteNetwork> parse(std::span<const std::byte> file);

    const Tensor& input() const { return tensors_[input_]; }
    const Tensor& output() const { return tensors_[output_]; }

    // `input` has the input's count of values, [H, W, C]; returns the output's.
    std::vector<float> run(std::vector<float> input) const;

  private:
    friend class TfliteReader;

    enum class Kind { add, average_pool, concat, conv, depthwise, resize };
    struct Operation {
        Kind kind = Kind::add;
        std::vector<int> inputs;
        int output = 0;
        int stride = 1, dilation = 1;
        float least = 0, most = 0;  // of the output's values
    };

    Status check(const Operation& op) const;

    std::vector<Tensor> tensors_;
    std::vector<Operation> operations_;
    int input_ = 0, output_ = 0;
};

}  // namespace gvc::models
