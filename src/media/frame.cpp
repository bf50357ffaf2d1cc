#include "media/frame.h"

#include <new>
#include <string>

namespace gvc::media {
namespace {

constexpr size_t kRowAlignment = 64;

ptrdiff_t aligned_stride(int width, int bytes_per_sample) {
    const size_t bytes = static_cast<size_t>(width) * bytes_per_sample;
    return static_cast<ptrdiff_t>((bytes + kRowAlignment - 1) / kRowAlignment * kRowAlignment);
}

}  // namespace

Result<Frame> allocate_frame(int width, int height, const ColourDescription& colour) {
    if (width < 1 || height < 1 || width > kMaxFrameSide || height > kMaxFrameSide) {
        return {Code::resources, "frame size " + std::to_string(width) + "x" +
                                     std::to_string(height) + " is outside 1x1 to " +
                                     std::to_string(kMaxFrameSide) + " a side"};
    }
    if (colour.bit_depth != 8 && colour.bit_depth != 10) {
        return {Code::usage, "bit depth " + std::to_string(colour.bit_depth) + " is not 8 or 10"};
    }
    Frame frame;
    frame.width = width;
    frame.height = height;
    frame.colour = colour;
    const int bytes_per_sample = colour.bit_depth == 8 ? 1 : 2;
    size_t total = 0;
    std::array<size_t, 3> offsets{};
    for (int i = 0; i < 3; ++i) {
        Plane& plane = frame.planes[i];
        plane.width = i == 0 ? width : (width + 1) / 2;
        plane.height = i == 0 ? height : (height + 1) / 2;
        plane.stride = aligned_stride(plane.width, bytes_per_sample);
        offsets[i] = total;
        total += static_cast<size_t>(plane.stride) * plane.height;
    }
    void* memory = ::operator new (total, std::align_val_t{kRowAlignment}, std::nothrow);
    if (memory == nullptr) {
        return {Code::resources, "no memory for a frame of " + std::to_string(total) + " bytes"};
    }
    frame.storage = std::shared_ptr<void>(
        memory, [](void* p) { ::operator delete (p, std::align_val_t{kRowAlignment}); });
    for (int i = 0; i < 3; ++i) {
        frame.planes[i].data = static_cast<uint8_t*>(memory) + offsets[i];
    }
    return frame;
}

}  // namespace gvc::media
