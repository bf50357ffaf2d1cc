// Where the faces are in a picture: what people look at first, and forgive least.
//
// A detector of objects says where people are (eval/detector.h), and the colour of skin what of
// them is bare: in the upper half that is mostly the face. All that is made of it is how much
// errors weigh; a miss costs nothing that was there before. docs/decisions/0019-faces.md.
#pragma once

#include <span>
#include <vector>

#include "eval/detector.h"

namespace gvc::eval {

// What errors weigh in a picture of planar RGB, [3, height, width] in [0, 1], with these objects in
// it: [height, width], 1 but for faces, which weigh the more the less of the picture they are.
// Empty if there are none.
std::vector<float> face_weights(std::span<const Box> objects, std::span<const float> rgb, int width,
                                int height);

}  // namespace gvc::eval
