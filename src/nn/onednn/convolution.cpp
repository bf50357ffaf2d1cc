#include <cassert>
#include <cstring>
#include <new>

#include "nn/onednn/backend.h"
#include "nn/onednn/convolver.h"

namespace gvc::nn::onednn {

ConvWeight OneDnnOps::conv_weight(const std::string& name, const ConvSpec& spec) {
    ConvArrays arrays = load_conv(name, spec);
    auto weight = std::make_shared<ConvStorage>();
    weight->spec = spec;
    weight->weight = std::move(arrays.weight);
    weight->bias = std::move(arrays.bias);
    return {spec, std::move(weight)};
}

DepthwiseWeight OneDnnOps::depthwise_weight(const std::string& name, int channels) {
    ConvArrays arrays = load_depthwise(name, channels);
    auto weight = std::make_shared<ConvStorage>();
    weight->spec.in = weight->spec.out = weight->groups = channels;
    weight->spec.kernel = 3;
    weight->weight = std::move(arrays.weight);
    weight->bias = std::move(arrays.bias);
    return {channels, std::move(weight)};
}

Tensor OneDnnOps::conv(const Tensor& x, const ConvWeight& w, Act act, const Tensor& residual) {
    return convolve(x, w.storage, act, residual);
}

Tensor OneDnnOps::depthwise(const Tensor& x, const DepthwiseWeight& w, Act act) {
    return convolve(x, w.storage, act, {});
}

Tensor OneDnnOps::convolve(const Tensor& x, const std::shared_ptr<WeightStorage>& handle, Act act,
                           const Tensor& residual) {
    auto& weight = static_cast<ConvStorage&>(*handle);
    const ConvSpec& spec = weight.spec;
    Shape shape = x.shape();
    assert(shape.c == spec.in);
    bool vector = shape.h * shape.w == 1;
    DType in_type = precision_ == Precision::bf16 && !vector ? DType::bf16 : DType::f32;
    DType out_type = spec.out <= kFineChannels ? DType::f32 : in_type;
    Tensor source = converted(x, in_type);

    shape.c = spec.out;
    shape.h = (shape.h + 2 * spec.padding() - spec.kernel) / spec.stride + 1;
    shape.w = (shape.w + 2 * spec.padding() - spec.kernel) / spec.stride + 1;
    assert(!residual.defined() || residual.shape() == shape);
    const bool activates = act == Act::silu && !residual.defined();
    if (!vector && weight.groups == 1 && multiplies(spec) && (act == Act::none || activates))
        return multiply(source, weight, act, residual);
    Tensor result = make(shape, out_type);
    if (residual.defined()) {
        // Summed into a copy. (Reading it from its own place, as a binary post-op, gives wrong
        // results in oneDNN 2.6.3's bf16 1x1 convolutions and is no quicker in the others.)
        parallel(shape.count(), 1, [&](int64_t begin, int64_t end) {
            kernels_.copy(in(residual, begin), out(result, begin), 1, end - begin, 0, 0);
        });
    }
    Shape from = x.shape();
    ConvKey key{from.n, from.h, from.w, in_type, out_type, act, residual.defined(), threads_};
    try {
        OmpThreads threads(threads_);
        convolver_->run(weight, key, in(source).data, out(result).data, *pool_);
    } catch (const dnnl::error& error) {
        if (error.status == dnnl_out_of_memory) throw std::bad_alloc();
        fail({Code::internal, std::string("oneDNN: convolution failed: ") + error.message});
        return zeros(shape);
    }
    return result;
}

}  // namespace gvc::nn::onednn
