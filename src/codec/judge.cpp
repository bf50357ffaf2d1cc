#include "codec/judge.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "codec/hybrid_pictures.h"

namespace gvc::codec {
namespace {

constexpr int kLookApart = 12, kMostLooks = 5;
constexpr std::array kLookedAt = {1, 2};  // of a group

double squared_error(std::span<const float> a, std::span<const float> b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum / static_cast<double>(a.size());
}

}  // namespace

std::vector<int> judged_pictures(int count) {
    std::vector<int> judged;
    const int apart = kLookApart * std::max(1, count / (kMostLooks * kLookApart));
    for (int picture = 0; picture < count; picture += apart) {
        const RefinedGroup group = refined_group(picture, count);
        for (const int i : kLookedAt) {
            if (i < std::max(group.count, 2)) {
                judged.push_back(group.first + std::min(i, group.count - 1));
            }
        }
    }
    return judged;
}

Result<double> distance_of(const PictureDistance& distance, std::span<const float> original,
                           std::span<const float> shown, PictureSize size) {
    if (!distance) return squared_error(original, shown);
    return distance(original, shown, size);
}

double at_equal_rate(double distance, double bits, double wanted_bits) {
    return distance * std::pow(bits / wanted_bits, kDistanceSlope);
}

}  // namespace gvc::codec
