// Depth-wise convolution blocks by the bf16 kernels: each row passes all that is done with it while
// it is in the cache.
#include <cstring>

#include "nn/onednn/gemm_call.h"

namespace gvc::nn::onednn {
namespace {

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
        // Entered rows have a column of zeros at both ends; a row of zeros stands for those
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
        kernels_.gemm(gemm_call(weights_.in, Epilogue::silu, from, entered_[y % 3], shape_.w));
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
        kernels_.gemm(gemm_call(weights_.out, Epilogue::residual, spread_, mixed_, w, from));
        kernels_.gemm(gemm_call(weights_.expand, Epilogue::gated_silu, mixed_, expanded_, w));
        kernels_.gemm(gemm_call(weights_.reduce, Epilogue::residual, expanded_, out, w, mixed_));
    }

    const Kernels& kernels_;
    const Weights& weights_;
    Shape shape_;
    uint16_t* entered_[4];  // rows y - 1, y, y + 1 by y % 3, and one outside
    uint16_t *spread_, *mixed_, *expanded_;
};

}  // namespace

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
        auto* scratch =
            reinterpret_cast<uint16_t*>(memory->data()) + omp_get_thread_num() % threads_ * size;
        DcbRows(kernels_, weights, shape, scratch)
            .run(halves(source), halves_out(result), begin, end);
    });
    return result;
}

}  // namespace gvc::nn::onednn
