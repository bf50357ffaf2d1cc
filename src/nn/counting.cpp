#include "nn/counting.h"

#include "nn/forwarding_ops.h"

namespace gvc::nn {
namespace {

constexpr int64_t kTaps = 9;  // of a depth-wise convolution

class CountingOps final : public ForwardingOps {
  public:
    using ForwardingOps::ForwardingOps;

    uint64_t products() const override { return products_; }

    // ---- what is counted; the inner backend may have fused it ----

    Tensor conv(const Tensor& x, const ConvWeight& w, Act act, const Tensor& residual) override {
        return counted(inner_.conv(x, w, act, residual), per_value(w));
    }
    Tensor conv_parts(const std::vector<ConvPart>& parts, const ConvWeight& w, Act act) override {
        return counted(inner_.conv_parts(parts, w, act), per_value(w));
    }
    Tensor conv_shuffle(const Tensor& x, const ConvWeight& w, int r,
                        const Tensor& residual) override {
        return counted(inner_.conv_shuffle(x, w, r, residual), per_value(w));
    }
    Tensor depthwise(const Tensor& x, const DepthwiseWeight& w, Act act) override {
        return counted(inner_.depthwise(x, w, act), kTaps);
    }
    Tensor dcb(const Tensor& x, const DcbWeights& w) override {
        // Of C channels: in and out 1, expand 4, reduce 2 times C * C.
        return counted(inner_.dcb(x, w), 8 * x.shape().c + kTaps);
    }

    // ---- what is not ----

    ConvWeight conv_weight(const std::string& name, const ConvSpec& spec) override {
        return inner_.conv_weight(name, spec);
    }
    DepthwiseWeight depthwise_weight(const std::string& name, int channels) override {
        return inner_.depthwise_weight(name, channels);
    }

  private:
    // Products for each value of a convolution's result; shuffled, it has as many values.
    static int64_t per_value(const ConvWeight& w) {
        return static_cast<int64_t>(w.spec.in) * w.spec.kernel * w.spec.kernel;
    }

    Tensor counted(Tensor result, int64_t per_value) {
        products_ += static_cast<uint64_t>(result.shape().count() * per_value);
        return result;
    }

    uint64_t products_ = 0;
};

}  // namespace

std::unique_ptr<Ops> make_counting_ops(Ops& inner) { return std::make_unique<CountingOps>(inner); }

}  // namespace gvc::nn
