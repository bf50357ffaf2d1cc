// Pictures for tests, without a file: a texture that drifts, and how far two pictures are apart.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "media/av1.h"
#include "media/frame.h"

namespace gvc::media {

inline ColourDescription test_colour(int bit_depth) {
    ColourDescription colour;
    colour.bit_depth = bit_depth;
    return colour;
}

inline int sample_at(const Frame& frame, size_t plane, int x, int y) {
    const Plane& p = frame.planes[plane];
    return frame.colour.bit_depth == 8 ? p.row<uint8_t>(y)[x] : p.row<uint16_t>(y)[x];
}

// value(plane, x, y): a sample in 8 bit; deeper pictures get its multiple.
template <typename Value>
Frame painted_frame(int width, int height, int bit_depth, Value value) {
    Frame frame = allocate_frame(width, height, test_colour(bit_depth)).value();
    const double unit = 1 << (bit_depth - 8);
    for (size_t i = 0; i < 3; ++i) {
        const Plane& plane = frame.planes[i];
        for (int y = 0; y < plane.height; ++y) {
            for (int x = 0; x < plane.width; ++x) {
                const long sample = std::lround(unit * value(static_cast<int>(i), x, y));
                if (bit_depth == 8) {
                    plane.row<uint8_t>(y)[x] = static_cast<uint8_t>(sample);
                } else {
                    plane.row<uint16_t>(y)[x] = static_cast<uint16_t>(sample);
                }
            }
        }
    }
    return frame;
}

// Picture `time` of a smooth texture with some detail.
inline Frame test_frame(int width, int height, int bit_depth, double time) {
    Frame frame = painted_frame(width, height, bit_depth, [&](int plane, int x, int y) {
        const double step = plane == 0 ? 1 : 2;
        const double u = step * x + 1.5 * time, v = step * y + 0.5 * time;
        const double wave = std::sin(0.11 * u + plane) * std::cos(0.07 * v);
        const double detail = plane == 0 ? 0.25 * std::sin(0.5 * u + 0.3 * v) : 0;
        return 120 + 60 * (wave + detail);
    });
    frame.pts = static_cast<int64_t>(time);
    return frame;
}

inline std::vector<Frame> test_frames(int width, int height, int bit_depth, int count) {
    std::vector<Frame> frames;
    for (int i = 0; i < count; ++i) frames.push_back(test_frame(width, height, bit_depth, i));
    return frames;
}

// Of all three planes together, in decibels; 99 for equal pictures.
inline double frame_psnr(const Frame& a, const Frame& b) {
    double error = 0, count = 0;
    for (size_t i = 0; i < 3; ++i) {
        for (int y = 0; y < a.planes[i].height; ++y) {
            for (int x = 0; x < a.planes[i].width; ++x, ++count) {
                const double d = sample_at(a, i, x, y) - sample_at(b, i, x, y);
                error += d * d;
            }
        }
    }
    const double white = (1 << a.colour.bit_depth) - 1;
    return error == 0 ? 99 : 10 * std::log10(white * white * count / error);
}

// Empty, or why AV1 cannot be tested with this FFmpeg.
inline std::string av1_is_missing() {
    const std::vector<Frame> one = test_frames(64, 64, 8, 1);
    const auto units = encode_av1(one, {.crf = 50, .preset = 10, .threads = 1, .extra = {}});
    if (units.status().code() == Code::resources) return units.status().message();
    if (!units.ok()) return "";  // the tests will say
    const auto decoded = decode_av1(units->at(0), 1, {64, 64, one[0].colour}, 1);
    return decoded.status().code() == Code::resources ? decoded.status().message() : "";
}

}  // namespace gvc::media
