#include "eval/propagate.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/clones.h"
#include "media/colour.h"
#include "nn/parallel.h"

namespace gvc::eval {

namespace {

constexpr int kQueries = 4, kKeys = 3;  // as many as registers hold sums for
typedef float Vec __attribute__((vector_size(32), aligned(4), may_alias));
constexpr int kLanes = 8;

// dots[q][k] = queries[q] . keys[k]
GVC_CLONES void multiply(const float* const* queries, const float* const* keys, int channels,
                         float (*dots)[kKeys]) {
    Vec sums[kQueries][kKeys] = {};
    for (int c = 0; c < channels; c += kLanes) {
        const Vec k0 = *reinterpret_cast<const Vec*>(keys[0] + c);
        const Vec k1 = *reinterpret_cast<const Vec*>(keys[1] + c);
        const Vec k2 = *reinterpret_cast<const Vec*>(keys[2] + c);
#pragma GCC unroll 4
        for (int q = 0; q < kQueries; ++q) {
            const Vec v = *reinterpret_cast<const Vec*>(queries[q] + c);
            sums[q][0] += v * k0;
            sums[q][1] += v * k1;
            sums[q][2] += v * k2;
        }
    }
    for (int q = 0; q < kQueries; ++q) {
        for (int k = 0; k < kKeys; ++k) {
            float sum = 0;
            for (int lane = 0; lane < kLanes; ++lane) sum += sums[q][k][lane];
            dots[q][k] = sum;
        }
    }
}

constexpr float kLeastSpan = 1e-3f;  // of shares; less is rounding

struct Match {
    float alike = -2;               // less than any dot product
    const float* shares = nullptr;  // of the cell that was found
};

// The most alike cells, best first; of equal ones those that came first.
class BestMatches {
  public:
    void offer(float alike, const float* shares) {
        if (alike <= list_.back().alike) return;
        size_t at = list_.size() - 1;
        for (; at > 0 && list_[at - 1].alike < alike; --at) list_[at] = list_[at - 1];
        list_[at] = {alike, shares};
    }

    // Adds what they say, weighted by a softmax.
    void vote(float* shares, size_t labels) const {
        float sum = 0;
        std::array<float, kMatches> weights{};
        for (size_t i = 0; i < list_.size() && list_[i].shares; ++i) {
            weights[i] = std::exp((list_[i].alike - list_[0].alike) / kTemperature);
            sum += weights[i];
        }
        for (size_t i = 0; i < list_.size() && list_[i].shares; ++i) {
            for (size_t l = 0; l < labels; ++l) shares[l] += weights[i] / sum * list_[i].shares[l];
        }
    }

  private:
    std::array<Match, kMatches> list_;
};

// Offers the cells of one row of an earlier frame to kQueries cells from x0 on.
void search_row(const FeatureGrid& current, int x0, int y, const FeatureGrid& earlier, int row,
                const std::vector<float>& shares, size_t labels, BestMatches* best) {
    const float* queries[kQueries];
    for (int q = 0; q < kQueries; ++q) {
        queries[q] = current.cell(std::min(x0 + q, current.width - 1), y);
    }
    const int from = std::max(x0 - kSearchRadius, 0);
    const int to = std::min(x0 + kQueries - 1 + kSearchRadius, current.width - 1);
    for (int x = from; x <= to; x += kKeys) {
        const float* keys[kKeys];
        for (int k = 0; k < kKeys; ++k) keys[k] = earlier.cell(std::min(x + k, to), row);
        float dots[kQueries][kKeys];
        multiply(queries, keys, current.channels, dots);
        for (int k = 0; k < kKeys && x + k <= to; ++k) {
            const float* found =
                &shares[(static_cast<size_t>(row) * earlier.width + x + k) * labels];
            for (int q = 0; q < kQueries; ++q) {
                if (std::abs(x + k - x0 - q) <= kSearchRadius) best[q].offer(dots[q][k], found);
            }
        }
    }
}

// One label's shares at every pixel, bilinear between cells, and stretched to 0 ... 1 as DINO does,
// so that an object that fades is not lost to the background.
std::vector<float> enlarge(const FeatureGrid& grid, const std::vector<float>& shares, size_t label,
                           size_t labels, int width, int height) {
    const auto place = [&](int pixel, int cells) {
        return std::clamp(static_cast<float>(pixel - grid.offset) / static_cast<float>(grid.stride),
                          0.0f, static_cast<float>(cells - 1));
    };
    const auto at = [&](int x, int y) {
        return shares[(static_cast<size_t>(y) * grid.width + x) * labels + label];
    };
    std::vector<float> plane(static_cast<size_t>(width) * height);
    for (int py = 0; py < height; ++py) {
        const float v = place(py, grid.height);
        const int y0 = static_cast<int>(v), y1 = std::min(y0 + 1, grid.height - 1);
        for (int px = 0; px < width; ++px) {
            const float u = place(px, grid.width);
            const int x0 = static_cast<int>(u), x1 = std::min(x0 + 1, grid.width - 1);
            const float top = at(x0, y0) + (u - x0) * (at(x1, y0) - at(x0, y0));
            const float bottom = at(x0, y1) + (u - x0) * (at(x1, y1) - at(x0, y1));
            plane[static_cast<size_t>(py) * width + px] = top + (v - y0) * (bottom - top);
        }
    }
    const auto [least, most] = std::minmax_element(plane.begin(), plane.end());
    const float low = *least, span = *most - *least;
    if (span > kLeastSpan) {
        for (float& value : plane) value = (value - low) / span;
    }
    return plane;
}

}  // namespace

Propagator::Propagator(FeatureGrid features, const Labels& labels, int width, int height,
                       int threads)
    : width_(width), height_(height), threads_(threads), colours_(objects_of(labels)) {
    colours_.insert(colours_.begin(), 0);
    first_.shares = shares_of(features, labels);
    first_.features = std::move(features);
}

// Of the pixels around a cell's place, as many as from cell to cell.
std::vector<float> Propagator::shares_of(const FeatureGrid& grid, const Labels& labels) const {
    std::vector<float> shares(static_cast<size_t>(grid.width) * grid.height * colours_.size());
    float* cell = shares.data();
    for (int y = 0; y < grid.height; ++y) {
        const int top = grid.stride * y + grid.offset - grid.stride / 2;
        for (int x = 0; x < grid.width; ++x, cell += colours_.size()) {
            const int left = grid.stride * x + grid.offset - grid.stride / 2;
            for (int i = 0; i < grid.stride * grid.stride; ++i) {
                const int py = std::clamp(top + i / grid.stride, 0, height_ - 1);
                const int px = std::clamp(left + i % grid.stride, 0, width_ - 1);
                const uint32_t colour = labels[static_cast<size_t>(py) * width_ + px];
                const auto label = std::lower_bound(colours_.begin(), colours_.end(), colour);
                cell[label - colours_.begin()] +=
                    1.0f / static_cast<float>(grid.stride * grid.stride);
            }
        }
    }
    return shares;
}

// Cells that see anything but background in any context frame; the others need no search.
std::vector<uint8_t> Propagator::near_objects() const {
    const int w = first_.features.width, h = first_.features.height;
    std::vector<uint8_t> across(static_cast<size_t>(w) * h), near(across.size());
    const auto mark = [&](const Context& context) {
        for (size_t i = 0; i < across.size(); ++i) {
            const float* cell = &context.shares[i * colours_.size()];
            if (std::all_of(cell + 1, cell + colours_.size(), [](float s) { return s == 0; })) {
                continue;
            }
            const int x = static_cast<int>(i) % w;
            const size_t row = i - static_cast<size_t>(x);
            const int from = std::max(x - kSearchRadius, 0);
            const int to = std::min(x + kSearchRadius, w - 1);
            std::fill_n(across.begin() + static_cast<ptrdiff_t>(row) + from, to - from + 1, 1);
        }
    };
    mark(first_);
    for (const Context& context : last_) mark(context);
    for (int y = 0; y < h; ++y) {
        const int from = std::max(y - kSearchRadius, 0), to = std::min(y + kSearchRadius, h - 1);
        for (int v = from; v <= to; ++v) {
            for (int x = 0; x < w; ++x) {
                near[static_cast<size_t>(y) * w + x] |= across[static_cast<size_t>(v) * w + x];
            }
        }
    }
    return near;
}

std::vector<float> Propagator::match(const FeatureGrid& features) const {
    const int w = features.width, h = features.height;
    const size_t labels = colours_.size();
    const auto near = near_objects();
    std::vector<float> shares(static_cast<size_t>(w) * h * labels);
    const auto match_row = [&](int y) {
        std::vector<BestMatches> best(static_cast<size_t>(w) + kQueries);
        const uint8_t* wanted = &near[static_cast<size_t>(y) * w];
        const auto search = [&](const Context& context) {
            const int from = std::max(y - kSearchRadius, 0);
            const int to = std::min(y + kSearchRadius, h - 1);
            for (int row = from; row <= to; ++row) {
                for (int x = 0; x < w; x += kQueries) {
                    if (std::count(wanted + x, wanted + std::min(x + kQueries, w), 1) == 0)
                        continue;
                    search_row(features, x, y, context.features, row, context.shares, labels,
                               &best[x]);
                }
            }
        };
        search(first_);
        for (const Context& context : last_) search(context);
        float* cell = &shares[static_cast<size_t>(y) * w * labels];
        for (int x = 0; x < w; ++x, cell += labels) {
            if (wanted[x]) {
                best[x].vote(cell, labels);
            } else {
                cell[0] = 1;
            }
        }
    };
    nn::parallel_for(threads_, h, 1, [&](int64_t begin, int64_t end) {
        for (int64_t y = begin; y < end; ++y) match_row(static_cast<int>(y));
    });
    return shares;
}

Labels Propagator::show(const FeatureGrid& features, const std::vector<float>& shares) const {
    Labels shown(static_cast<size_t>(width_) * height_, 0);
    std::vector<float> best;
    for (size_t l = 0; l < colours_.size(); ++l) {
        auto plane = enlarge(features, shares, l, colours_.size(), width_, height_);
        if (l == 0) {
            best = std::move(plane);
            continue;
        }
        for (size_t i = 0; i < plane.size(); ++i) {
            if (plane[i] <= best[i]) continue;
            best[i] = plane[i];
            shown[i] = colours_[l];
        }
    }
    return shown;
}

Labels Propagator::next(FeatureGrid features) {
    Context context;
    context.shares = match(features);
    context.features = std::move(features);
    Labels shown = show(context.features, context.shares);
    last_.push_back(std::move(context));
    if (last_.size() > kContextFrames) last_.pop_front();
    return shown;
}

Result<LabelVideo> propagate_masks(const std::string& video, const media::ReaderOptions& reading,
                                   const LabelVideo& first, size_t frames, MaskFeatures& network) {
    GVC_ASSIGN_OR_RETURN(const auto reader, media::Reader::open(video, reading));
    const int width = reader->info().width, height = reader->info().height;
    if (width != first.width || height != first.height) {
        return {Code::quality, "sizes differ: " + video + " is " + std::to_string(width) + "x" +
                                   std::to_string(height) + ", its first mask " +
                                   std::to_string(first.width) + "x" +
                                   std::to_string(first.height)};
    }
    LabelVideo found{width, height, {first.frames.front()}};
    std::vector<float> rgb(static_cast<size_t>(3) * width * height);
    std::optional<Propagator> propagator;
    while (frames == 0 || found.frames.size() < frames || !propagator) {
        if (reading.cancelled && reading.cancelled()) return {Code::interrupted, "interrupted"};
        GVC_ASSIGN_OR_RETURN(const auto frame, reader->next());
        if (!frame) break;
        media::yuv_to_rgb(*frame, rgb.data());
        GVC_ASSIGN_OR_RETURN(FeatureGrid features, network.run(rgb.data(), width, height));
        if (propagator) {
            found.frames.push_back(propagator->next(std::move(features)));
        } else {
            propagator.emplace(std::move(features), first.frames.front(), width, height,
                               network.threads());
        }
    }
    return found;
}

}  // namespace gvc::eval
