#include "eval/faces.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>

namespace gvc::eval {
namespace {

constexpr int kPerson = 0;  // of COCO's categories
constexpr double kLeastPersonScore = 0.4;
constexpr double kUpperPart = 0.5;  // of a person, where the face is
// Where a head is in a person's box, whatever its colour: in the dark that says nothing. Shares of
// the box's sides; its height is also at most so much of the box's width.
constexpr double kHeadBegin = 0.2, kHeadEnd = 0.8, kHeadHeight = 0.35, kHeadByWidth = 0.6;
constexpr float kHead = 0.35f;   // what such a cell counts
constexpr float kOwn = 3;        // times as often there as where nobody is: a person's colour
constexpr int kCell = 8;         // pixels: weights are the same all over it
constexpr float kMost = 10.0f;   // what small faces weigh
constexpr float kLarge = 0.02f;  // faces on so much of the picture weigh half as much more

constexpr float kLeastSkin = 0.4f;  // share of a cell's pixels

// The range of Cb and Cr that skin of all complexions has (Chai and Ngan, "Face segmentation using
// skin-color map in videophone applications", 1999), BT.601 limited, in steps of kStep.
constexpr int kStep = 4;
constexpr float kFirstCb = 77, kFirstCr = 133;
constexpr int kCbSteps = 13, kCrSteps = 10;

// The step that a colour is in; none: it is not that of skin.
std::optional<size_t> skin_colour(float r, float g, float b) {
    const float cb = 128 - 37.797f * r - 74.203f * g + 112.0f * b - kFirstCb;
    const float cr = 128 + 112.0f * r - 93.786f * g - 18.214f * b - kFirstCr;
    if (!(cb >= 0 && cb < kStep * kCbSteps && cr >= 0 && cr < kStep * kCrSteps)) return {};
    return static_cast<size_t>(cb) / kStep * kCrSteps + static_cast<size_t>(cr) / kStep;
}

bool is_person(const Box& box) { return box.category == kPerson && box.score >= kLeastPersonScore; }

// A share of a picture's side in units of which it has so many.
int at_share(double share, int count) {
    return static_cast<int>(std::lround(std::clamp(share, 0.0, 1.0) * count));
}

// How often each of these colours is in some part of a picture.
struct Colours {
    std::array<float, static_cast<size_t>(kCbSteps) * kCrSteps> counts{};
    float pixels = 0;

    float share(size_t colour) const { return counts[colour] / std::max(pixels, 1.0f); }
};

// Shares of the picture's cells, row by row.
class Cells {
  public:
    Cells(int width, int height)
        : columns_((width + kCell - 1) / kCell),
          rows_((height + kCell - 1) / kCell),
          values_(static_cast<size_t>(columns_) * static_cast<size_t>(rows_)) {}

    float& at(int row, int column) { return values_[index(row, column)]; }
    float at(int row, int column) const { return values_[index(row, column)]; }
    float mean() const {
        float sum = 0;
        for (const float value : values_) sum += value;
        return sum / static_cast<float>(values_.size());
    }
    // At least so much where cells lie in the box.
    void raise(const Box& box, float least) {
        for (int row = at_share(box.top, rows_); row < at_share(box.bottom, rows_); ++row)
            for (int c = at_share(box.left, columns_); c < at_share(box.right, columns_); ++c)
                at(row, c) = std::max(at(row, c), least);
    }
    void cut(float least) {
        for (float& value : values_) value = value < least ? 0 : value;
    }
    // Eyes, brows and mouths lie between cells of skin.
    Cells spread() const {
        Cells out = *this;
        for (int row = 0; row < rows_; ++row)
            for (int column = 0; column < columns_; ++column)
                for (int r = std::max(row - 1, 0); r <= std::min(row + 1, rows_ - 1); ++r)
                    for (int c = std::max(column - 1, 0); c <= std::min(column + 1, columns_ - 1);
                         ++c)
                        out.at(r, c) = std::max(out.at(r, c), at(row, column));
        return out;
    }

  private:
    size_t index(int row, int column) const {
        return static_cast<size_t>(row) * static_cast<size_t>(columns_) +
               static_cast<size_t>(column);
    }

    int columns_, rows_;
    std::vector<float> values_;
};

enum Part : uint8_t { outside, person, upper };  // where a pixel is

std::vector<Part> parts_of(std::span<const Box> people, int width, int height) {
    const auto columns = static_cast<size_t>(width);
    std::vector<Part> parts(columns * static_cast<size_t>(height), outside);
    for (const Box& box : people) {
        const int middle = at_share(box.top + kUpperPart * (box.bottom - box.top), height);
        for (int y = at_share(box.top, height); y < at_share(box.bottom, height); ++y)
            for (int x = at_share(box.left, width); x < at_share(box.right, width); ++x) {
                Part& part = parts[static_cast<size_t>(y) * columns + static_cast<size_t>(x)];
                part = std::max(part, y < middle ? upper : person);
            }
    }
    return parts;
}

Cells skin_of(std::span<const Box> people, std::span<const float> rgb, int width, int height) {
    const std::vector<Part> parts = parts_of(people, width, height);
    const size_t plane = parts.size();
    const auto colour_at = [&](size_t i) {
        return skin_colour(rgb[i], rgb[plane + i], rgb[2 * plane + i]);
    };
    std::array<Colours, 3> colours;
    for (size_t i = 0; i < plane; ++i) {
        ++colours[parts[i]].pixels;
        if (const auto colour = colour_at(i)) ++colours[parts[i]].counts[*colour];
    }
    Cells skin(width, height);
    for (size_t i = 0; i < plane; ++i) {
        if (parts[i] != upper) continue;
        const auto colour = colour_at(i);
        // Earth, wood and walls may have that colour, too: then it is around people as well.
        if (!colour || colours[upper].share(*colour) < kOwn * colours[outside].share(*colour))
            continue;
        const auto columns = static_cast<size_t>(width);
        skin.at(static_cast<int>(i / columns) / kCell, static_cast<int>(i % columns) / kCell) +=
            1.0f / (kCell * kCell);
    }
    skin.cut(kLeastSkin);
    return skin;
}

// Where the head is, if the box is a person's.
Box head_of(const Box& box, int width, int height) {
    const double w = box.right - box.left, h = box.bottom - box.top;
    const double tall = std::min(kHeadHeight * h, kHeadByWidth * w * width / height);
    return {box.left + kHeadBegin * w, box.top, box.left + kHeadEnd * w, box.top + tall};
}

}  // namespace

std::vector<float> face_weights(std::span<const Box> objects, std::span<const float> rgb, int width,
                                int height) {
    std::vector<Box> people;
    std::copy_if(objects.begin(), objects.end(), std::back_inserter(people), is_person);
    if (people.empty()) return {};
    const Cells skin = skin_of(people, rgb, width, height);
    Cells faces = skin.spread();
    for (const Box& box : people) faces.raise(head_of(box, width, height), kHead);
    const float more = (kMost - 1) / (1 + skin.mean() / kLarge);
    std::vector<float> weights;
    weights.reserve(static_cast<size_t>(width) * static_cast<size_t>(height));
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x)
            weights.push_back(1 + more * faces.at(y / kCell, x / kCell));
    return weights;
}

}  // namespace gvc::eval
