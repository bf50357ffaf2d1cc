// Size of a pooled picture, the same in every backend.
#pragma once

#include <cstdint>

namespace gvc::nn {

// Windows of `kernel` every `stride` without padding. With `ceil_mode` the last window may reach
// over the edge, where it is clipped, but it starts inside.
inline int64_t pooled_size(int64_t size, int kernel, int stride, bool ceil_mode) {
    int64_t count = (size - kernel + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    return (count - 1) * stride >= size ? count - 1 : count;
}

}  // namespace gvc::nn
