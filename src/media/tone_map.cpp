#include "media/tone_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "media/colour.h"

namespace gvc::media {
namespace {

constexpr double kWhiteNits = 203.0;
constexpr double kPeakNits = 1000.0;

// A function on [0, 1] as a table with linear interpolation.
class Curve {
  public:
    template <typename Function>
    explicit Curve(Function function) {
        for (int i = 0; i <= kSteps + 1; ++i) {
            values_[i] = static_cast<float>(function(std::min(1.0, i / double{kSteps})));
        }
    }

    float operator()(float x) const {
        const float position = std::clamp(x, 0.0f, 1.0f) * kSteps;
        const int i = static_cast<int>(position);
        return values_[i] + (values_[i + 1] - values_[i]) * (position - static_cast<float>(i));
    }

  private:
    static constexpr int kSteps = 4096;
    std::array<float, kSteps + 2> values_;
};

// ST 2084: signal → light, 1 = SDR white.
double pq_light(double signal) {
    constexpr double m1 = 2610.0 / 16384, m2 = 2523.0 / 4096 * 128;
    constexpr double c1 = 3424.0 / 4096, c2 = 2413.0 / 4096 * 32, c3 = 2392.0 / 4096 * 32;
    const double e = std::pow(signal, 1 / m2);
    return 10000.0 / kWhiteNits * std::pow(std::max(e - c1, 0.0) / (c2 - c3 * e), 1 / m1);
}

// BT.2100 HLG: signal → scene light in [0, 1].
double hlg_scene(double signal) {
    constexpr double a = 0.17883277, b = 1 - 4 * a;
    const double c = 0.5 - a * std::log(4 * a);
    return signal <= 0.5 ? signal * signal / 3 : (std::exp((signal - c) / a) + b) / 12;
}

// Light in units of SDR white → the same rolled off into [0, 1].
float roll_off(float light) {
    constexpr float knee = 0.75f;
    constexpr float most = (static_cast<float>(kPeakNits / kWhiteNits) - knee) / (1 - knee);
    if (light <= knee) return light;
    const float x = (light - knee) / (1 - knee);
    return knee + (1 - knee) * std::min(1.0f, x * (1 + x / (most * most)) / (1 + x));
}

struct Curves {
    Curve pq{pq_light};
    Curve hlg{hlg_scene};
    Curve hlg_gain{[](double y) { return kPeakNits / kWhiteNits * std::pow(y, 0.2); }};
    // The root of its argument's power keeps the table fine near black.
    Curve display{[](double root) { return std::pow(root * root, 1 / 2.4); }};
};

const Curves& curves() {
    static const Curves all;
    return all;
}

void map_pixel(const Curves& curve, bool hlg, float& r, float& g, float& b) {
    float light[3];
    if (hlg) {
        const float scene[3] = {curve.hlg(r), curve.hlg(g), curve.hlg(b)};
        const float gain =
            curve.hlg_gain(0.2627f * scene[0] + 0.6780f * scene[1] + 0.0593f * scene[2]);
        for (int c = 0; c < 3; ++c) light[c] = scene[c] * gain;
    } else {
        light[0] = curve.pq(r);
        light[1] = curve.pq(g);
        light[2] = curve.pq(b);
    }
    // BT.2020 → BT.709 primaries (BT.2087), clipped at the gamut's edge.
    float out[3] = {1.6605f * light[0] - 0.5876f * light[1] - 0.0728f * light[2],
                    -0.1246f * light[0] + 1.1329f * light[1] - 0.0083f * light[2],
                    -0.0182f * light[0] - 0.1006f * light[1] + 1.1187f * light[2]};
    for (float& value : out) value = std::max(value, 0.0f);
    const float brightest = std::max({out[0], out[1], out[2]});
    const float scale = brightest > 0.0f ? roll_off(brightest) / brightest : 1.0f;
    r = curve.display(std::sqrt(out[0] * scale));
    g = curve.display(std::sqrt(out[1] * scale));
    b = curve.display(std::sqrt(out[2] * scale));
}

}  // namespace

bool is_high_dynamic_range(const ColourDescription& colour) {
    return colour.transfer == kTransferPq || colour.transfer == kTransferHlg;
}

Result<Frame> tone_map(const Frame& hdr, int bit_depth) {
    ColourDescription colour = hdr.colour;
    colour.matrix = Matrix::bt709;
    colour.range = Range::limited;
    colour.primaries = kPrimariesBt709;
    colour.transfer = kTransferBt709;
    colour.bit_depth = bit_depth;
    GVC_ASSIGN_OR_RETURN(Frame out, allocate_frame(hdr.width, hdr.height, colour));
    out.pts = hdr.pts;
    out.duration = hdr.duration;
    out.time_base = hdr.time_base;
    const int64_t pixels = static_cast<int64_t>(hdr.width) * hdr.height;
    std::vector<float> rgb(static_cast<size_t>(3 * pixels));
    yuv_to_rgb(hdr, rgb.data());
    const Curves& curve = curves();
    const bool hlg = hdr.colour.transfer == kTransferHlg;
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < pixels; ++i) {
        map_pixel(curve, hlg, rgb[i], rgb[pixels + i], rgb[2 * pixels + i]);
    }
    rgb_to_yuv(rgb.data(), out);
    return out;
}

}  // namespace gvc::media
