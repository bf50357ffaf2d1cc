// Row kernels of the colour conversion: chosen once for the CPU, one reference for all of them.
#pragma once

#include <cstdint>

namespace gvc::media {

// Weights of a linear filter between two sampling grids along one axis: of the sample before for
// even positions and of the sample after for odd ones.
struct SitingWeights {
    float even_previous;
    float odd_next;
};

// value = sample * scale + offset takes luma to [0, 1] and chroma to [-0.5, 0.5].
struct YuvScaling {
    float luma_scale, luma_offset;
    float chroma_scale, chroma_offset;
    float sample_max;
};

struct RgbFromYuv {
    float r_cr, g_cb, g_cr, b_cb;
};

struct YuvFromRgb {
    float kr, kg, kb;
    float cb_scale, cr_scale;  // Cb = (B - Y) * cb_scale
};

// Sources and targets of one row. Chroma buffers named *_row have one float of margin on each side.
template <typename Sample>
struct RowKernels {
    // out[i] = near[i] * near_weight + far[i] * far_weight + offset
    void (*blend)(const Sample* near, const Sample* far, float near_weight, float far_weight,
                  float offset, float* out, int count);
    // out[x], x < width, from samples in[-1 .. (width+1)/2]
    void (*upsample)(const float* in, SitingWeights weights, float* out, int width);
    void (*to_rgb)(const Sample* luma, const float* cb, const float* cr, const YuvScaling& scaling,
                   const RgbFromYuv& matrix, float* r, float* g, float* b, int width);
    void (*to_luma)(const float* r, const float* g, const float* b, const YuvScaling& scaling,
                    const YuvFromRgb& matrix, Sample* luma, int width);
    // Cb and Cr, centred on 0, of the weighted sum of three rows: rows[channel][row]
    void (*to_chroma)(const float* const (*rows)[3], const float* row_weights,
                      const YuvFromRgb& matrix, float* cb, float* cr, int width);
    // out[i] = sum of in[2i-1 .. 2i+1] * weights, as a sample
    void (*downsample)(const float* in, const float* weights, const YuvScaling& scaling,
                       Sample* out, int count);
};

// The fastest kernels of this CPU.
template <typename Sample>
const RowKernels<Sample>& row_kernels();

// The plain C++ kernels, for tests.
template <typename Sample>
const RowKernels<Sample>& reference_row_kernels();

}  // namespace gvc::media
