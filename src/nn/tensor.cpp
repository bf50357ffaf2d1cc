#include "nn/tensor.h"

namespace gvc::nn {

std::string to_string(const Shape& shape) {
    return '[' + std::to_string(shape.n) + ',' + std::to_string(shape.c) + ',' +
           std::to_string(shape.h) + ',' + std::to_string(shape.w) + ']';
}

}  // namespace gvc::nn
