#include "codec/keyframe_windows.h"

#include <algorithm>

namespace gvc::codec {
namespace {

// Of a tile, about a picture of 480 lines; and what is decoded around it, since the decoder's
// networks see so far.
constexpr int64_t kTileColumns = 16, kTileRows = 9, kTileMargin = 1;
// Cells of a picture that is one tile, upright or not: up to 720 lines.
constexpr int64_t kMostLong = 20, kMostShort = 12;
// What is shown around cells.
constexpr int64_t kCellMargin = 1;

int64_t rows_of(PictureSize size) { return size.padded_height() / kCellPixels; }
int64_t columns_of(PictureSize size) { return size.padded_width() / kCellPixels; }

Range range(int64_t begin, int64_t end, int64_t margin, int64_t cells) {
    return {begin, end, std::max<int64_t>(begin - margin, 0), std::min(end + margin, cells)};
}

std::vector<Range> ranges(int64_t cells, int64_t most) {
    const int64_t count = (cells + most - 1) / most;
    std::vector<Range> result;
    for (int64_t i = 0; i < count; ++i)
        result.push_back(range(cells * i / count, cells * (i + 1) / count, kTileMargin, cells));
    return result;
}

Range joined(const Range& a, const Range& b) {
    return {std::min(a.begin, b.begin), std::max(a.end, b.end),
            std::min(a.outer_begin, b.outer_begin), std::max(a.outer_end, b.outer_end)};
}

Window joined(const Window& a, const Window& b) {
    return {joined(a.rows, b.rows), joined(a.columns, b.columns), true};
}

int64_t area(const Window& window) { return window.rows.outer() * window.columns.outer(); }

bool shows(const Range& a, const Range& b) {
    return a.outer_begin < b.end && b.begin < a.outer_end;
}

// Whether two windows are better one: it is no more to look at than both, or one shows cells of the
// other, which are better searched for together.
bool belong_together(const Window& a, const Window& b) {
    return area(joined(a, b)) <= area(a) + area(b) ||
           (shows(a.rows, b.rows) && shows(a.columns, b.columns));
}

// Joins two windows that belong together, if any do.
bool join_two(std::vector<Window>& windows) {
    for (auto a = windows.begin(); a != windows.end(); ++a) {
        const auto b = std::find_if(a + 1, windows.end(), [&](const Window& window) {
            return belong_together(*a, window);
        });
        if (b == windows.end()) continue;
        *a = joined(*a, *b);
        windows.erase(b);
        return true;
    }
    return false;
}

}  // namespace

std::vector<float> Window::crop(std::span<const float> values, int64_t channels, PictureSize size,
                                int64_t scale) const {
    std::vector<float> shown;
    if (values.empty()) return shown;
    shown.reserve(static_cast<size_t>(channels * rows.outer() * columns.outer() * scale * scale));
    each_value(channels, size, scale, [&](size_t, size_t i, bool) { shown.push_back(values[i]); });
    return shown;
}

bool in_one_window(PictureSize size) {
    const auto [least, most] = std::minmax({rows_of(size), columns_of(size)});
    return least <= kMostShort && most <= kMostLong;
}

std::vector<Window> windows_of(PictureSize size) {
    const bool one = in_one_window(size);
    std::vector<Window> windows;
    for (const Range& rows : ranges(rows_of(size), one ? kMostLong : kTileRows))
        for (const Range& columns : ranges(columns_of(size), one ? kMostLong : kTileColumns))
            windows.push_back({rows, columns, false});
    return windows;
}

std::vector<Window> windows_around(std::span<const uint8_t> cells, PictureSize size) {
    const int64_t rows = rows_of(size), columns = columns_of(size);
    std::vector<Window> windows;
    for (int64_t y = 0; y < rows; ++y)
        for (int64_t x = 0; x < columns; ++x)
            if (cells[static_cast<size_t>(y * columns + x)] != 0)
                windows.push_back({range(y, y + 1, kCellMargin, rows),
                                   range(x, x + 1, kCellMargin, columns), true});
    while (join_two(windows)) {
    }
    return windows;
}

}  // namespace gvc::codec
