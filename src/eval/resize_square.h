// Pictures of the one size that a network takes.
#pragma once

namespace gvc::eval {

// One plane to side squared, bilinear between the centres of samples, as OpenCV does it.
void resize_to_square(const float* from, int width, int height, int side, float* to);

}  // namespace gvc::eval
