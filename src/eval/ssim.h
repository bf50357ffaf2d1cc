// Structural similarity (Wang et al., IEEE TIP 2004) and its multi-scale form (Asilomar 2003).
#pragma once

#include <memory>
#include <vector>

#include "eval/metric.h"

namespace gvc::eval {

// 8x8 windows every 4 samples, each sample counting the same: the form that FFmpeg's filter and
// x264 print. On luma alone, or on three planes weighted by their samples (FFmpeg's "All").
std::unique_ptr<Metric> make_ssim(bool luma_only);

// Five scales, 11x11 Gaussian windows (deviation 1.5) that lie inside the picture, on luma, halved
// by 2x2 means.
std::unique_ptr<Metric> make_ms_ssim();

// A plane of samples as floats.
struct FloatPlane {
    int width = 0, height = 0;
    std::vector<float> values;
};

// The two numbers of one scale: mean SSIM, and mean of its contrast-and-structure part alone.
struct ScaleSimilarity {
    double ssim, contrast_structure;
};
// Sides at least 11; `peak` is the largest value a sample can have.
ScaleSimilarity gaussian_ssim(const FloatPlane& a, const FloatPlane& b, double peak);

}  // namespace gvc::eval
