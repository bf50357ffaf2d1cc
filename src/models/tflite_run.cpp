// The operations, on data [H, W, C]. Plain loops over channels, which compilers make vectors of.
#include <algorithm>

#include "base/clones.h"
#include "models/tflite.h"

namespace gvc::models {

namespace {

using TfliteTensor = TfliteNetwork::Tensor;

struct Size {
    int h = 0, w = 0, c = 0;
    explicit Size(const TfliteTensor& t) : h(t.shape[1]), w(t.shape[2]), c(t.shape[3]) {}
    bool operator==(const Size&) const = default;
};

// TensorFlow's "same": what is missing on both sides, the smaller half in front.
int padding(int in, int out, int kernel, int stride, int dilation) {
    return std::max((out - 1) * stride + (kernel - 1) * dilation + 1 - in, 0) / 2;
}

int same_side(int in, int stride) { return (in + stride - 1) / stride; }

// sums += x * weights
GVC_CLONES void add_scaled(float* sums, const float* weights, float x, int count) {
    for (int i = 0; i < count; ++i) sums[i] += x * weights[i];
}

// sums += values * weights
GVC_CLONES void add_product(float* sums, const float* values, const float* weights, int count) {
    for (int i = 0; i < count; ++i) sums[i] += values[i] * weights[i];
}

// Calls at(pixel of the input, tap) for the taps of a kernel that lie inside.
template <typename At>
void for_taps(const Size& in, const Size& out, int oy, int ox, int kernel_h, int kernel_w,
              int stride, int dilation, const At& at) {
    const int top = oy * stride - padding(in.h, out.h, kernel_h, stride, dilation);
    const int left = ox * stride - padding(in.w, out.w, kernel_w, stride, dilation);
    for (int ky = 0; ky < kernel_h; ++ky) {
        const int y = top + ky * dilation;
        if (y < 0 || y >= in.h) continue;
        for (int kx = 0; kx < kernel_w; ++kx) {
            const int x = left + kx * dilation;
            if (x >= 0 && x < in.w) at(static_cast<size_t>(y) * in.w + x, ky * kernel_w + kx);
        }
    }
}

// Weights are [out, H, W, in]; they are used as [H, W, in, out].
void conv(const float* from, const Size& in, const TfliteTensor& weights, const float* bias,
          int stride, int dilation, float* to, const Size& out) {
    const int taps = weights.shape[1] * weights.shape[2];
    std::vector<float> turned(weights.values.size());
    for (int o = 0; o < out.c; ++o) {
        for (int i = 0; i < taps * in.c; ++i) {
            turned[static_cast<size_t>(i) * out.c + o] =
                weights.values[static_cast<size_t>(o) * taps * in.c + i];
        }
    }
    for (int y = 0; y < out.h; ++y) {
        for (int x = 0; x < out.w; ++x, to += out.c) {
            std::copy_n(bias, out.c, to);
            for_taps(in, out, y, x, weights.shape[1], weights.shape[2], stride, dilation,
                     [&](size_t pixel, int tap) {
                         const float* values = from + pixel * in.c;
                         const float* row = &turned[static_cast<size_t>(tap) * in.c * out.c];
                         for (int i = 0; i < in.c; ++i, row += out.c) {
                             if (values[i] != 0) add_scaled(to, row, values[i], out.c);
                         }
                     });
        }
    }
}

// Weights are [1, H, W, channels].
void depthwise(const float* from, const Size& in, const TfliteTensor& weights, const float* bias,
               int stride, int dilation, float* to, const Size& out) {
    for (int y = 0; y < out.h; ++y) {
        for (int x = 0; x < out.w; ++x, to += out.c) {
            std::copy_n(bias, out.c, to);
            for_taps(in, out, y, x, weights.shape[1], weights.shape[2], stride, dilation,
                     [&](size_t pixel, int tap) {
                         add_product(to, from + pixel * in.c,
                                     &weights.values[static_cast<size_t>(tap) * in.c], in.c);
                     });
        }
    }
}

void global_average(const float* from, const Size& in, float* to) {
    const int pixels = in.h * in.w;
    std::fill_n(to, in.c, 0.0f);
    for (int p = 0; p < pixels; ++p) add_scaled(to, from + static_cast<size_t>(p) * in.c, 1, in.c);
    for (int c = 0; c < in.c; ++c) to[c] /= static_cast<float>(pixels);
}

// Bilinear, the corners' pixels upon each other.
void resize(const float* from, const Size& in, float* to, const Size& out) {
    const auto place = [](int at, int in_side, int out_side) {
        return out_side > 1 ? static_cast<float>(at) * static_cast<float>(in_side - 1) /
                                  static_cast<float>(out_side - 1)
                            : 0.0f;
    };
    for (int y = 0; y < out.h; ++y) {
        const float v = place(y, in.h, out.h);
        const int y0 = static_cast<int>(v), y1 = std::min(y0 + 1, in.h - 1);
        for (int x = 0; x < out.w; ++x, to += out.c) {
            const float u = place(x, in.w, out.w);
            const int x0 = static_cast<int>(u), x1 = std::min(x0 + 1, in.w - 1);
            const float dy = v - static_cast<float>(y0), dx = u - static_cast<float>(x0);
            std::fill_n(to, out.c, 0.0f);
            const auto corner = [&](int py, int px, float weight) {
                add_scaled(to, from + (static_cast<size_t>(py) * in.w + px) * in.c, weight, in.c);
            };
            corner(y0, x0, (1 - dy) * (1 - dx));
            corner(y0, x1, (1 - dy) * dx);
            corner(y1, x0, dy * (1 - dx));
            corner(y1, x1, dy * dx);
        }
    }
}

}  // namespace

size_t TfliteNetwork::Tensor::count() const {
    size_t n = 1;
    for (const int side : shape) n *= static_cast<size_t>(side);
    return n;
}

// Shapes fit, so that running needs no checks.
Status TfliteNetwork::check(const Operation& op) const {
    const Status wrong{Code::model, "TensorFlow Lite file: shapes that do not fit"};
    const bool weighted = op.kind == Kind::conv || op.kind == Kind::depthwise;
    const size_t wanted = weighted ? 3 : op.kind == Kind::add || op.kind == Kind::concat ? 2 : 1;
    if (op.inputs.size() != wanted || op.stride < 1 || op.dilation < 1 || op.stride > 64 ||
        op.dilation > 64) {
        return wrong;
    }
    const auto is_data = [&](int index) {
        const TfliteTensor& t = tensors_[index];
        return t.shape.size() == 4 && t.shape[0] == 1;
    };
    if (!is_data(op.inputs[0]) || !is_data(op.output)) return wrong;
    const Size in(tensors_[op.inputs[0]]), out(tensors_[op.output]);
    switch (op.kind) {
        case Kind::add:
            if (!is_data(op.inputs[1]) || Size(tensors_[op.inputs[1]]) != in || in != out) {
                return wrong;
            }
            return {};
        case Kind::average_pool:
            return out.h == 1 && out.w == 1 && out.c == in.c ? Status{} : wrong;
        case Kind::concat: {
            if (!is_data(op.inputs[1])) return wrong;
            const Size other(tensors_[op.inputs[1]]);
            const bool fits = other.h == in.h && other.w == in.w && out.h == in.h &&
                              out.w == in.w && out.c == in.c + other.c;
            return fits ? Status{} : wrong;
        }
        case Kind::resize:
            return out.c == in.c ? Status{} : wrong;
        case Kind::conv:
        case Kind::depthwise:
            break;
    }
    const TfliteTensor& weights = tensors_[op.inputs[1]];
    const TfliteTensor& bias = tensors_[op.inputs[2]];
    const bool deep = op.kind == Kind::depthwise;
    const bool fits = weights.shape.size() == 4 && weights.shape[0] == (deep ? 1 : out.c) &&
                      weights.shape[3] == in.c && (!deep || in.c == out.c) &&
                      bias.count() == static_cast<size_t>(out.c) &&
                      out.h == same_side(in.h, op.stride) && out.w == same_side(in.w, op.stride);
    return fits ? Status{} : wrong;
}

std::vector<float> TfliteNetwork::run(std::vector<float> input) const {
    std::vector<std::vector<float>> data(tensors_.size());
    std::vector<size_t> last_use(tensors_.size(), operations_.size());
    for (size_t i = 0; i < operations_.size(); ++i) {
        for (const int tensor : operations_[i].inputs) last_use[tensor] = i;
    }
    data[input_] = std::move(input);
    for (size_t i = 0; i < operations_.size(); ++i) {
        const Operation& op = operations_[i];
        const Size in(tensors_[op.inputs[0]]), out(tensors_[op.output]);
        const float* from = data[op.inputs[0]].data();
        std::vector<float>& to = data[op.output];
        to.resize(tensors_[op.output].count());
        switch (op.kind) {
            case Kind::add:
                to = data[op.inputs[0]];
                add_scaled(to.data(), data[op.inputs[1]].data(), 1, static_cast<int>(to.size()));
                break;
            case Kind::average_pool:
                global_average(from, in, to.data());
                break;
            case Kind::concat: {
                const float* other = data[op.inputs[1]].data();
                for (size_t p = 0; p < to.size() / out.c; ++p) {
                    std::copy_n(from + p * in.c, in.c, &to[p * out.c]);
                    std::copy_n(other + p * (out.c - in.c), out.c - in.c, &to[p * out.c + in.c]);
                }
                break;
            }
            case Kind::conv:
                conv(from, in, tensors_[op.inputs[1]], tensors_[op.inputs[2]].values.data(),
                     op.stride, op.dilation, to.data(), out);
                break;
            case Kind::depthwise:
                depthwise(from, in, tensors_[op.inputs[1]], tensors_[op.inputs[2]].values.data(),
                          op.stride, op.dilation, to.data(), out);
                break;
            case Kind::resize:
                resize(from, in, to.data(), out);
                break;
        }
        for (float& value : to) value = std::clamp(value, op.least, op.most);
        for (const int tensor : op.inputs) {
            if (last_use[tensor] == i) data[tensor] = {};
        }
    }
    return std::move(data[output_]);
}

}  // namespace gvc::models
