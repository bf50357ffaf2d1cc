// Which windows of a keyframe are searched, each by itself (codec/keyframe_search.h): the picture
// in one, tiles of a large one, or what is around the cells of one that has few.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "codec/picture.h"

namespace gvc::codec {

// A range of cells along one side: what is searched, and with the margin what is decoded.
struct Range {
    int64_t begin, end;
    int64_t outer_begin, outer_end;

    int64_t outer() const { return outer_end - outer_begin; }
};

struct Window {
    Range rows, columns;
    bool margin_counts;  // errors there do: nothing but this window's cells changes them

    int64_t width() const { return columns.outer() * kCellPixels; }
    int64_t height() const { return rows.outer() * kCellPixels; }

    // Calls f(place in the window's array, place in the whole one, whether it is no margin) for
    // planes that have `scale` values along a cell's side.
    template <typename F>
    void each_value(int64_t channels, PictureSize size, int64_t scale, const F& f) const {
        const int64_t w = size.padded_width() / kCellPixels * scale,
                      h = size.padded_height() / kCellPixels * scale;
        size_t at = 0;
        for (int64_t c = 0; c < channels; ++c)
            for (int64_t y = rows.outer_begin * scale; y < rows.outer_end * scale; ++y)
                for (int64_t x = columns.outer_begin * scale; x < columns.outer_end * scale;
                     ++x, ++at) {
                    const bool own = y >= rows.begin * scale && y < rows.end * scale &&
                                     x >= columns.begin * scale && x < columns.end * scale;
                    f(at, static_cast<size_t>((c * h + y) * w + x), own);
                }
    }
    // What the window shows of such planes; none of none.
    std::vector<float> crop(std::span<const float> values, int64_t channels, PictureSize size,
                            int64_t scale = kCellPixels) const;
};

// Whether pictures of this size are searched in one piece if all of their cells are coded.
bool in_one_window(PictureSize size);

// For pictures all of whose cells are coded.
std::vector<Window> windows_of(PictureSize size);

// For pictures of which those cells alone are coded, [rows, columns]: each of them is in one
// window, and in no other's margin.
std::vector<Window> windows_around(std::span<const uint8_t> cells, PictureSize size);

}  // namespace gvc::codec
