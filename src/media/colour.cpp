#include "media/colour.h"

#include <algorithm>
#include <vector>

#include "media/colour_rows.h"

namespace gvc::media {
namespace {

constexpr SitingWeights kCosited{0.0f, 0.5f};
constexpr SitingWeights kCentred{0.25f, 0.25f};
constexpr float kTriangle[3] = {0.25f, 0.5f, 0.25f};
constexpr float kBox[3] = {0.0f, 0.5f, 0.5f};

struct Luminance {
    double kr, kb;
};

Luminance luminance(Matrix matrix) {
    switch (matrix) {
        case Matrix::bt601:
            return {0.299, 0.114};
        case Matrix::bt2020:
            return {0.2627, 0.0593};
        case Matrix::bt709:
            break;
    }
    return {0.2126, 0.0722};
}

// value * scale + offset turns [0, 1] luma and [-0.5, 0.5] chroma into samples.
YuvScaling to_samples(const ColourDescription& colour) {
    const float unit = static_cast<float>(1 << (colour.bit_depth - 8));
    const float top = static_cast<float>((1 << colour.bit_depth) - 1);
    if (colour.range == Range::full) return {top, 0.0f, top, 128.0f * unit, top};
    return {219.0f * unit, 16.0f * unit, 224.0f * unit, 128.0f * unit, top};
}

YuvScaling from_samples(const ColourDescription& colour) {
    const YuvScaling s = to_samples(colour);
    return {1.0f / s.luma_scale, -s.luma_offset / s.luma_scale, 1.0f / s.chroma_scale,
            -s.chroma_offset / s.chroma_scale, s.sample_max};
}

RgbFromYuv rgb_matrix(Matrix matrix) {
    const auto [kr, kb] = luminance(matrix);
    const double kg = 1.0 - kr - kb;
    return {static_cast<float>(2 * (1 - kr)), static_cast<float>(-2 * kb * (1 - kb) / kg),
            static_cast<float>(-2 * kr * (1 - kr) / kg), static_cast<float>(2 * (1 - kb))};
}

YuvFromRgb yuv_matrix(Matrix matrix) {
    const auto [kr, kb] = luminance(matrix);
    return {static_cast<float>(kr), static_cast<float>(1.0 - kr - kb), static_cast<float>(kb),
            static_cast<float>(0.5 / (1 - kb)), static_cast<float>(0.5 / (1 - kr))};
}

bool cosited_across(const ColourDescription& colour) {
    return colour.chroma_location != ChromaLocation::center;
}

bool cosited_down(const ColourDescription& colour) {
    return colour.chroma_location == ChromaLocation::top_left;
}

// Below this a second thread costs more than it brings.
bool worth_threads(const Frame& frame) {
    constexpr int64_t kPixels = 1 << 16;
    return static_cast<int64_t>(frame.width) * frame.height >= kPixels;
}

RgbStrides resolved(RgbStrides strides, const Frame& frame) {
    if (strides.row == 0) strides.row = frame.width;
    if (strides.plane == 0) strides.plane = strides.row * frame.height;
    return strides;
}

// A row of floats with a margin on both sides for the filters' neighbours.
class MarginRow {
  public:
    explicit MarginRow(int width) : values_(static_cast<size_t>(width) + 2), width_(width) {}
    float* data() { return values_.data() + 1; }
    void repeat_edges() {
        values_.front() = values_[1];
        values_.back() = values_[static_cast<size_t>(width_)];
    }

  private:
    std::vector<float> values_;
    int width_;
};

template <typename Sample>
void convert_to_rgb(const Frame& frame, float* rgb, RgbStrides strides) {
    const RowKernels<Sample>& kernels = row_kernels<Sample>();
    const YuvScaling scaling = from_samples(frame.colour);
    const RgbFromYuv matrix = rgb_matrix(frame.colour.matrix);
    const SitingWeights across = cosited_across(frame.colour) ? kCosited : kCentred;
    const SitingWeights down = cosited_down(frame.colour) ? kCosited : kCentred;
    const int chroma_width = frame.planes[1].width;
    const int chroma_height = frame.planes[1].height;

#pragma omp parallel if (worth_threads(frame))
    {
        MarginRow narrow(chroma_width);
        std::vector<float> wide[2] = {std::vector<float>(frame.width),
                                      std::vector<float>(frame.width)};
#pragma omp for schedule(static)
        for (int y = 0; y < frame.height; ++y) {
            const int near = y / 2;
            const bool odd = y % 2 != 0;
            const int far = std::clamp(odd ? near + 1 : near - 1, 0, chroma_height - 1);
            const float far_weight = odd ? down.odd_next : down.even_previous;
            for (int c = 0; c < 2; ++c) {
                const Plane& plane = frame.planes[c + 1];
                kernels.blend(plane.row<Sample>(near), plane.row<Sample>(far),
                              (1.0f - far_weight) * scaling.chroma_scale,
                              far_weight * scaling.chroma_scale, scaling.chroma_offset,
                              narrow.data(), chroma_width);
                narrow.repeat_edges();
                kernels.upsample(narrow.data(), across, wide[c].data(), frame.width);
            }
            float* out = rgb + y * strides.row;
            kernels.to_rgb(frame.planes[0].row<Sample>(y), wide[0].data(), wide[1].data(), scaling,
                           matrix, out, out + strides.plane, out + 2 * strides.plane, frame.width);
        }
    }
}

template <typename Sample>
void convert_to_yuv(const float* rgb, const Frame& frame, RgbStrides strides) {
    const RowKernels<Sample>& kernels = row_kernels<Sample>();
    const YuvScaling scaling = to_samples(frame.colour);
    const YuvFromRgb matrix = yuv_matrix(frame.colour.matrix);
    const float* across = cosited_across(frame.colour) ? kTriangle : kBox;
    const float* down = cosited_down(frame.colour) ? kTriangle : kBox;
    const auto row = [&](int channel, int y) {
        y = std::clamp(y, 0, frame.height - 1);
        return rgb + channel * strides.plane + y * strides.row;
    };

#pragma omp parallel if (worth_threads(frame))
    {
        MarginRow cb(frame.width), cr(frame.width);
#pragma omp for schedule(static)
        for (int j = 0; j < frame.planes[1].height; ++j) {
            for (int y = 2 * j; y < std::min(2 * j + 2, frame.height); ++y) {
                kernels.to_luma(row(0, y), row(1, y), row(2, y), scaling, matrix,
                                frame.planes[0].row<Sample>(y), frame.width);
            }
            const float* rows[3][3];
            for (int channel = 0; channel < 3; ++channel) {
                for (int tap = 0; tap < 3; ++tap)
                    rows[channel][tap] = row(channel, 2 * j + tap - 1);
            }
            kernels.to_chroma(rows, down, matrix, cb.data(), cr.data(), frame.width);
            cb.repeat_edges();
            cr.repeat_edges();
            kernels.downsample(cb.data(), across, scaling, frame.planes[1].row<Sample>(j),
                               frame.planes[1].width);
            kernels.downsample(cr.data(), across, scaling, frame.planes[2].row<Sample>(j),
                               frame.planes[2].width);
        }
    }
}

}  // namespace

void yuv_to_rgb(const Frame& frame, float* rgb, RgbStrides strides) {
    if (frame.colour.bit_depth == 8) {
        convert_to_rgb<uint8_t>(frame, rgb, resolved(strides, frame));
    } else {
        convert_to_rgb<uint16_t>(frame, rgb, resolved(strides, frame));
    }
}

void rgb_to_yuv(const float* rgb, const Frame& frame, RgbStrides strides) {
    if (frame.colour.bit_depth == 8) {
        convert_to_yuv<uint8_t>(rgb, frame, resolved(strides, frame));
    } else {
        convert_to_yuv<uint16_t>(rgb, frame, resolved(strides, frame));
    }
}

}  // namespace gvc::media
