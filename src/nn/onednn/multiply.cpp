// 1x1 convolutions and whole blocks of them by the bf16 kernels. Each part of a tensor passes all
// that is done with it while it is in the cache.
#include <algorithm>
#include <cassert>
#include <cstring>

#include "nn/onednn/backend.h"
#include "nn/onednn/convolver.h"

namespace gvc::nn::onednn {
namespace {

constexpr int64_t kVector = 16;  // channels

const PackedWeights& packed(ConvStorage& weight) {
    if (!weight.packed)
        weight.packed = std::make_unique<PackedWeights>(weight.weight, weight.bias, false);
    return *weight.packed;
}

const PackedWeights& packed_gated(ConvStorage& weight) {
    if (!weight.packed_gated)
        weight.packed_gated = std::make_unique<PackedWeights>(weight.weight, weight.bias, true);
    return *weight.packed_gated;
}

ConvStorage& storage(const ConvWeight& weight) {
    return static_cast<ConvStorage&>(*weight.storage);
}

// With the taps one after the other.
ConvStorage& with_taps(const DepthwiseWeight& handle) {
    auto& weight = static_cast<ConvStorage&>(*handle.storage);
    if (weight.taps.empty()) {
        for (int tap = 0; tap < 9; ++tap)
            for (int c = 0; c < handle.channels; ++c)
                weight.taps.push_back(weight.weight[static_cast<size_t>(9 * c + tap)]);
    }
    return weight;
}

const uint16_t* halves(const Tensor& x) { return static_cast<const uint16_t*>(in(x).data); }
uint16_t* halves_out(const Tensor& x) { return static_cast<uint16_t*>(out(x).data); }

Gemm gemm_of(const PackedWeights& weights, Epilogue epilogue, const uint16_t* from, uint16_t* to,
             int64_t positions, const uint16_t* residual = nullptr) {
    Gemm gemm{};
    gemm.epilogue = epilogue;
    gemm.in_data = from;
    gemm.in_stride = gemm.in = weights.in();
    gemm.positions = positions;
    gemm.weights = weights.weights();
    gemm.bias = weights.bias();
    gemm.vectors = weights.vectors();
    gemm.out = to;
    gemm.out_stride = weights.vectors() * kVector / (epilogue == Epilogue::gated_silu ? 2 : 1);
    gemm.residual = residual;
    gemm.residual_stride = gemm.out_stride;
    return gemm;
}

// A block's rows, one after the other, with what they need of each other.
class DcbRows {
  public:
    struct Weights {
        const PackedWeights &in, &out, &expand, &reduce;
        const ConvStorage& depthwise;
    };

    // Elements of scratch.
    static int64_t scratch(const Shape& shape) {
        return shape.c * (4 * (shape.w + 2) + 4 * shape.w);
    }

    DcbRows(const Kernels& kernels, const Weights& weights, const Shape& shape, uint16_t* scratch)
        : kernels_(kernels), weights_(weights), shape_(shape) {
        const int64_t c = shape.c, padded = (shape.w + 2) * c;
        // Mixed rows have a column of zeros at both ends, and a row of zeros stands for those
        // outside.
        std::memset(scratch, 0, static_cast<size_t>(4 * padded) * sizeof(uint16_t));
        for (uint16_t*& row : entered_) {
            row = scratch + c;
            scratch += padded;
        }
        spread_ = scratch;
        mixed_ = spread_ + shape.w * c;
        expanded_ = mixed_ + shape.w * c;
    }

    // Rows [begin, end) of all items' rows.
    void run(const uint16_t* x, uint16_t* out, int64_t begin, int64_t end) {
        const int64_t size = shape_.w * shape_.c;
        for (int64_t row = begin; row < end; ++row) {
            const int64_t y = row % shape_.h;
            const uint16_t* from = x + row * size;
            const bool fresh = row == begin || y == 0;
            if (fresh && y > 0) enter(from - size, y - 1);
            if (fresh) enter(from, y);
            if (y + 1 < shape_.h) enter(from + size, y + 1);
            finish(from, y, out + row * size);
        }
    }

  private:
    static constexpr int kOutside = 3;

    void enter(const uint16_t* from, int64_t y) {
        kernels_.gemm(gemm_of(weights_.in, Epilogue::silu, from, entered_[y % 3], shape_.w));
    }

    void finish(const uint16_t* from, int64_t y, uint16_t* out) {
        const int64_t w = shape_.w;
        const auto entered = [&](int64_t row) {
            return entered_[row < 0 || row == shape_.h ? kOutside : row % 3];
        };
        kernels_.depthwise_row({{entered(y - 1), entered(y), entered(y + 1)},
                                w,
                                shape_.c,
                                weights_.depthwise.taps.data(),
                                weights_.depthwise.bias.data(),
                                spread_});
        kernels_.gemm(gemm_of(weights_.out, Epilogue::residual, spread_, mixed_, w, from));
        kernels_.gemm(gemm_of(weights_.expand, Epilogue::gated_silu, mixed_, expanded_, w));
        kernels_.gemm(gemm_of(weights_.reduce, Epilogue::residual, expanded_, out, w, mixed_));
    }

    const Kernels& kernels_;
    const Weights& weights_;
    Shape shape_;
    uint16_t* entered_[4];  // rows y - 1, y, y + 1 by y % 3, and one outside
    uint16_t *spread_, *mixed_, *expanded_;
};

}  // namespace

bool OneDnnOps::multiplies(const ConvSpec& spec) const {
    return precision_ == Precision::bf16 && kernels_.gemm && spec.kernel == 1 && spec.stride == 1 &&
           spec.padding() == 0 && spec.in % 2 == 0 && spec.out % kVector == 0;
}

Tensor OneDnnOps::multiply(const Tensor& x, ConvStorage& weight, Act act, const Tensor& residual) {
    Shape shape = x.shape();
    const int64_t from = shape.c, to = weight.spec.out;
    shape.c = to;
    Tensor result = make(shape, DType::bf16), added;
    if (residual.defined()) added = converted(residual, DType::bf16);
    const PackedWeights& weights = packed(weight);
    Epilogue epilogue = act == Act::silu ? Epilogue::silu : Epilogue::plain;
    if (residual.defined()) epilogue = Epilogue::residual;
    constexpr int64_t kTile = 96;  // fits every height of tile, and inputs stay in the cache
    parallel(shape.n * shape.h * shape.w, to, [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; p += kTile)
            kernels_.gemm(gemm_of(weights, epilogue, halves(x) + p * from,
                                  halves_out(result) + p * to, std::min(kTile, end - p),
                                  added.defined() ? halves(added) + p * to : nullptr));
    });
    return result;
}

Tensor OneDnnOps::dcb(const Tensor& x, const DcbWeights& w) {
    const Shape shape = x.shape();
    if (!multiplies(w.in.spec) || shape.h * shape.w == 1) return Ops::dcb(x, w);
    const DcbRows::Weights weights{packed(storage(w.in)), packed(storage(w.out)),
                                   packed_gated(storage(w.expand)), packed(storage(w.reduce)),
                                   with_taps(w.depthwise)};
    const Tensor source = converted(x, DType::bf16);
    Tensor result = make(shape, DType::bf16);
    const int64_t size = DcbRows::scratch(shape);
    const std::shared_ptr<Buffer> memory =
        pool_->take(static_cast<size_t>(threads_ * size) * sizeof(uint16_t));
    parallel(shape.n * shape.h, shape.w * shape.c * 16, [&](int64_t begin, int64_t end) {
        auto* scratch = reinterpret_cast<uint16_t*>(memory->data()) + omp_get_thread_num() * size;
        DcbRows(kernels_, weights, shape, scratch)
            .run(halves(source), halves_out(result), begin, end);
    });
    return result;
}

}  // namespace gvc::nn::onednn
