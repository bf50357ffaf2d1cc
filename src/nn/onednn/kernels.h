// Vector code of the CPU backend: one table of functions per instruction set, all built from the
// same source (kernels_*.inl). Each function does its part on the calling thread.
//
// This header is included where the compiler may use any instruction: no inline function with code
// may stand here or in a header it includes (the linker could pick that copy for every CPU).
#pragma once

#include <cstdint>

#include "nn/onednn/dtype.h"

namespace gvc::nn::onednn {

enum class Binary { add, sub, mul };
enum class Unary { none, relu, leaky, silu, gelu, sigmoid, exp };  // as nn::Act

constexpr int64_t kMaxWarpRefs = 7;  // the kernels keep arrays of this size on the stack
constexpr int64_t kMaxWarpFactor = 64;

// One row of a warp-and-blend. Sizes are in pixels of the references.
struct WarpRow {
    int64_t refs;              // number of references
    const In* pictures;        // [refs] first element of the item, NHWC; all of one type
    int64_t h, w, channels;    // of a reference
    int64_t y;                 // row to make
    int64_t cells_h, cells_w;  // h / s, w / s
    int64_t s;
    float cubic;          // sharpness of cubic sampling, of three channels in fp32; 0: bilinear
    const float* planes;  // 3 * refs planes [cells_h, cells_w]: dx, dy (in pixels), mask of each
    float* scratch;       // (6 * refs + 4) * (w + 128) + 64 floats
    Out out;              // the row, [w, channels], of the references' type
};

// Block matching: planes with their edges repeated, `pad` pixels wide on all sides (one more than
// the radius), so that no candidate reaches outside.
struct MatchRow {
    const float* current;    // padded, at its first row
    const float* reference;  // padded
    int64_t w, stride, pad;
    int64_t y;
    int64_t candidates;  // vectors in order of preference, the zero vector first
    const int* dx;       // [candidates]
    const int* dy;       // [candidates]
    float* scratch;      // 4 * (w + 64) floats
    float* out;          // the row, [w, 4]
};

// What a 1x1 convolution does with its sums. gated_silu: silu(first half) + silu(second half).
enum class Epilogue { plain, silu, residual, gated_silu };

// A 1x1 convolution in bf16: [positions, in] times packed weights (packed_weights.h). Strides are
// of positions, in elements.
struct Gemm {
    Epilogue epilogue;
    const uint16_t* in_data;
    int64_t in_stride, positions;
    int64_t in;                // channels, even
    const uint16_t* weights;   // packed
    const float* bias;         // in the order of the packed weights
    int64_t vectors;           // of 16 output channels, before halves are added
    const uint16_t* residual;  // added to the sums, where the epilogue does so; not `out`
    int64_t residual_stride;
    uint16_t* out;
    int64_t out_stride;
};

// Packed weights come in panels of so many vectors, chosen so that a tile fills the registers.
// Gated ones hold as many of the first half as of the second.
static constexpr int gemm_panel_width(int64_t vectors_left, bool gated) {
    if (gated) return vectors_left >= 4 ? 4 : 2;
    if (vectors_left == 5 || vectors_left == 6) return 3;
    return vectors_left < 4 ? static_cast<int>(vectors_left) : 4;
}

// A row of a depth-wise 3x3 convolution in bf16.
struct DepthwiseRow {
    const uint16_t* rows[3];  // above, here, below: [w, channels], readable one position further
                              // on both sides
    int64_t w, channels;      // a multiple of 16
    const float* weights;     // [9, channels]
    const float* bias;
    uint16_t* out;
};

// Positions under a pooling window, clipped to the picture.
struct Window {
    int64_t row_stride;  // in elements
    int64_t rows, columns, channels;
};

struct Kernels {
    const char* name;

    // `runs` times `length` elements; strides in elements. Converts between types.
    void (*copy)(In in, Out out, int64_t runs, int64_t length, int64_t in_stride,
                 int64_t out_stride);
    // Planes of floats `plane_stride` apart to [positions, channels] and back.
    void (*interleave)(const float* planes, int64_t plane_stride, float* out, int64_t positions,
                       int64_t channels);
    void (*deinterleave)(In in, float* planes, int64_t plane_stride, int64_t positions,
                         int64_t channels);

    void (*binary)(Binary op, In a, In b, Out out, int64_t count);
    void (*activate)(Unary act, In in, Out out, int64_t count);
    void (*affine)(In in, float a, float b, Out out, int64_t count);
    void (*clamp)(In in, float low, float high, Out out, int64_t count);

    // On [positions, channels]; scale, shift [channels]. shift may be null in scale_shift.
    void (*scale_shift)(In in, const float* scale, const float* shift, Out out, int64_t positions,
                        int64_t channels);
    void (*norm_modulate)(In in, const float* scale, const float* shift, Out out, int64_t positions,
                          int64_t channels);
    // [positions, 2 * channels] -> [positions, channels]
    void (*sum_halves)(Unary act, In in, Out out, int64_t positions, int64_t channels);
    // sums[c] = sum of (x - offset[c]); squares[c] = sum of its square, if not null.
    void (*channel_sums)(In in, const float* offset, int64_t positions, int64_t channels,
                         float* sums, float* squares);

    // One row of a bilinear upsampling: rows [w, channels] to [w * factor, channels]. `weight` is
    // the share of `below`. Scratch: (w + 2 + w * factor) * channels + 64 floats.
    void (*upsample_row)(In above, In below, float weight, int64_t w, int64_t channels,
                         int64_t factor, float* scratch, Out out);
    // `factor` rows of at least out_w * factor positions to one. Scratch: out_w * factor *
    // channels.
    void (*mean_row)(In in, int64_t row_stride, int64_t factor, int64_t out_w, int64_t channels,
                     float* scratch, Out out);
    // Largest of a window of rows x columns positions, per channel.
    void (*max_window)(In in, int64_t row_stride, int64_t rows, int64_t columns, int64_t channels,
                       Out out);

    // g * act'(x)
    void (*activate_gradient)(Unary act, In x, In g, Out out, int64_t count);
    // Adds g [channels] to `out`, laid out as `in`, where the window's largest value is, if that is
    // in its rows [first, end).
    void (*max_window_gradient)(const float* in, const float* g, const Window& window,
                                int64_t first, int64_t end, float* out);
    // On [positions, channels]: x / |x|, and g's way back through it.
    void (*unit_length)(In in, Out out, int64_t positions, int64_t channels);
    void (*unit_length_gradient)(In x, In g, Out out, int64_t positions, int64_t channels);

    // Flows [count, 2 * refs] and logits [count, refs + 1] to WarpRow's planes, `plane_stride`
    // apart: flows times s, softmax of the logits.
    void (*warp_planes)(In flows, In logits, int64_t refs, int64_t count, float s,
                        int64_t plane_stride, float* planes);
    void (*warp_row)(const WarpRow& row);
    void (*match_row)(const MatchRow& row);

    // Null where the CPU does not multiply bf16.
    void (*gemm)(const Gemm& gemm);
    void (*depthwise_row)(const DepthwiseRow& row);
    // bf16(a * in + b), `runs` times `length` elements; strides in elements.
    void (*affine_runs)(const float* in, float a, float b, uint16_t* out, int64_t runs,
                        int64_t length, int64_t in_stride, int64_t out_stride);
    // in + add; `out` and `add` are of one type and stride.
    void (*add_runs)(const uint16_t* in, In add, Out out, int64_t runs, int64_t length,
                     int64_t in_stride, int64_t out_stride);
};

// The best table for this CPU.
const Kernels& kernels();
// All that this CPU can run, plainest first; for comparing them. Ends with nullptr.
const Kernels* const* all_kernels();

}  // namespace gvc::nn::onednn
