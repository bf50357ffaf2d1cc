#include "media/orientation.h"

#include <cmath>
#include <cstring>

#include "media/ffmpeg.h"

namespace gvc::media {
namespace {

template <typename Sample>
void orient_plane(const Plane& from, const Plane& to, Orientation orientation) {
    for (int y = 0; y < to.height; ++y) {
        Sample* out = to.row<Sample>(y);
        for (int x = 0; x < to.width; ++x) {
            int column = x, line = y;
            if (orientation.degrees == 90) {
                column = y;
                line = from.height - 1 - x;
            } else if (orientation.degrees == 180) {
                column = from.width - 1 - x;
                line = from.height - 1 - y;
            } else if (orientation.degrees == 270) {
                column = from.width - 1 - y;
                line = x;
            }
            if (orientation.mirrored) column = from.width - 1 - column;
            out[x] = from.row<Sample>(line)[column];
        }
    }
}

// Exchanges left and right before what the matrix does.
void mirror_first(int32_t* matrix) {
    matrix[0] = -matrix[0];
    matrix[1] = -matrix[1];
}

}  // namespace

StreamOrientation stream_orientation(const AVStream& stream) {
    const int32_t* stored = display_matrix(stream);
    if (stored == nullptr) return {};
    int32_t matrix[9];
    std::memcpy(matrix, stored, sizeof matrix);
    StreamOrientation out;
    out.orientation.mirrored =
        static_cast<double>(matrix[0]) * matrix[4] < static_cast<double>(matrix[1]) * matrix[3];
    if (out.orientation.mirrored) mirror_first(matrix);
    const double counter_clockwise = av_display_rotation_get(matrix);
    if (std::isnan(counter_clockwise)) return {{}, false};
    const double turns = -counter_clockwise / 90.0;
    const int rounded = static_cast<int>(std::lround(turns));
    out.orientation.degrees = ((rounded % 4) + 4) % 4 * 90;
    out.exact = std::abs(turns - rounded) < 0.01;
    return out;
}

Status set_stream_orientation(AVStream& stream, Orientation orientation) {
    if (orientation.upright()) return {};
    int32_t* matrix = new_display_matrix(stream);
    if (matrix == nullptr) return {Code::resources, "no memory for the orientation"};
    av_display_rotation_set(matrix, orientation.degrees);
    if (orientation.mirrored) mirror_first(matrix);
    return {};
}

Result<Frame> oriented(const Frame& frame, Orientation orientation) {
    if (orientation.upright()) return frame;
    const bool swap = orientation.degrees % 180 != 0;
    GVC_ASSIGN_OR_RETURN(Frame out,
                         allocate_frame(swap ? frame.height : frame.width,
                                        swap ? frame.width : frame.height, frame.colour));
    out.pts = frame.pts;
    out.duration = frame.duration;
    out.time_base = frame.time_base;
    for (int i = 0; i < 3; ++i) {
        if (frame.colour.bit_depth == 8) {
            orient_plane<uint8_t>(frame.planes[i], out.planes[i], orientation);
        } else {
            orient_plane<uint16_t>(frame.planes[i], out.planes[i], orientation);
        }
    }
    return out;
}

}  // namespace gvc::media
