#include <cassert>
#include <cmath>

#include "nn/onednn/backend.h"

namespace gvc::nn::onednn {

Unary unary(Act act) {
    switch (act) {
        case Act::none:
            return Unary::none;
        case Act::relu:
            return Unary::relu;
        case Act::leaky:
            return Unary::leaky;
        case Act::silu:
            return Unary::silu;
        case Act::gelu:
            return Unary::gelu;
        case Act::sigmoid:
            return Unary::sigmoid;
        case Act::exp:
            return Unary::exp;
    }
    return Unary::none;
}

namespace {

// The values of a condition [N or 1, C, 1, 1] (fp32) for item n.
const float* condition(const Tensor& values, int64_t n) {
    Shape shape = values.shape();
    return static_cast<const float*>(in(values, shape.n == 1 ? 0 : n * shape.c).data);
}

}  // namespace

Tensor OneDnnOps::activate(const Tensor& x, Act act) {
    Tensor result = make(x.shape(), type(x));
    parallel(x.shape().count(), 1, [&](int64_t begin, int64_t end) {
        kernels_.activate(unary(act), in(x, begin), out(result, begin), end - begin);
    });
    return result;
}

Tensor OneDnnOps::binary(Binary op, const Tensor& a, const Tensor& b) {
    assert(a.shape() == b.shape());
    // A fp32 operand is a picture, a flow or a latent: its precision is kept.
    bool half = type(a) == DType::bf16 && type(b) == DType::bf16;
    Tensor result = make(a.shape(), half ? DType::bf16 : DType::f32);
    parallel(a.shape().count(), 1, [&](int64_t begin, int64_t end) {
        kernels_.binary(op, in(a, begin), in(b, begin), out(result, begin), end - begin);
    });
    return result;
}

Tensor OneDnnOps::add(const Tensor& a, const Tensor& b) { return binary(Binary::add, a, b); }
Tensor OneDnnOps::sub(const Tensor& a, const Tensor& b) { return binary(Binary::sub, a, b); }
Tensor OneDnnOps::mul(const Tensor& a, const Tensor& b) { return binary(Binary::mul, a, b); }

Tensor OneDnnOps::affine(const Tensor& x, float a, float b) {
    Tensor result = make(x.shape(), type(x));
    parallel(x.shape().count(), 1, [&](int64_t begin, int64_t end) {
        kernels_.affine(in(x, begin), a, b, out(result, begin), end - begin);
    });
    return result;
}

Tensor OneDnnOps::clamp(const Tensor& x, float low, float high) {
    Tensor result = make(x.shape(), type(x));
    parallel(x.shape().count(), 1, [&](int64_t begin, int64_t end) {
        kernels_.clamp(in(x, begin), low, high, out(result, begin), end - begin);
    });
    return result;
}

Tensor OneDnnOps::scale_shift(const Tensor& x, const Tensor& scale, const Tensor& shift) {
    Shape shape = x.shape();
    Tensor scales = converted(scale, DType::f32), shifts;
    if (shift.defined()) shifts = converted(shift, DType::f32);
    Tensor result = make(shape, type(x));
    int64_t plane = shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; ++n)
        parallel(plane, shape.c, [&](int64_t begin, int64_t end) {
            int64_t at = (n * plane + begin) * shape.c;
            kernels_.scale_shift(in(x, at), condition(scales, n),
                                 shifts.defined() ? condition(shifts, n) : nullptr, out(result, at),
                                 end - begin, shape.c);
        });
    return result;
}

Tensor OneDnnOps::sum_halves(const Tensor& x, Act act) {
    Shape shape = x.shape();
    assert(shape.c % 2 == 0);
    shape.c /= 2;
    Tensor result = make(shape, type(x));
    parallel(shape.n * shape.h * shape.w, 2 * shape.c, [&](int64_t begin, int64_t end) {
        kernels_.sum_halves(unary(act), in(x, begin * 2 * shape.c), out(result, begin * shape.c),
                            end - begin, shape.c);
    });
    return result;
}

Tensor OneDnnOps::norm_modulate(const Tensor& x, const Tensor& scale, const Tensor& shift) {
    Shape shape = x.shape();
    Tensor scales = converted(scale, DType::f32), shifts = converted(shift, DType::f32);
    Tensor result = make(shape, type(x));
    int64_t plane = shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; ++n)
        parallel(plane, shape.c, [&](int64_t begin, int64_t end) {
            int64_t at = (n * plane + begin) * shape.c;
            kernels_.norm_modulate(in(x, at), condition(scales, n), condition(shifts, n),
                                   out(result, at), end - begin, shape.c);
        });
    return result;
}

void OneDnnOps::channel_sums(const Tensor& x, const float* offset, std::vector<double>& sums,
                             std::vector<double>* squares) {
    // Blocks of positions are summed apart and then added in order: the number of threads decides
    // who sums a block, not what is summed.
    constexpr int64_t kBlock = 256;
    Shape shape = x.shape();
    int64_t plane = shape.h * shape.w, blocks = (plane + kBlock - 1) / kBlock;
    int64_t count = shape.n * blocks * shape.c;
    std::shared_ptr<Buffer> memory = scratch(2 * count);
    float* partial = reinterpret_cast<float*>(memory->data());
    float* partial_squares = squares ? partial + count : nullptr;
    parallel(shape.n * blocks, kBlock * shape.c, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
            int64_t n = i / blocks, first = i % blocks * kBlock;
            kernels_.channel_sums(in(x, (n * plane + first) * shape.c), offset + n * shape.c,
                                  std::min(kBlock, plane - first), shape.c, partial + i * shape.c,
                                  squares ? partial_squares + i * shape.c : nullptr);
        }
    });
    auto add_up = [&](const float* parts, std::vector<double>& totals) {
        totals.assign(static_cast<size_t>(shape.n * shape.c), 0.0);
        for (int64_t i = 0; i < shape.n * blocks; ++i)
            for (int64_t c = 0; c < shape.c; ++c)
                totals[i / blocks * shape.c + c] += parts[i * shape.c + c];
    };
    add_up(partial, sums);
    if (squares) add_up(partial_squares, *squares);
}

Tensor OneDnnOps::global_mean(const Tensor& x) {
    Shape shape = x.shape();
    std::vector<float> zero(static_cast<size_t>(shape.n * shape.c));
    std::vector<double> sums;
    channel_sums(x, zero.data(), sums, nullptr);
    Tensor result = make({shape.n, shape.c, 1, 1}, DType::f32);
    float* means = static_cast<float*>(out(result).data);
    for (size_t i = 0; i < sums.size(); ++i)
        means[i] = static_cast<float>(sums[i] / static_cast<double>(shape.h * shape.w));
    return result;
}

Tensor OneDnnOps::group_norm(const Tensor& x, int groups, const Tensor& weight, const Tensor& bias,
                             float eps) {
    Shape shape = x.shape();
    assert(shape.c % groups == 0);
    int64_t size = shape.c / groups;
    double count = static_cast<double>(size * shape.h * shape.w);
    std::vector<float> means(static_cast<size_t>(shape.n * shape.c));
    std::vector<double> sums, squares;
    auto group_total = [&](const std::vector<double>& values, int64_t group) {
        double total = 0;
        for (int64_t c = group * size; c < (group + 1) * size; ++c) total += values[c];
        return total;
    };
    // Twice over the data: the variance is of the differences from the mean.
    channel_sums(x, means.data(), sums, nullptr);
    for (int64_t g = 0; g < shape.n * groups; ++g)
        std::fill_n(means.begin() + g * size, size,
                    static_cast<float>(group_total(sums, g) / count));
    channel_sums(x, means.data(), sums, &squares);

    Tensor weights = converted(weight, DType::f32), biases = converted(bias, DType::f32);
    Shape per_channel{shape.n, shape.c, 1, 1};
    Tensor scale = make(per_channel, DType::f32), shift = make(per_channel, DType::f32);
    float* scales = static_cast<float*>(out(scale).data);
    float* shifts = static_cast<float*>(out(shift).data);
    for (int64_t i = 0; i < shape.n * shape.c; ++i) {
        int64_t c = i % shape.c;
        double norm = 1.0 / std::sqrt(group_total(squares, i / size) / count + eps);
        scales[i] = static_cast<float>(norm) * condition(weights, 0)[c];
        shifts[i] = condition(biases, 0)[c] - means[i] * scales[i];
    }
    return scale_shift(x, scale, shift);
}

}  // namespace gvc::nn::onednn
