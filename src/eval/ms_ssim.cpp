#include <algorithm>
#include <array>
#include <cmath>

#include "eval/ssim.h"

namespace gvc::eval {

namespace {

constexpr int kWindow = 11;
constexpr double kDeviation = 1.5;
constexpr std::array<double, 5> kScaleWeights = {0.0448, 0.2856, 0.3001, 0.2363, 0.1333};
// The coarsest of five scales must hold a window.
constexpr int kMinSide = kWindow << (kScaleWeights.size() - 1);

std::array<float, kWindow> gaussian() {
    std::array<double, kWindow> window{};
    double sum = 0;
    for (int i = 0; i < kWindow; ++i) {
        const double distance = i - kWindow / 2;
        window[i] = std::exp(-distance * distance / (2 * kDeviation * kDeviation));
        sum += window[i];
    }
    std::array<float, kWindow> result{};
    for (int i = 0; i < kWindow; ++i) result[i] = static_cast<float>(window[i] / sum);
    return result;
}

// Window means at every place where the window lies inside the picture.
FloatPlane blur(const FloatPlane& in) {
    static const std::array<float, kWindow> kTaps = gaussian();
    FloatPlane across{in.width - kWindow + 1, in.height, {}};
    across.values.resize(static_cast<size_t>(across.width) * across.height);
    for (int y = 0; y < across.height; ++y) {
        const float* source = &in.values[static_cast<size_t>(y) * in.width];
        float* target = &across.values[static_cast<size_t>(y) * across.width];
        for (int k = 0; k < kWindow; ++k) {
            for (int x = 0; x < across.width; ++x) target[x] += kTaps[k] * source[x + k];
        }
    }
    FloatPlane out{across.width, in.height - kWindow + 1, {}};
    out.values.resize(static_cast<size_t>(out.width) * out.height);
    for (int y = 0; y < out.height; ++y) {
        float* target = &out.values[static_cast<size_t>(y) * out.width];
        for (int k = 0; k < kWindow; ++k) {
            const float* source = &across.values[static_cast<size_t>(y + k) * across.width];
            for (int x = 0; x < out.width; ++x) target[x] += kTaps[k] * source[x];
        }
    }
    return out;
}

FloatPlane multiply(const FloatPlane& a, const FloatPlane& b) {
    FloatPlane out{a.width, a.height, a.values};
    for (size_t i = 0; i < out.values.size(); ++i) out.values[i] *= b.values[i];
    return out;
}

FloatPlane halve(const FloatPlane& in) {
    FloatPlane out{in.width / 2, in.height / 2, {}};
    out.values.resize(static_cast<size_t>(out.width) * out.height);
    for (int y = 0; y < out.height; ++y) {
        const float* top = &in.values[static_cast<size_t>(2 * y) * in.width];
        const float* bottom = top + in.width;
        float* target = &out.values[static_cast<size_t>(y) * out.width];
        for (int x = 0; x < out.width; ++x) {
            target[x] = 0.25f * (top[2 * x] + top[2 * x + 1] + bottom[2 * x] + bottom[2 * x + 1]);
        }
    }
    return out;
}

// Samples minus half the peak: variances do not change by it, and their differences of large
// squares keep three more bits in fp32.
FloatPlane centred(const FloatPlane& in, float middle) {
    FloatPlane out = in;
    for (float& value : out.values) value -= middle;
    return out;
}

FloatPlane luma(const media::Frame& frame) {
    const media::Plane& plane = frame.planes[0];
    FloatPlane out{plane.width, plane.height, {}};
    out.values.reserve(static_cast<size_t>(plane.width) * plane.height);
    for (int y = 0; y < plane.height; ++y) {
        if (frame.colour.bit_depth == 8) {
            const auto* row = plane.row<const uint8_t>(y);
            out.values.insert(out.values.end(), row, row + plane.width);
        } else {
            const auto* row = plane.row<const uint16_t>(y);
            out.values.insert(out.values.end(), row, row + plane.width);
        }
    }
    return out;
}

class MsSsim final : public FrameMetric {
  public:
    MsSsim() : FrameMetric({"ms_ssim", "", "Y', own bit depth and range", true, false, kMinSide}) {}

  private:
    Result<double> measure(const FramePair& pair) override {
        const double peak = (1 << pair.reference.colour.bit_depth) - 1;
        FloatPlane a = luma(pair.reference), b = luma(pair.distorted);
        double product = 1;
        for (size_t scale = 0; scale < kScaleWeights.size(); ++scale) {
            const ScaleSimilarity s = gaussian_ssim(a, b, peak);
            const bool last = scale + 1 == kScaleWeights.size();
            // Anticorrelated pictures give negative parts, which have no real power.
            const double part = std::max(0.0, last ? s.ssim : s.contrast_structure);
            product *= std::pow(part, kScaleWeights[scale]);
            if (last) break;
            a = halve(a);
            b = halve(b);
        }
        return product;
    }
};

}  // namespace

ScaleSimilarity gaussian_ssim(const FloatPlane& a, const FloatPlane& b, double peak) {
    const double c1 = std::pow(0.01 * peak, 2), c2 = std::pow(0.03 * peak, 2);
    const double middle = peak / 2;
    const FloatPlane ca = centred(a, static_cast<float>(middle));
    const FloatPlane cb = centred(b, static_cast<float>(middle));
    const FloatPlane mean_a = blur(ca), mean_b = blur(cb);
    const FloatPlane square_a = blur(multiply(ca, ca)), square_b = blur(multiply(cb, cb));
    const FloatPlane cross = blur(multiply(ca, cb));
    double ssim = 0, contrast_structure = 0;
    for (size_t i = 0; i < mean_a.values.size(); ++i) {
        const double ma = mean_a.values[i], mb = mean_b.values[i];
        const double variances = square_a.values[i] - ma * ma + square_b.values[i] - mb * mb;
        const double covariance = cross.values[i] - ma * mb;
        const double cs = (2 * covariance + c2) / (variances + c2);
        const double la = ma + middle, lb = mb + middle;
        contrast_structure += cs;
        ssim += cs * (2 * la * lb + c1) / (la * la + lb * lb + c1);
    }
    const auto count = static_cast<double>(mean_a.values.size());
    return {ssim / count, contrast_structure / count};
}

std::unique_ptr<Metric> make_ms_ssim() { return std::make_unique<MsSsim>(); }

}  // namespace gvc::eval
