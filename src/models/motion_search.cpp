#include "models/motion_search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
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
// What a unit of disagreement with one neighbour costs, in 1/16 of a summed difference of 8-bit
// samples. From some difference on it is an edge, however large.
constexpr int kRoughness = 96;
constexpr int kEdge = 8 * kVectorUnits;
// Moving must fit better by this sum and by this share (in 1/16) of what staying costs.
constexpr int kStillBias = 130;
constexpr int kStillShare = 2;

class Search {
  public:
    Search(const SearchPicture& current, const SearchPicture& reference, int threads)
        : current_(current.half),
          reference_(reference.half),
          w_((current.eighth.width() + 1) / 2),
          h_((current.eighth.height() + 1) / 2),
          threads_(threads),
          vectors_(static_cast<size_t>(w_ * h_)),
          costs_(vectors_.size()),
          still_(vectors_.size()) {}

    // The best of standing still, the coarse match and the prediction, where there are such, and
    // from there downhill.
    void start(const std::vector<CoarseVector>& coarse, const std::vector<CellVector>& predicted) {
        each_row(1, [&](int y) {
            for (int x = 0; x < w_; ++x) {
                const size_t i = index(x, y);
                Cell cell(*this, x, y, false);
                still_[i] = cell.difference({});
                cell.take({}, still_[i]);
                for (int k = 0; k < 4 && !coarse.empty(); ++k)
                    cell.consider(coarse_vector(coarse, 2 * x + k % 2, 2 * y + k / 2));
                if (!predicted.empty()) cell.consider(whole(predicted[i]));
                cell.descend(2);
                cell.descend(1);
                cell.store();
            }
        });
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
                    cell.store();
                }
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
        constexpr float kScale = 1.0f / (kBlockSide * kBlockSide);
        for (size_t i = 0; i < costs_.size(); ++i) {
            if (16 * (costs_[i] + kStillBias) >= (16 - kStillShare) * still_[i]) {
                field.vectors[i] = {};
                costs_[i] = still_[i];
            }
            field.cost.push_back(kScale * static_cast<float>(costs_[i]));
            field.still_cost.push_back(kScale * static_cast<float>(still_[i]));
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
    static CellVector whole(CellVector v) {
        const auto rounded = [](int c) { return (c + kPixel / 2) & ~(kPixel - 1); };
        return {static_cast<int16_t>(rounded(v.x)), static_cast<int16_t>(rounded(v.y))};
    }

    // One cell while it decides: its pixels and the best vector so far.
    class Cell {
      public:
        Cell(Search& search, int x, int y, bool smooth) : s_(search), x_(x), y_(y) {
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
        int difference(CellVector v) const {
            const auto [from, fx, fy] = s_.place(left_, top_, v);
            return block_difference(pixels_, s_.current_.stride(), from, s_.reference_.stride(), fx,
                                    fy);
        }
        void resume() {
            const size_t i = s_.index(x_, y_);
            take(s_.vectors_[i], s_.costs_[i]);
        }
        void take(CellVector v, int cost) {
            best_ = v;
            cost_ = cost;
            energy_ = cost + roughness(v);
        }
        void consider(CellVector v) {
            if (v == best_) return;
            const int rough = roughness(v);
            if (rough >= energy_) return;
            consider(v, difference(v));
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
            const auto [from, fx, fy] = s_.place(left_, top_, best_);
            const auto [dx, dy] =
                gradient_step(pixels_, s_.current_.stride(), from, s_.reference_.stride(), fx, fy);
            const auto moved = [](int v, float by) {
                const int step = static_cast<int>(std::lround(by * kPixel));
                return static_cast<int16_t>(std::clamp(v + std::clamp(step, -kMaxStep, kMaxStep),
                                                       -kLongestVector, kLongestVector));
            };
            consider({moved(best_.x, dx), moved(best_.y, dy)});
        }
        void store() {
            const size_t i = s_.index(x_, y_);
            s_.vectors_[i] = best_;
            s_.costs_[i] = cost_;
        }

      private:
        int roughness(CellVector v) const {
            int sum = 0;
            for (const CellVector& n : neighbours())
                sum += std::min(std::abs(n.x - v.x) + std::abs(n.y - v.y), kEdge);
            return kRoughness * sum / 16;
        }

        Search& s_;
        int x_, y_, left_, top_;
        const uint8_t* pixels_;
        std::array<CellVector, 4> neighbours_;
        int count_ = 0;
        CellVector best_;
        int cost_ = 0, energy_ = 0;
    };

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
    int w_, h_, threads_;
    std::vector<CellVector> vectors_;
    std::vector<int> costs_, still_;
};

}  // namespace

SearchPicture search_picture(const float* rgb, int width, int height, int threads) {
    LumaPlane half = luma_plane(rgb, width, height, kSearchMargin, threads);
    LumaPlane eighth = quarter_size(half, kCoarseMargin, threads);
    return {std::move(half), std::move(eighth)};
}

MotionField search_motion(const SearchPicture& current, const SearchPicture& reference,
                          const std::vector<CellVector>& predicted, int threads,
                          SearchEffort effort) {
    const bool quick = effort == SearchEffort::quick;
    std::vector<CoarseVector> coarse;
    if (!quick || predicted.empty())
        coarse = coarse_match(current.eighth, reference.eighth, threads);
    Search search(current, reference, threads);
    search.start(coarse, predicted);
    search.smooth(kSmoothing);
    search.refine(quick ? kQuickRefinements : kRefinements);
    search.smooth(kFinalSmoothing);
    return search.result();
}

}  // namespace gvc::models
