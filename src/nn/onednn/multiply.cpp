// 1x1 convolutions by the bf16 kernels, with what goes before and after them done to each part of a
// tensor while it is in the cache.
#include <algorithm>
#include <cassert>

#include "nn/onednn/gemm_call.h"

namespace gvc::nn::onednn {
namespace {

// What is multiplied at a time: inputs of a thousand channels stay in the cache, and the tails of
// shorter pieces would cost more.
constexpr int64_t kPiece = 112;

// Calls body(row, from, count) for pieces of rows [begin, end) of `w` positions.
template <typename Body>
void each_piece(int64_t begin, int64_t end, int64_t w, const Body& body) {
    const int64_t pieces = (w + kPiece - 1) / kPiece, length = (w + pieces - 1) / pieces;
    for (int64_t row = begin; row < end; ++row)
        for (int64_t x = 0; x < w; x += length) body(row, x, std::min(length, w - x));
}

Epilogue epilogue_of(Act act) { return act == Act::silu ? Epilogue::silu : Epilogue::plain; }

bool same(const ConvPart& a, const ConvPart& b) {
    return a.x.storage() == b.x.storage() && a.x.shape() == b.x.shape() && a.cell == b.cell &&
           a.scale == b.scale && a.shift == b.shift;
}

int64_t channels_of(const ConvPart& part) { return part.x.shape().c * part.cell * part.cell; }

// Parts without those that were there before.
struct DistinctParts {
    std::vector<ConvPart> parts;
    std::vector<int64_t> offsets;  // of the given parts among the channels of `parts`
    int64_t channels = 0;

    explicit DistinctParts(const std::vector<ConvPart>& given) {
        std::vector<int64_t> starts;
        for (const ConvPart& part : given) {
            size_t i = 0;
            while (i < parts.size() && !same(parts[i], part)) ++i;
            if (i == parts.size()) {
                parts.push_back(part);
                starts.push_back(channels);
                channels += channels_of(part);
            }
            offsets.push_back(starts[i]);
        }
    }
};

// Weights for the distinct parts: columns of equal parts are added up.
const PackedWeights& packed_for(ConvStorage& weight, const std::vector<ConvPart>& given,
                                const DistinctParts& distinct) {
    if (distinct.parts.size() == given.size()) return packed(weight);
    std::unique_ptr<PackedWeights>& known = weight.packed_parts[distinct.offsets];
    if (known) return *known;
    const auto out = static_cast<size_t>(weight.spec.out), in = static_cast<size_t>(weight.spec.in);
    const auto to = static_cast<size_t>(distinct.channels);
    std::vector<float> sums(out * to);
    for (size_t o = 0; o < out; ++o) {
        const float* from = &weight.weight[o * in];
        for (size_t i = 0; i < given.size(); ++i) {
            float* sum = &sums[o * to + static_cast<size_t>(distinct.offsets[i])];
            for (int64_t c = channels_of(given[i]); c > 0; --c) *sum++ += *from++;
        }
    }
    known = std::make_unique<PackedWeights>(sums, weight.bias, false);
    return *known;
}

}  // namespace

bool OneDnnOps::multiplies(const ConvSpec& spec) const {
    return precision_ == Precision::bf16 && kernels_.gemm && spec.kernel == 1 && spec.stride == 1 &&
           spec.padding() == 0 && spec.in % 2 == 0 && spec.out % kGemmVector == 0;
}

Tensor OneDnnOps::multiply(const Tensor& x, ConvStorage& weight, Act act, const Tensor& residual) {
    Shape shape = x.shape();
    const int64_t from = shape.c, to = shape.c = weight.spec.out;
    Tensor result = make(shape, DType::bf16), added;
    if (residual.defined()) added = converted(residual, DType::bf16);
    const PackedWeights& weights = packed(weight);
    const Epilogue epilogue = added.defined() ? Epilogue::residual : epilogue_of(act);
    parallel(shape.n * shape.h * shape.w, to, [&](int64_t begin, int64_t end) {
        each_piece(0, 1, end - begin, [&](int64_t, int64_t at, int64_t count) {
            const int64_t p = begin + at;
            kernels_.gemm(gemm_call(weights, epilogue, halves(x, p * from),
                                    halves_out(result, p * to), count,
                                    added.defined() ? halves(added, p * to) : nullptr));
        });
    });
    return result;
}

Tensor OneDnnOps::conv_parts(const std::vector<ConvPart>& parts, const ConvWeight& w, Act act) {
    const DistinctParts distinct(parts);
    bool gathers =
        multiplies(w.spec) && (act == Act::none || act == Act::silu) && distinct.channels % 2 == 0;
    for (const ConvPart& part : parts)
        gathers &= type(part.x) == DType::f32 || (part.scale == 1 && part.shift == 0);
    Shape shape = parts.front().x.shape();
    shape.h /= parts.front().cell;
    shape.w /= parts.front().cell;
    if (!gathers || shape.h * shape.w == 1) return Ops::conv_parts(parts, w, act);

    shape.c = w.spec.out;
    const PackedWeights& weights = packed_for(storage(w), parts, distinct);
    Tensor result = make(shape, DType::bf16);
    const int64_t channels = distinct.channels, size = kPiece * channels;
    const std::shared_ptr<Buffer> memory = scratch(threads_ * size / 2 + 1);
    // Positions [x, x + count) of a row, side by side.
    const auto gather = [&](int64_t row, int64_t x, int64_t count, uint16_t* to) {
        for (const ConvPart& part : distinct.parts) {
            const int64_t cell = part.cell, run = cell * part.x.shape().c;
            for (int64_t i = 0; i < cell; ++i, to += run) {
                const In from = in(part.x, ((row * cell + i) * shape.w + x) * run);
                if (from.type == DType::f32)
                    kernels_.affine_runs(static_cast<const float*>(from.data), part.scale,
                                         part.shift, to, count, run, run, channels);
                else
                    kernels_.copy(from, {to, DType::bf16}, count, run, run, channels);
            }
        }
    };
    parallel(shape.n * shape.h, shape.w * channels, [&](int64_t begin, int64_t end) {
        uint16_t* gathered =
            reinterpret_cast<uint16_t*>(memory->data()) + omp_get_thread_num() % threads_ * size;
        each_piece(begin, end, shape.w, [&](int64_t row, int64_t x, int64_t count) {
            gather(row, x, count, gathered);
            kernels_.gemm(gemm_call(weights, epilogue_of(act), gathered,
                                    halves_out(result, (row * shape.w + x) * shape.c), count));
        });
    });
    return result;
}

Tensor OneDnnOps::conv_shuffle(const Tensor& x, const ConvWeight& w, int r,
                               const Tensor& residual) {
    const Shape shape = x.shape();
    if (!multiplies(w.spec) || shape.h * shape.w == 1) return Ops::conv_shuffle(x, w, r, residual);
    assert(w.spec.out % (r * r) == 0);
    const Tensor source = converted(x, DType::bf16);
    const PackedWeights& weights = packed(storage(w));
    const int64_t channels = w.spec.out, run = channels / r, size = kPiece * channels;
    Tensor result = make(residual.shape(), type(residual));
    const std::shared_ptr<Buffer> memory = scratch(threads_ * size / 2 + 1);
    parallel(shape.n * shape.h, shape.w * channels, [&](int64_t begin, int64_t end) {
        uint16_t* product =
            reinterpret_cast<uint16_t*>(memory->data()) + omp_get_thread_num() % threads_ * size;
        each_piece(begin, end, shape.w, [&](int64_t row, int64_t at, int64_t count) {
            kernels_.gemm(gemm_call(weights, Epilogue::plain,
                                    halves(source, (row * shape.w + at) * shape.c), product,
                                    count));
            for (int64_t i = 0; i < r; ++i) {
                const int64_t to = ((row * r + i) * shape.w + at) * run;
                kernels_.add_runs(product + i * run, in(residual, to), out(result, to), count, run,
                                  channels, run);
            }
        });
    });
    return result;
}

}  // namespace gvc::nn::onednn
