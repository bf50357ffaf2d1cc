#include "models/coarse_match.h"

#include <algorithm>

#include "base/clones.h"
#include "nn/parallel.h"

namespace gvc::models {
namespace {

// Shorter vectors first, equal ones in raster order.
std::vector<CoarseVector> candidates() {
    std::vector<CoarseVector> list;
    for (int y = -kCoarseRadius; y <= kCoarseRadius; ++y)
        for (int x = -kCoarseRadius; x <= kCoarseRadius; ++x)
            list.push_back({static_cast<int8_t>(x), static_cast<int8_t>(y)});
    const auto length = [](CoarseVector v) { return v.x * v.x + v.y * v.y; };
    std::stable_sort(list.begin(), list.end(),
                     [&](CoarseVector a, CoarseVector b) { return length(a) < length(b); });
    return list;
}

// In 8 bits, which vectorises four times as wide as in int.
inline uint8_t difference(uint8_t a, uint8_t b) {
    return static_cast<uint8_t>(std::max(a, b) - std::min(a, b));
}

// sums[x] = sum over three rows of |a - b|, the first row given.
GVC_CLONES void column_sums(const uint8_t* a, int a_stride, const uint8_t* b, int b_stride,
                            int count, uint16_t* __restrict sums) {
    for (int x = 0; x < count; ++x)
        sums[x] = static_cast<uint16_t>(difference(a[x], b[x]) +
                                        difference(a[x + a_stride], b[x + b_stride]) +
                                        difference(a[x + 2 * a_stride], b[x + 2 * b_stride]));
}

// Takes candidate k where it is better than the best so far.
GVC_CLONES void take_better(const uint16_t* sums, int count, uint16_t k, uint16_t* __restrict best,
                            uint16_t* __restrict index) {
    for (int x = 0; x < count; ++x) {
        const uint16_t cost = static_cast<uint16_t>(sums[x] + sums[x + 1] + sums[x + 2]);
        index[x] = cost < best[x] ? k : index[x];
        best[x] = cost < best[x] ? cost : best[x];
    }
}

}  // namespace

std::vector<CoarseVector> coarse_match(const LumaPlane& current, const LumaPlane& reference,
                                       int threads) {
    const std::vector<CoarseVector> list = candidates();
    const int w = current.width(), h = current.height();
    std::vector<CoarseVector> result(static_cast<size_t>(w) * static_cast<size_t>(h));
    nn::parallel_for(threads, h, 4, [&](int64_t begin, int64_t end) {
        std::vector<uint16_t> sums(static_cast<size_t>(w) + 2), best(sums.size()),
            index(sums.size());
        for (int y = static_cast<int>(begin); y < end; ++y) {
            std::fill(best.begin(), best.end(), uint16_t{0xffff});
            for (size_t k = 0; k < list.size(); ++k) {
                column_sums(current.at(-1, y - 1), current.stride(),
                            reference.at(list[k].x - 1, y + list[k].y - 1), reference.stride(),
                            w + 2, sums.data());
                take_better(sums.data(), w, static_cast<uint16_t>(k), best.data(), index.data());
            }
            for (int x = 0; x < w; ++x)
                result[static_cast<size_t>(y) * static_cast<size_t>(w) + static_cast<size_t>(x)] =
                    list[index[static_cast<size_t>(x)]];
        }
    });
    return result;
}

}  // namespace gvc::models
