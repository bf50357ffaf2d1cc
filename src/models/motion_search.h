// Block motion search between two pictures, on the host. Its result is the same with any number of
// threads.
//
// A cell is 16x16 pixels of the picture, 8x8 of its half-size luma; it is compared together with
// the 4 half-size pixels around it, and its vector is what is sent (Note [Motion in the latent]).
// The search starts from an exhaustive match of 1/8 luma and from given predictions, descends on
// half-size luma, lets cells take their neighbours' vectors where that fits about as well (vectors
// cost bits, and matching invents motion in flat places), likewise blocks of cells, and ends with
// Lucas-Kanade steps (1981) below a pixel.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "models/coarse_match.h"
#include "models/luma_plane.h"

namespace gvc::models {

inline constexpr int kCellSide = 8;      // half-size pixels
inline constexpr int kVectorUnits = 16;  // a half-size pixel
// Of either component: 320 pixels of the picture, for a camera that whips round through a chunk of
// four frames. What all of a picture does costs a few bytes, however far it goes.
inline constexpr int kLongestVector = 2560;

// Where a cell's content is found, relative to the cell, in eighths of a pixel of the picture.
struct CellVector {
    int16_t x = 0, y = 0;
    bool operator==(const CellVector&) const = default;
};

inline CellVector bounded_vector(int x, int y) {
    return {static_cast<int16_t>(std::clamp(x, -kLongestVector, kLongestVector)),
            static_cast<int16_t>(std::clamp(y, -kLongestVector, kLongestVector))};
}

// A picture prepared for the search.
struct SearchPicture {
    LumaPlane half, eighth;
};

// rgb: a picture at half size, planar [3, height, width] in [0, 1]; sides are multiples of 4.
SearchPicture search_picture(const float* rgb, int width, int height, int threads);

// Cells in raster order; those at the right and bottom edges may reach over them. Costs are mean
// absolute luma differences of 8-bit samples over the 32x32 pixels around a cell.
struct MotionField {
    int width = 0, height = 0;
    std::vector<CellVector> vectors;
    std::vector<float> cost;        // at the vector
    std::vector<float> still_cost;  // for no motion, or for what is expected
};

// A third of the time: no exhaustive match where vectors are predicted, and one step below a pixel
// instead of three. For vectors that nobody pays for.
enum class SearchEffort { thorough, quick };

struct SearchOptions {
    int threads = 1;
    SearchEffort effort = SearchEffort::thorough;
    // How dear a vector is that differs from its neighbours', 1 where matching alone should be
    // plausible. Above 1 whole blocks of cells take one vector where that costs less in all.
    float smoothness = 1.0f;
};

// What the vectors are measured against, a vector for each cell in each part, or nothing.
struct SearchHints {
    std::vector<CellVector> predicted;  // to start from besides
    // What a cell is to be moved by where nothing is sent (nothing: not at all). It is deviations
    // from this that are smooth, and none is taken where it fits about as well.
    std::vector<CellVector> expected;
    // Costs, as of a MotionField, that another reference offers anyway: worse counts no worse.
    std::vector<float> ceiling;
};

MotionField search_motion(const SearchPicture& current, const SearchPicture& reference,
                          const SearchHints& hints, const SearchOptions& options);

// Whether moving fits so much better than staying that it is worth saying: the costs, as of a
// MotionField, of so many cells in all.
bool moving_pays(float moved, float still, size_t cells = 1);

// Costs, as of a MotionField, of given vectors.
std::vector<float> matching_costs(const SearchPicture& current, const SearchPicture& reference,
                                  std::vector<CellVector> vectors, int threads);

}  // namespace gvc::models
