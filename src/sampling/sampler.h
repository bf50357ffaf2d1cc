// Runs the refiner along the rectified flow z_t = (1 - t) * z0 + t * noise, from z_base to pixels.
#pragma once

#include <vector>

#include "models/refiner.h"

namespace gvc::sampling {

// Times at which the refiner runs: `steps` of them, from `start` evenly down, the last one start /
// steps above zero.
std::vector<float> schedule(float start, int steps);

// Where a run of so many steps starts: one step at the weights' own time, several ones further out,
// or there would be nothing for them to do.
float start_time(float of_weights, int steps);

struct Noise {
    uint32_t seed = 0;
    uint32_t first_frame = 0;  // number of the batch's first frame in its GOP
};

// input.z_t is the base latent here, input.times is ignored; qps and style as the refiner takes
// them. steps >= 1. Returns pictures [T, 3, H, W], not clamped.
nn::Tensor sample(nn::Ops& ops, const models::Refiner& refiner, models::RefinerInput input,
                  int frames, float start, int steps, const Noise& noise);

}  // namespace gvc::sampling
