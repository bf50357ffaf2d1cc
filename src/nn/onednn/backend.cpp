#include "nn/onednn/backend.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "nn/onednn/convolver.h"

namespace gvc::nn {

std::unique_ptr<InferenceOps> make_onednn_ops(const WeightSource& weights, Precision precision) {
    return std::make_unique<onednn::OneDnnOps>(weights, precision);
}

namespace onednn {

HostStorage& storage(const Tensor& x) { return *static_cast<HostStorage*>(x.storage()); }

DType type(const Tensor& x) { return storage(x).type; }

In in(const Tensor& x, int64_t offset) {
    const HostStorage& from = storage(x);
    return {from.buffer->data() + from.offset + offset * size_of(from.type), from.type};
}

Out out(const Tensor& x, int64_t offset) {
    const HostStorage& to = storage(x);
    return {to.buffer->data() + to.offset + offset * size_of(to.type), to.type};
}

OneDnnOps::OneDnnOps(const WeightSource& weights, Precision precision, const Kernels& table)
    : InferenceOps(weights),
      kernels_(table),
      pool_(BufferPool::create()),
      convolver_(std::make_unique<Convolver>()),
      wanted_(precision),
      precision_(precision == Precision::bf16 && Convolver::has_bf16() ? Precision::bf16
                                                                       : Precision::fp32),
      threads_(omp_get_max_threads()) {}

OneDnnOps::~OneDnnOps() = default;

std::string OneDnnOps::name() const {
    std::string name = precision_ == Precision::bf16 ? "onednn bf16" : "onednn fp32";
    if (wanted_ != precision_) name += " (no bf16 on this CPU)";
    return name + ", " + kernels_.name;
}

void OneDnnOps::set_threads(int threads) { threads_ = std::max(1, threads); }

Tensor OneDnnOps::make(const Shape& shape, DType type) {
    auto made = std::make_shared<HostStorage>();
    made->type = type;
    made->buffer = pool_->take(static_cast<size_t>(shape.count() * size_of(type)));
    return Tensor(shape, std::move(made));
}

std::shared_ptr<Buffer> OneDnnOps::scratch(int64_t count) {
    return pool_->take(static_cast<size_t>(count) * sizeof(float));
}

Tensor OneDnnOps::converted(const Tensor& x, DType wanted) {
    HostStorage& from = storage(x);
    if (from.type == wanted) return x;
    if (wanted == DType::bf16 && from.as_bf16.defined()) return from.as_bf16;
    Tensor result = make(x.shape(), wanted);
    parallel(x.shape().count(), 1, [&](int64_t begin, int64_t end) {
        kernels_.copy(in(x, begin), out(result, begin), 1, end - begin, 0, 0);
    });
    if (wanted == DType::bf16) from.as_bf16 = result;
    return result;
}

Tensor OneDnnOps::parameter(const std::string& name, const Shape& shape, Init) {
    return from_host(shape, load(name, {shape.n, shape.c, shape.h, shape.w}).data());
}

Tensor OneDnnOps::from_host(const Shape& shape, const float* values) {
    Tensor result = make(shape, DType::f32);
    int64_t plane = shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; ++n) {
        const float* planes = values + n * shape.c * plane;
        parallel(plane, shape.c, [&](int64_t begin, int64_t end) {
            Out to = out(result, (n * plane + begin) * shape.c);
            kernels_.interleave(planes + begin, plane, static_cast<float*>(to.data), end - begin,
                                shape.c);
        });
    }
    return result;
}

Tensor OneDnnOps::from_host_padded(const Shape& shape, const float* values, int64_t h, int64_t w) {
    assert(h >= shape.h && w >= shape.w);
    const int64_t c = shape.c, plane = shape.h * shape.w;
    Tensor result = make({shape.n, c, h, w}, DType::f32);
    parallel(shape.n * h, w * c, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end; ++row) {
            const int64_t y = std::min(row % h, shape.h - 1);
            float* to = static_cast<float*>(out(result, row * w * c).data);
            kernels_.interleave(values + row / h * c * plane + y * shape.w, plane, to, shape.w, c);
            for (float *end_of_row = to + w * c, *next = to + shape.w * c; next < end_of_row;
                 ++next)
                *next = next[-c];
        }
    });
    return result;
}

void OneDnnOps::to_host(const Tensor& x, float* values) {
    Shape shape = x.shape();
    int64_t plane = shape.h * shape.w;
    for (int64_t n = 0; n < shape.n; ++n) {
        float* planes = values + n * shape.c * plane;
        parallel(plane, shape.c, [&](int64_t begin, int64_t end) {
            kernels_.deinterleave(in(x, (n * plane + begin) * shape.c), planes + begin, plane,
                                  end - begin, shape.c);
        });
    }
}

// Row by row: a picture is read once instead of once an operation.
void OneDnnOps::to_host_shown(const Tensor& x, const Tensor& base, float share, int64_t h,
                              int64_t w, float* values) {
    const Shape shape = x.shape();
    const bool mixes = share != 1;
    if (type(x) != DType::f32 || (mixes && type(base) != DType::f32))
        return Ops::to_host_shown(x, base, share, h, w, values);
    const int64_t size = w * shape.c;
    const std::shared_ptr<Buffer> memory = scratch(threads_ * 2 * size);
    parallel(shape.n * h, size, [&](int64_t begin, int64_t end) {
        float* floats =
            reinterpret_cast<float*>(memory->data()) + omp_get_thread_num() % threads_ * 2 * size;
        const Out mixed{floats, DType::f32}, other{floats + size, DType::f32};
        const In mixed_in{mixed.data, DType::f32}, other_in{other.data, DType::f32};
        for (int64_t row = begin; row < end; ++row) {
            const int64_t n = row / h, y = row % h;
            const int64_t from = (n * shape.h + y) * shape.w * shape.c;
            In source = in(x, from);
            if (mixes) {
                kernels_.affine(source, share, 0, mixed, size);
                kernels_.affine(in(base, from), 1 - share, 0, other, size);
                kernels_.binary(Binary::add, mixed_in, other_in, mixed, size);
                source = mixed_in;
            }
            kernels_.clamp(source, 0, 1, mixed, size);
            kernels_.deinterleave(mixed_in, values + (n * shape.c * h + y) * w, h * w, w, shape.c);
        }
    });
}

Tensor OneDnnOps::zeros(const Shape& shape) {
    Tensor result = make(shape, DType::f32);
    std::memset(out(result).data, 0, static_cast<size_t>(shape.count()) * sizeof(float));
    return result;
}

}  // namespace onednn
}  // namespace gvc::nn
