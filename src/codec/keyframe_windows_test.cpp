#include "codec/keyframe_windows.h"

#include <gtest/gtest.h>

#include <string_view>

namespace gvc::codec {
namespace {

constexpr PictureSize kSize{620, 320};  // 10x5 cells

// Cells that are coded are '#'.
std::vector<Window> around(std::string_view rows) {
    std::vector<uint8_t> cells;
    for (const char c : rows) cells.push_back(c == '#');
    return windows_around(cells, kSize);
}

void expect_shows(const Window& window, Range rows, Range columns) {
    EXPECT_EQ(window.rows.outer_begin, rows.outer_begin);
    EXPECT_EQ(window.rows.outer_end, rows.outer_end);
    EXPECT_EQ(window.rows.begin, rows.begin);
    EXPECT_EQ(window.rows.end, rows.end);
    EXPECT_EQ(window.columns.outer_begin, columns.outer_begin);
    EXPECT_EQ(window.columns.outer_end, columns.outer_end);
    EXPECT_EQ(window.columns.begin, columns.begin);
    EXPECT_EQ(window.columns.end, columns.end);
}

TEST(KeyframeWindowsTest, PicturesThatFitAreOneAndLargeOnesHaveTiles) {
    const auto one = windows_of({1280, 720});
    ASSERT_EQ(one.size(), 1u);
    expect_shows(one[0], {0, 12, 0, 12}, {0, 20, 0, 20});
    const auto tiles = windows_of({1920, 1080});
    ASSERT_EQ(tiles.size(), 4u);
    expect_shows(tiles[3], {8, 17, 7, 17}, {15, 30, 14, 30});
    for (const Window& tile : tiles) EXPECT_FALSE(tile.margin_counts);
}

TEST(KeyframeWindowsTest, CellsThatAreFarFromEachOtherHaveWindowsOfTheirOwn) {
    const auto windows = around(
        "##........"
        ".........."
        ".........."
        "........#."
        "..........");
    ASSERT_EQ(windows.size(), 2u);
    expect_shows(windows[0], {0, 1, 0, 2}, {0, 2, 0, 3});
    expect_shows(windows[1], {3, 4, 2, 5}, {8, 9, 7, 10});
    for (const Window& window : windows) EXPECT_TRUE(window.margin_counts);
    EXPECT_TRUE(windows_around(std::vector<uint8_t>(50), kSize).empty());
}

TEST(KeyframeWindowsTest, CellsThatTouchOrCostNoMoreTogetherHaveOne) {
    const auto corners = around(
        ".........."
        "#........."
        ".#........"
        "..#......."
        "..........");
    ASSERT_EQ(corners.size(), 1u);
    expect_shows(corners[0], {1, 4, 0, 5}, {0, 3, 0, 4});
    const auto near = around(
        ".........."
        ".........."
        "..#.#....."
        ".........."
        "..........");
    ASSERT_EQ(near.size(), 1u);
    expect_shows(near[0], {2, 3, 1, 4}, {2, 5, 1, 6});
}

// A cell within a corner of others: a window that shows cells searches for them.
TEST(KeyframeWindowsTest, NoWindowShowsCellsOfAnother) {
    const auto windows = around(
        "#........."
        "#.#......."
        "#........."
        "#........."
        "##########");
    ASSERT_EQ(windows.size(), 1u);
    expect_shows(windows[0], {0, 5, 0, 5}, {0, 10, 0, 10});
}

TEST(KeyframeWindowsTest, CropsPlanesOfEachScale) {
    const Window window = around(
                              ".........."
                              "........#."
                              ".........."
                              ".........."
                              "..........")
                              .front();
    EXPECT_EQ(window.width(), 192);
    EXPECT_EQ(window.height(), 192);
    std::vector<float> values(2 * 5 * 10);
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
    const std::vector<float> cropped{7,  8,  9,  17, 18, 19, 27, 28, 29,
                                     57, 58, 59, 67, 68, 69, 77, 78, 79};
    EXPECT_EQ(window.crop(values, 2, kSize, 1), cropped);
    EXPECT_EQ(window.crop(std::vector<float>(3 * 320 * 640), 3, kSize).size(), 3u * 192 * 192);
    EXPECT_TRUE(window.crop({}, 3, kSize).empty());
}

}  // namespace
}  // namespace gvc::codec
