#include "sampling/sampler.h"

#include <algorithm>

#include "sampling/noise.h"

namespace gvc::sampling {
namespace {

constexpr float kLeastStartOfSeveral = 0.3f;

nn::Tensor noise_tensor(nn::Ops& ops, const nn::Shape& shape, const Noise& noise) {
    std::vector<float> values(static_cast<size_t>(shape.count()));
    const size_t each = values.size() / static_cast<size_t>(shape.n);
    for (size_t i = 0; i < static_cast<size_t>(shape.n); ++i) {
        gaussian_noise(noise.seed, noise.first_frame + static_cast<uint32_t>(i),
                       std::span(values).subspan(i * each, each));
    }
    return ops.from_host(shape, values.data());
}

nn::Tensor mix(nn::Ops& ops, float a, const nn::Tensor& x, float b, const nn::Tensor& y) {
    return ops.add(ops.affine(x, a, 0.0f), ops.affine(y, b, 0.0f));
}

}  // namespace

std::vector<float> schedule(float start, int steps) {
    std::vector<float> times;
    for (int i = 0; i < steps; ++i) {
        times.push_back(start * static_cast<float>(steps - i) / static_cast<float>(steps));
    }
    return times;
}

float start_time(float of_weights, int steps) {
    return steps > 1 ? std::max(of_weights, kLeastStartOfSeveral) : of_weights;
}

nn::Tensor sample(nn::Ops& ops, const models::Refiner& refiner, models::RefinerInput input,
                  int frames, float start, int steps, const Noise& noise) {
    const std::vector<float> times = schedule(start, steps);
    if (start > 0) {
        const nn::Tensor eps = noise_tensor(ops, input.z_t.shape(), noise);
        input.z_t = mix(ops, 1.0f - start, input.z_t, start, eps);
    }
    for (size_t i = 0; i + 1 < times.size(); ++i) {
        input.times.assign(input.qps.size(), times[i]);
        const nn::Tensor z0 = refiner.run(ops, input, frames, false).z0;
        // Euler: the straight line through z_t and the predicted z0, followed to the next time.
        const float rest = times[i + 1] / times[i];
        input.z_t = mix(ops, rest, input.z_t, 1.0f - rest, z0);
    }
    input.times.assign(input.qps.size(), times.back());
    return refiner.run(ops, input, frames, true).rgb;
}

}  // namespace gvc::sampling
