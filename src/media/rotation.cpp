#include "media/rotation.h"

#include <cmath>
#include <string>

#include "media/ffmpeg.h"

namespace gvc::media {
namespace {

template <typename Sample>
void rotate_plane(const Plane& from, const Plane& to, int degrees) {
    for (int y = 0; y < to.height; ++y) {
        Sample* out = to.row<Sample>(y);
        for (int x = 0; x < to.width; ++x) {
            switch (degrees) {
                case 90:
                    out[x] = from.row<Sample>(from.height - 1 - x)[y];
                    break;
                case 180:
                    out[x] = from.row<Sample>(from.height - 1 - y)[from.width - 1 - x];
                    break;
                default:
                    out[x] = from.row<Sample>(x)[from.width - 1 - y];
            }
        }
    }
}

}  // namespace

StreamRotation stream_rotation(const AVStream& stream) {
    const int32_t* matrix = display_matrix(stream);
    if (matrix == nullptr) return {};
    const double mirror =
        static_cast<double>(matrix[0]) * matrix[4] - static_cast<double>(matrix[1]) * matrix[3];
    const double counter_clockwise = av_display_rotation_get(matrix);
    if (std::isnan(counter_clockwise)) return {0, false};
    const double turns = -counter_clockwise / 90.0;
    const int rounded = static_cast<int>(std::lround(turns));
    const bool exact = mirror >= 0 && std::abs(turns - rounded) < 0.01;
    return {((rounded % 4) + 4) % 4 * 90, exact};
}

Status set_stream_rotation(AVStream& stream, int degrees) {
    if (degrees == 0) return {};
    int32_t* matrix = new_display_matrix(stream);
    if (matrix == nullptr) return {Code::resources, "no memory for the rotation"};
    av_display_rotation_set(matrix, -degrees);
    return {};
}

Result<Frame> rotated(const Frame& frame, int degrees) {
    if (degrees != 90 && degrees != 180 && degrees != 270) return frame;
    const bool swap = degrees != 180;
    GVC_ASSIGN_OR_RETURN(Frame out,
                         allocate_frame(swap ? frame.height : frame.width,
                                        swap ? frame.width : frame.height, frame.colour));
    out.pts = frame.pts;
    out.duration = frame.duration;
    out.time_base = frame.time_base;
    for (int i = 0; i < 3; ++i) {
        if (frame.colour.bit_depth == 8) {
            rotate_plane<uint8_t>(frame.planes[i], out.planes[i], degrees);
        } else {
            rotate_plane<uint16_t>(frame.planes[i], out.planes[i], degrees);
        }
    }
    return out;
}

}  // namespace gvc::media
