#include "train/moving_photo.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gvc::train {
namespace {

// Per frame, at most: pixels, octaves of size, radians. A third of it is usual.
constexpr double kPan = 12.0, kZoom = 0.02, kTurn = 0.012;
constexpr double kShake = 0.4;  // pixels, of a hand
constexpr double kStill = 0.12;

double between(std::mt19937_64& random, double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
}

// Mostly small, sometimes up to `most`.
double speed(std::mt19937_64& random, double most) {
    const double u = between(random, -1.0, 1.0);
    return most * u * u * u;
}

}  // namespace

at::Tensor moving_photo(const at::Tensor& photo, int frames, int size, std::mt19937_64& random) {
    const double height = double(photo.size(1)), width = double(photo.size(2));
    const bool still = between(random, 0.0, 1.0) < kStill;
    const double pan_x = speed(random, kPan), pan_y = speed(random, kPan);
    const double zoom = speed(random, kZoom), turn = speed(random, kTurn);
    const double middle = 0.5 * (frames - 1);
    // Where the camera looks half-way: so that the whole way lies inside where it can.
    const auto start = [&](double side, double pan) {
        const double reach = 0.5 * size + std::abs(pan) * middle;
        return side <= 2.0 * reach ? 0.5 * side : between(random, reach, side - reach);
    };
    const double x0 = start(width, pan_x), y0 = start(height, pan_y);

    std::vector<float> maps;
    for (int t = 0; t < frames; ++t) {
        const double at = still ? 0.0 : t - middle;
        const double shake = still ? 0.0 : kShake;
        const double x = x0 + pan_x * at + between(random, -shake, shake);
        const double y = y0 + pan_y * at + between(random, -shake, shake);
        const double scale = std::exp2(zoom * at), angle = turn * at;
        // affine_grid maps [-1, 1] of the view to [-1, 1] of the photograph.
        const double c = scale * size * std::cos(angle), s = scale * size * std::sin(angle);
        for (double v : {c / width, -s / width, 2.0 * x / width - 1.0,  //
                         s / height, c / height, 2.0 * y / height - 1.0})
            maps.push_back(static_cast<float>(v));
    }
    const at::Tensor theta = torch::tensor(maps).view({frames, 2, 3}).to(photo.device());
    const at::Tensor grid = at::affine_grid_generator(theta, {frames, 3, size, size}, false);
    constexpr int64_t kBilinear = 0, kBorder = 1;
    return at::grid_sampler(photo.unsqueeze(0).expand({frames, -1, -1, -1}), grid, kBilinear,
                            kBorder, false);
}

}  // namespace gvc::train
