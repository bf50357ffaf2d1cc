// Motion that is known exactly: a camera that moves over a photograph.
#pragma once

#include <torch/types.h>

#include <random>

namespace gvc::train {

// frames views of size x size [frames, 3, size, size] of a photograph [3, H, W] in [0, 1]: a pan, a
// zoom and a rotation, steady but for a little shake, that stay within it as far as it is large
// enough (beyond its edge the edge is repeated). About one time in eight nothing moves.
at::Tensor moving_photo(const at::Tensor& photo, int frames, int size, std::mt19937_64& random);

}  // namespace gvc::train
