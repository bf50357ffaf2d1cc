// Motion that a whole picture has in common: of a camera that pans, zooms or turns.
//
// It is sent in a few integers (base/affine.h), exact to an eighth of a pixel, and what the latent
// says of motion is the difference to it. Cell by cell a pan would cost a symbol each 64x64 pixels,
// and be coarse: neighbours would move by parts of a pixel less or more.
#pragma once

#include <vector>

#include "base/affine.h"
#include "models/motion_search.h"

namespace gvc::models {

// The vectors of a picture of width x height cells that moves so; integer arithmetic, the same
// everywhere, bounded to kLongestVector.
std::vector<CellVector> affine_field(const Affine& motion, int width, int height);

// The motion that most of a field's cells agree on (least squares, iterated with Tukey's weights),
// as it can be sent. Cells that move otherwise do not count.
Affine common_motion(const MotionField& field);

}  // namespace gvc::models
