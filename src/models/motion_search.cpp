#include "models/motion_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <span>
#include <utility>

#include "models/block_compare.h"
#include "nn/parallel.h"

namespace gvc::models {
namespace {

constexpr int kPixel = kVectorUnits;
constexpr int kCoarse = 4;                             // half-size pixels along one of 1/8 luma
constexpr int kBorder = (kBlockSide - kCellSide) / 2;  // of a block around its cell
constexpr int kSmoothing = 3;                          // passes before the steps below a pixel
constexpr int kFinalSmoothing = 2;                     // and behind them
constexpr int kRefinements = 3, kQuickRefinements = 1;
constexpr int kMaxStep = 24;  // 1.5 half-size pixels
// What a unit of disagreement with one neighbour costs, in summed differences of 8-bit samples.
// From some difference on it is an edge, however large.
constexpr int kRoughness = 6;
constexpr int kEdge = 8 * kVectorUnits;

constexpr int kBlockArea = kBlockSide * kBlockSide;
constexpr float kCostScale = 1.0f / kBlockArea;
// Moving must fit better by this mean difference and by this share (in 1/16) of what staying costs.
constexpr float kStillBias = 130 * kCostScale;
constexpr float kStillShare = 2;

CellVector sum(CellVector a, CellVector b) { return bounded_vector(a.x + b.x, a.y + b.y); }

// Below, a cell's vector is its deviation from the expected one.
class Search {
  public:
    Search(const SearchPicture& current, const SearchPicture& reference, const SearchHints& hints,
           const SearchOptions& options)
        : current_(current.half),
          reference_(reference.half),
          hints_(hints),
          w_((current.eighth.width() + 1) / 2),
          h_((current.eighth.height() + 1) / 2),
          threads_(options.threads),
          roughness_(kRoughness * options.smoothness),
          vectors_(static_cast<size_t>(w_ * h_)),
          costs_(vectors_.size()),
          still_(vectors_.size()) {}

    // The best of standing still, the coarse match and the prediction, where there are such, and
    // from there downhill.
    void start(const std::vector<CoarseVector>& coarse) {
        each_row(1, [&](int y) {
            for (int x = 0; x < w_; ++x) {
                const size_t i = index(x, y);
                Cell cell(*this, x, y, false);
                still_[i] = cell.difference({});
                cell.take({}, still_[i]);
                for (int k = 0; k < 4 && !coarse.empty(); ++k)
                    cell.consider(
                        deviation(coarse_vector(coarse, 2 * x + k % 2, 2 * y + k / 2), i));
                if (!hints_.predicted.empty()) cell.consider(deviation(hints_.predicted[i], i));
                cell.descend(2);
                cell.descend(1);
                cell.store();
            }
        });
        found_ = vectors_;
    }

    // What sending nothing costs each cell.
    std::vector<float> costs_of_nothing() {
        std::vector<float> costs(vectors_.size());
        each_row(1, [&](int y) {
            for (int x = 0; x < w_; ++x)
                costs[index(x, y)] =
                    kCostScale * static_cast<float>(Cell(*this, x, y, false).difference({}));
        });
        return costs;
    }

    // Cells take a neighbour's vector, or none, where that fits about as well. Every second cell at
    // a time, like the squares of a chessboard, so that neighbours stand while a cell decides.
    void smooth(int passes) {
        for (int pass = 0; pass < 2 * passes; ++pass)
            each_row(1, [&](int y) {
                for (int x = (pass + y) % 2; x < w_; x += 2) {
                    Cell cell(*this, x, y, true);
                    cell.resume();
                    cell.consider({}, still_[index(x, y)]);
                    for (const CellVector& neighbour : cell.neighbours()) cell.consider(neighbour);
                    cell.consider(found_[index(x, y)]);
                    cell.store();
                }
            });
    }

    // From small blocks to the whole picture.
    void merge() {
        for (int side = 2; side < 2 * std::max(w_, h_); side *= 2) merge(side);
    }

    // Blocks of side x side cells take one vector, one of those in and around them or none, where
    // that costs less in all; like a chessboard again.
    void merge(int side) {
        const int across = (w_ + side - 1) / side, down = (h_ + side - 1) / side;
        for (int pass = 0; pass < 2; ++pass)
            nn::parallel_for(threads_, down, 1, [&](int64_t begin, int64_t end) {
                for (int y = static_cast<int>(begin); y < end; ++y)
                    for (int x = (pass + y) % 2; x < across; x += 2)
                        Block(*this, x * side, y * side, side).decide();
            });
    }

    // Steps of Lucas and Kanade, with the current picture's gradients for the reference's.
    void refine(int steps) {
        for (int pass = 0; pass < 2 * steps; ++pass)
            each_row(1, [&](int y) {
                for (int x = (pass + y) % 2; x < w_; x += 2) {
                    Cell cell(*this, x, y, true);
                    cell.resume();
                    cell.step();
                    cell.store();
                }
            });
    }

    MotionField result() {
        MotionField field{w_, h_, std::move(vectors_), {}, {}};
        for (size_t i = 0; i < costs_.size(); ++i) {
            float cost = kCostScale * static_cast<float>(costs_[i]);
            const float still = kCostScale * static_cast<float>(still_[i]);
            if (!moving_pays(cost, still)) {
                field.vectors[i] = {};
                cost = still;
            }
            if (!hints_.expected.empty())
                field.vectors[i] = sum(field.vectors[i], hints_.expected[i]);
            field.cost.push_back(cost);
            field.still_cost.push_back(still);
        }
        return field;
    }

  private:
    CellVector coarse_vector(const std::vector<CoarseVector>& coarse, int x, int y) const {
        const int w = current_.width() / kCoarse, h = current_.height() / kCoarse;
        const CoarseVector v =
            coarse[static_cast<size_t>(std::min(y, h - 1) * w + std::min(x, w - 1))];
        return {static_cast<int16_t>(v.x * kCoarse * kPixel),
                static_cast<int16_t>(v.y * kCoarse * kPixel)};
    }
    CellVector deviation(CellVector v, size_t cell) const {
        if (hints_.expected.empty()) return v;
        const CellVector e = hints_.expected[cell];
        return bounded_vector(v.x - e.x, v.y - e.y);
    }

    // One cell while it decides: its pixels and the best vector so far.
    class Cell {
      public:
        Cell(Search& search, int x, int y, bool smooth) : s_(search), i_(search.index(x, y)) {
            left_ = kCellSide * x - kBorder;
            top_ = kCellSide * y - kBorder;
            pixels_ = s_.current_.at(left_, top_);
            if (!smooth) return;
            for (auto [ox, oy] : {std::pair{-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
                const int nx = x + ox, ny = y + oy;
                if (nx < 0 || ny < 0 || nx >= s_.w_ || ny >= s_.h_) continue;
                neighbours_[static_cast<size_t>(count_++)] = s_.vectors_[s_.index(nx, ny)];
            }
        }

        std::span<const CellVector> neighbours() const {
            return {neighbours_.data(), static_cast<size_t>(count_)};
        }
        // From `enough` on any that is no less.
        int difference(CellVector v, int enough = std::numeric_limits<int>::max()) const {
            const auto [from, fx, fy] = s_.place(left_, top_, moved(v));
            const int d = block_difference(pixels_, s_.current_.stride(), from,
                                           s_.reference_.stride(), fx, fy, enough);
            if (s_.hints_.ceiling.empty()) return d;
            return std::min(d, static_cast<int>(kBlockArea * s_.hints_.ceiling[i_]));
        }
        void resume() { take(s_.vectors_[i_], s_.costs_[i_]); }
        void take(CellVector v, int cost) {
            best_ = v;
            cost_ = cost;
            energy_ = cost + roughness(v);
        }
        void consider(CellVector v) {
            if (v == best_) return;
            const int rough = roughness(v);
            if (rough >= energy_) return;
            consider(v, difference(v, energy_ - rough));
        }
        void consider(CellVector v, int cost) {
            if (cost + roughness(v) < energy_) take(v, cost);
        }
        void descend(int pixels) {
            for (int i = 0; i < 8; ++i) {
                const CellVector centre = best_;
                for (auto [ox, oy] : {std::pair{-1, 0}, {1, 0}, {0, -1}, {0, 1}}) {
                    const int nx = centre.x + ox * pixels * kPixel,
                              ny = centre.y + oy * pixels * kPixel;
                    if (std::max(std::abs(nx), std::abs(ny)) <= kLongestVector)
                        consider({static_cast<int16_t>(nx), static_cast<int16_t>(ny)});
                }
                if (best_ == centre) return;
            }
        }
        void step() {
            const auto [from, fx, fy] = s_.place(left_, top_, moved(best_));
            const auto [dx, dy] =
                gradient_step(pixels_, s_.current_.stride(), from, s_.reference_.stride(), fx, fy);
            const auto bounded = [](float by) {
                return static_cast<int16_t>(
                    std::clamp(static_cast<int>(std::lround(by * kPixel)), -kMaxStep, kMaxStep));
            };
            consider(sum(best_, {bounded(dx), bounded(dy)}));
        }
        void store() {
            s_.vectors_[i_] = best_;
            s_.costs_[i_] = cost_;
        }

      private:
        CellVector moved(CellVector v) const {
            return s_.hints_.expected.empty() ? v : sum(v, s_.hints_.expected[i_]);
        }
        int roughness(CellVector v) const {
            int differences = 0;
            for (const CellVector& n : neighbours()) differences += disagreement(n, v);
            return s_.price(differences);
        }

        Search& s_;
        size_t i_;
        int left_, top_;
        const uint8_t* pixels_;
        std::array<CellVector, 4> neighbours_;
        int count_ = 0;
        CellVector best_;
        int cost_ = 0, energy_ = 0;
    };

    // Cells [left, left + side) x [top, top + side), as far as they are there.
    class Block {
      public:
        Block(Search& search, int left, int top, int side)
            : s_(search),
              left_(left),
              top_(top),
              right_(std::min(left + side, search.w_)),
              bottom_(std::min(top + side, search.h_)) {}

        void decide() {
            candidates_.push_back({});
            int cost = 0, differences = 0;
            each_cell([&](int x, int y) {
                const CellVector v = at(x, y);
                add(v);
                cost += s_.costs_[s_.index(x, y)];
                if (x + 1 < right_) differences += disagreement(v, at(x + 1, y));
                if (y + 1 < bottom_) differences += disagreement(v, at(x, y + 1));
            });
            for (int x = left_; x < right_; ++x) {
                differences += meet(x, top_, x, top_ - 1);
                differences += meet(x, bottom_ - 1, x, bottom_);
            }
            for (int y = top_; y < bottom_; ++y) {
                differences += meet(left_, y, left_ - 1, y);
                differences += meet(right_ - 1, y, right_, y);
            }
            int best = cost + s_.price(differences);
            const CellVector* taken = nullptr;
            for (const CellVector& v : candidates_) {
                const int energy = energy_of(v, best);
                if (energy >= best) continue;
                best = energy;
                taken = &v;
            }
            if (taken) take(*taken);
        }

      private:
        CellVector at(int x, int y) const { return s_.vectors_[s_.index(x, y)]; }

        void add(CellVector v) {
            if (std::find(candidates_.begin(), candidates_.end(), v) == candidates_.end())
                candidates_.push_back(v);
        }

        // Notes the neighbour at (nx, ny) of a cell at the block's edge.
        int meet(int x, int y, int nx, int ny) {
            if (nx < 0 || ny < 0 || nx >= s_.w_ || ny >= s_.h_) return 0;
            around_.push_back(at(nx, ny));
            add(around_.back());
            return disagreement(at(x, y), around_.back());
        }

        // Of the whole block at v; what reaches `enough` is not added up to its end.
        int energy_of(CellVector v, int enough) const {
            int differences = 0;
            for (const CellVector& neighbour : around_) differences += disagreement(v, neighbour);
            int energy = s_.price(differences);
            each_cell([&](int x, int y) {
                if (energy < enough) energy += Cell(s_, x, y, false).difference(v, enough - energy);
            });
            return energy;
        }

        void take(CellVector v) const {
            each_cell([&](int x, int y) {
                Cell cell(s_, x, y, false);
                cell.take(v, cell.difference(v));
                cell.store();
            });
        }

        template <typename Body>
        void each_cell(const Body& body) const {
            for (int y = top_; y < bottom_; ++y)
                for (int x = left_; x < right_; ++x) body(x, y);
        }

        Search& s_;
        int left_, top_, right_, bottom_;
        std::vector<CellVector> candidates_, around_;
    };

    static int disagreement(CellVector a, CellVector b) {
        return std::min(std::abs(a.x - b.x) + std::abs(a.y - b.y), kEdge);
    }
    int price(int differences) const {
        return static_cast<int>(roughness_ * static_cast<float>(differences));
    }

    struct Place {
        const uint8_t* from;
        int fx, fy;
    };
    // Where a block at (left, top), moved by v, is read in the reference, with the fractions of a
    // pixel. Outside the margin everything is the edge.
    Place place(int left, int top, CellVector v) const {
        const int x = left + (v.x >> 4), y = top + (v.y >> 4);
        const int low = -kSearchMargin;
        return {reference_.at(std::clamp(x, low, reference_.width() + 1),
                              std::clamp(y, low, reference_.height() + 1)),
                v.x & (kPixel - 1), v.y & (kPixel - 1)};
    }

    size_t index(int x, int y) const { return static_cast<size_t>(y * w_ + x); }

    template <typename Body>
    void each_row(int grain, const Body& body) {
        nn::parallel_for(threads_, h_, grain, [&](int64_t begin, int64_t end) {
            for (int y = static_cast<int>(begin); y < end; ++y) body(y);
        });
    }

    const LumaPlane& current_;
    const LumaPlane& reference_;
    const SearchHints& hints_;
    int w_, h_, threads_;
    float roughness_;
    std::vector<CellVector> vectors_, found_;
    std::vector<int> costs_, still_;
};

}  // namespace

SearchPicture search_picture(const float* rgb, int width, int height, int threads) {
    LumaPlane half = luma_plane(rgb, width, height, kSearchMargin, threads);
    LumaPlane eighth = quarter_size(half, kCoarseMargin, threads);
    return {std::move(half), std::move(eighth)};
}

MotionField search_motion(const SearchPicture& current, const SearchPicture& reference,
                          const SearchHints& hints, const SearchOptions& options) {
    const bool quick = options.effort == SearchEffort::quick;
    std::vector<CoarseVector> coarse;
    if (!quick || hints.predicted.empty())
        coarse = coarse_match(current.eighth, reference.eighth, options.threads);
    Search search(current, reference, hints, options);
    search.start(coarse);
    search.smooth(kSmoothing);
    if (options.smoothness > 1.0f) search.merge();
    search.refine(quick ? kQuickRefinements : kRefinements);
    search.smooth(kFinalSmoothing);
    return search.result();
}

bool moving_pays(float moved, float still, size_t cells) {
    return 16 * (moved + kStillBias * static_cast<float>(cells)) < (16 - kStillShare) * still;
}

std::vector<float> matching_costs(const SearchPicture& current, const SearchPicture& reference,
                                  std::vector<CellVector> vectors, int threads) {
    const SearchHints hints{{}, std::move(vectors), {}};
    return Search(current, reference, hints, {threads, SearchEffort::quick, 1.0f})
        .costs_of_nothing();
}

}  // namespace gvc::models
