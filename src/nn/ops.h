// The operations that every network of GVC is written with, and the interface of a backend.
//
// A network holds weight handles that it asked an Ops for when it was made, and calls the
// operations in its forward functions. The same network code runs on the reference backend (plain
// C++, the truth), oneDNN (CPU inference) and torch (training and CUDA), so that what is trained is
// what is used. gvc-checkops compares every backend with the reference.
//
// Preconditions (shapes that fit) are the network's duty and are checked with assertions only:
// untrusted data never decides a shape here without having been checked before.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "nn/tensor.h"

namespace gvc::nn {

enum class Act { none, relu, leaky, silu, gelu, sigmoid, exp };  // leaky: 0.1; gelu: tanh form

enum class Precision { fp32, bf16 };

// How warps read between pixels. cubic: 4x4 pixels, with Keys' kernel (1981) at a =
// kCubicSharpness, for pictures, which keep their sharpness through several warps; values may leave
// their range.
enum class Sampling { bilinear, cubic };
inline constexpr float kCubicSharpness = -0.75f;

// How a parameter starts when a network is made for training. Ignored when weights are loaded.
enum class Init {
    kaiming,  // normal, std = gain / sqrt(fan_in)
    zero,
    one
};

// A convolution's geometry. `pad` is on all four sides; -1 means (kernel - 1) / 2.
struct ConvSpec {
    int in = 0, out = 0;
    int kernel = 1;
    int stride = 1;
    int pad = -1;
    bool bias = true;
    Init init = Init::kaiming;
    float gain = 1.0f;
    // In fp32 a backend may use Winograd's algorithm: quicker, with several times the rounding, and
    // that may depend on the number of threads. Not for what a decoder shows.
    bool winograd = false;

    int padding() const { return pad >= 0 ? pad : (kernel - 1) / 2; }
};

// Backend-specific prepared weights (reordered, converted); shared between networks' copies.
class WeightStorage {
  public:
    virtual ~WeightStorage() = default;
};

struct ConvWeight {
    ConvSpec spec;
    std::shared_ptr<WeightStorage> storage;
};

struct DepthwiseWeight {  // 3x3, stride 1, pad 1, bias
    int channels = 0;
    std::shared_ptr<WeightStorage> storage;
};

// One of the tensors that a convolution reads side by side: unshuffle(scale * x + shift, cell).
struct ConvPart {
    Tensor x;
    int cell = 1;
    float scale = 1, shift = 0;
};

// A depth-wise convolution block of C channels: see Ops::dcb.
struct DcbWeights {
    ConvWeight in, out;         // 1x1, C to C
    ConvWeight expand, reduce;  // 1x1, C to 4C and 2C to C
    DepthwiseWeight depthwise;
};

// Result of block_match: the best integer vector per cell and what it costs.
//   [N, 4, H, W]: dx, dy (cells; where in `reference` the cell is found), the mean absolute
//   difference over the 3x3 window at the best vector, the same at the zero vector.

class Ops {
  public:
    virtual ~Ops() = default;

    virtual std::string name() const = 0;  // "reference", "onednn fp32", "torch cpu", ...
    // Threads that work on the host beside this backend may use, at least 1.
    virtual int threads() const { return 1; }
    // Multiply-accumulates so far, of a backend that counts them (nn/counting.h); else 0.
    virtual uint64_t products() const { return 0; }

    // ---- parameters: named, loaded from the weights or (in a trainer) made and registered ----

    // Weight "<name>.weight" [out, in, k, k] and "<name>.bias" [out].
    virtual ConvWeight conv_weight(const std::string& name, const ConvSpec& spec) = 0;
    // Weight "<name>.weight" [channels, 1, 3, 3] and "<name>.bias" [channels].
    virtual DepthwiseWeight depthwise_weight(const std::string& name, int channels) = 0;
    // A free parameter as a tensor, such as a table [rows, channels, 1, 1].
    virtual Tensor parameter(const std::string& name, const Shape& shape, Init init) = 0;

    // ---- host data ----

    // `values` is [N, C, H, W] in that order, shape.count() floats; copied.
    virtual Tensor from_host(const Shape& shape, const float* values) = 0;
    // pad_edge(from_host(shape, values), h, w)
    virtual Tensor from_host_padded(const Shape& shape, const float* values, int64_t h, int64_t w);
    // Writes shape().count() floats in [N, C, H, W] order.
    virtual void to_host(const Tensor& x, float* values) = 0;
    // The same of clamp(share * x + (1 - share) * base, 0, 1), of its top left corner [.., h, w].
    // `base` may be undefined where share is 1.
    virtual void to_host_shown(const Tensor& x, const Tensor& base, float share, int64_t h,
                               int64_t w, float* values);
    virtual Tensor zeros(const Shape& shape) = 0;

    // ---- convolutions ----

    // act(conv(x) + bias) [+ residual]; the residual is added after the activation.
    virtual Tensor conv(const Tensor& x, const ConvWeight& w, Act act = Act::none,
                        const Tensor& residual = {}) = 0;
    virtual Tensor depthwise(const Tensor& x, const DepthwiseWeight& w, Act act = Act::none) = 0;
    // conv of the parts' concatenation. Parts that are one tensor may be multiplied by the sum of
    // their weights.
    virtual Tensor conv_parts(const std::vector<ConvPart>& parts, const ConvWeight& w,
                              Act act = Act::none);
    // shuffle(conv(x, w), r) + residual
    virtual Tensor conv_shuffle(const Tensor& x, const ConvWeight& w, int r,
                                const Tensor& residual);
    // With m = conv(depthwise(conv(x, in, silu)), out) + x:
    // conv(sum_halves(conv(m, expand), silu), reduce) + m. A backend may do it row by row; its
    // rounding is that of these operations one after the other.
    virtual Tensor dcb(const Tensor& x, const DcbWeights& w);

    // ---- element-wise ----

    virtual Tensor activate(const Tensor& x, Act act) = 0;
    virtual Tensor add(const Tensor& a, const Tensor& b) = 0;
    virtual Tensor sub(const Tensor& a, const Tensor& b) = 0;
    virtual Tensor mul(const Tensor& a, const Tensor& b) = 0;
    // x * scale + shift; scale and shift are [N or 1, C, 1, 1]; shift may be undefined.
    virtual Tensor scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) = 0;
    // a * x + b with numbers.
    virtual Tensor affine(const Tensor& x, float a, float b) = 0;
    virtual Tensor clamp(const Tensor& x, float low, float high) = 0;
    // [N, 2C, H, W] -> [N, C, H, W]: act(first half) + act(second half).
    virtual Tensor sum_halves(const Tensor& x, Act act) = 0;
    // Layer norm over the channels of each position (eps 1e-6, no weights), then
    // x * (1 + scale) + shift with scale, shift [N or 1, C, 1, 1].
    virtual Tensor norm_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) = 0;

    // ---- shape ----

    virtual Tensor concat(const std::vector<Tensor>& xs) = 0;  // along channels
    virtual Tensor channels(const Tensor& x, int64_t from, int64_t count) = 0;
    virtual Tensor concat_batch(const std::vector<Tensor>& xs) = 0;
    virtual Tensor batch(const Tensor& x, int64_t from, int64_t count) = 0;
    // [N, T*C, H, W] <-> [N*T, C, H, W]; item n*T+t holds channels t*C ... of item n.
    virtual Tensor channels_to_batch(const Tensor& x, int64_t t) = 0;
    virtual Tensor batch_to_channels(const Tensor& x, int64_t t) = 0;
    // Each item t times in a row: [N, ...] -> [N*T, ...].
    virtual Tensor repeat_batch(const Tensor& x, int64_t t) = 0;
    // Rows of a table [R, C, 1, 1] -> [rows.size(), C, 1, 1].
    virtual Tensor rows(const Tensor& table, const std::vector<int>& rows) = 0;
    // [N, C, H, W] -> [N, r*r*C, H/r, W/r]; output channel (i*r + j)*C + c is row i, column j of
    // the cell. (Not PyTorch's channel order: this one copies runs of contiguous channels.)
    virtual Tensor unshuffle(const Tensor& x, int r) = 0;
    virtual Tensor shuffle(const Tensor& x, int r) = 0;  // the inverse
    // Edge pixels repeated at the right and bottom up to [.., h, w]; crop takes the top left
    // corner.
    virtual Tensor pad_edge(const Tensor& x, int64_t h, int64_t w) = 0;
    virtual Tensor crop(const Tensor& x, int64_t h, int64_t w) = 0;
    // Items n*T ... n*T+T-1 are a chunk: of C channels, the first C/8 take the values of frame t-1
    // and the next C/8 those of frame t+1 (a frame outside the chunk: its own values stay).
    virtual Tensor temporal_shift(const Tensor& x, int64_t t) = 0;

    // ---- pooling and resampling ----

    virtual Tensor global_mean(const Tensor& x) = 0;  // [N, C, 1, 1]
    // Bilinear by an integer factor, sample centres aligned (align_corners = false), edges
    // repeated.
    virtual Tensor upsample(const Tensor& x, int factor) = 0;
    virtual Tensor mean_pool(const Tensor& x, int factor) = 0;  // disjoint factor x factor cells

    // ---- motion ----

    // sum_i m_i * warp(refs[i], flow_i), with m = softmax(logits) over refs.size()+1 classes; the
    // last class is the synthesised part, whose picture is zero here.
    //   refs: [N / k, C, H*s, W*s] each, an item of theirs for every k items in a row; flows
    //   [N, 2*refs.size(), H, W], (dx, dy) per reference in pixels of the flow's own grid
    //   (multiplied by s inside); logits [N, refs.size()+1, H, W]. Flows and logits are upsampled
    //   bilinearly by s (after the softmax: masks are interpolated, not logits). Samples are taken
    //   at (x + dx*s, y + dy*s), coordinates beyond the picture's edges mirrored back into it
    //   (nn/cubic.h), since what comes in there is more like what is beside it than like a smear;
    //   cubic ones of RGB alone, C = 3.
    virtual Tensor warp_blend(const std::vector<Tensor>& refs, const Tensor& flows,
                              const Tensor& logits, int s, Sampling sampling) = 0;
    // For each cell of `current` [N, 1, H, W] the integer vector within +-radius cells with the
    // least 3x3 mean absolute difference in `reference` (edges repeated); ties go to the shorter,
    // then the first in raster order. Returns [N, 4, H, W]: dx, dy, its cost, the zero vector's
    // cost. No gradient flows through it.
    virtual Tensor block_match(const Tensor& current, const Tensor& reference, int radius) = 0;

    // ---- for metric and teacher networks ----

    virtual Tensor max_pool(const Tensor& x, int kernel, int stride, bool ceil_mode) = 0;
    // x / (|x| + 1e-10), of the channels of each position.
    virtual Tensor unit_length(const Tensor& x) = 0;
    // Group norm with affine weights "<name>.weight|bias" [C] given as [1, C, 1, 1] tensors.
    virtual Tensor group_norm(const Tensor& x, int groups, const Tensor& weight, const Tensor& bias,
                              float eps) = 0;

    // ---- gradients of the above, with respect to x, where g is that of the result ----
    // (nn/gradient_ops.h makes gradients of networks with them)

    // For relu x may also be what it returned.
    virtual Tensor activate_gradient(const Tensor& x, Act act, const Tensor& g) = 0;
    // Of equal values the first one of a window in raster order has it all.
    virtual Tensor max_pool_gradient(const Tensor& x, const Tensor& g, int kernel, int stride) = 0;
    virtual Tensor unit_length_gradient(const Tensor& x, const Tensor& g) = 0;
};

}  // namespace gvc::nn
