// One number, or a few, for a series of per-frame values.
#pragma once

#include <cstddef>
#include <vector>

namespace gvc::eval {

struct Pooled {
    double mean = 0;
    double median = 0;
    double worst = 0;
    size_t worst_index = 0;  // the first of the worst
    // 1st percentile on the bad side: one frame in a hundred is worse than this. Interpolated
    // between neighbours, so that short series have one too.
    double percentile1 = 0;
};

double mean(const std::vector<double>& values);  // 0 for none

// `values` must not be empty and may hold infinities (PSNR of equal frames).
Pooled pool(const std::vector<double>& values, bool higher_is_better);

}  // namespace gvc::eval
