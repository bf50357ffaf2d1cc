// The codec's exchange type with the outside: one YUV 4:2:0 picture with its time and colour.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/result.h"

namespace gvc::media {

struct Rational {
    int num = 0;
    int den = 1;

    double value() const { return den == 0 ? 0.0 : static_cast<double>(num) / den; }
    bool operator==(const Rational&) const = default;
};

// Values are ITU-T H.273 code points, so that they go into streams and files as they are.
enum class Matrix : uint8_t { bt709 = 1, bt601 = 6, bt2020 = 9 };

enum class Range : uint8_t { limited = 0, full = 1 };

// Where a chroma sample sits in its 2x2 block of luma samples.
enum class ChromaLocation : uint8_t { left = 0, center = 1, top_left = 2 };

// H.273 code points of primaries and transfer that this library acts on; others are carried along.
constexpr uint8_t kPrimariesBt709 = 1;
constexpr uint8_t kPrimariesUnspecified = 2;
constexpr uint8_t kPrimariesBt2020 = 9;
constexpr uint8_t kTransferBt709 = 1;
constexpr uint8_t kTransferUnspecified = 2;
constexpr uint8_t kTransferSrgb = 13;
constexpr uint8_t kTransferPq = 16;
constexpr uint8_t kTransferHlg = 18;

struct ColourDescription {
    Matrix matrix = Matrix::bt709;
    Range range = Range::limited;
    ChromaLocation chroma_location = ChromaLocation::left;
    uint8_t primaries = kPrimariesUnspecified;
    uint8_t transfer = kTransferUnspecified;
    int bit_depth = 8;  // 8 or 10

    bool operator==(const ColourDescription&) const = default;
};

// Samples are uint8_t at 8 bit and uint16_t (native byte order, value in the low bits) at 10 bit.
struct Plane {
    uint8_t* data = nullptr;
    ptrdiff_t stride = 0;  // bytes from row to row
    int width = 0;         // samples
    int height = 0;

    template <typename T>
    T* row(int y) const {
        return reinterpret_cast<T*>(data + y * stride);
    }
};

// Cheap to copy: copies share the samples. Chroma planes are (width+1)/2 x (height+1)/2.
struct Frame {
    int width = 0;
    int height = 0;
    ColourDescription colour;
    int64_t pts = 0;       // in time_base units
    int64_t duration = 0;  // in time_base units; 0 when unknown
    Rational time_base{1, 25};
    std::array<Plane, 3> planes;    // Y, Cb, Cr
    std::shared_ptr<void> storage;  // keeps the samples alive

    bool empty() const { return planes[0].data == nullptr; }
    double seconds() const { return static_cast<double>(pts) * time_base.value(); }
};

constexpr int kMaxFrameSide = 16384;

// A frame with memory of its own and undefined samples; rows are aligned to 64 bytes.
// Code::resources when a side is outside 1..kMaxFrameSide or memory is short;
// Code::usage for a bit depth other than 8 and 10.
Result<Frame> allocate_frame(int width, int height, const ColourDescription& colour);

}  // namespace gvc::media
