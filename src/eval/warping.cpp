#include "eval/warping.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "eval/pooling.h"
#include "models/motion_search.h"

namespace gvc::eval {

namespace {

constexpr int kCell = 16;             // pixels of the picture
constexpr float kFits = 10.0f / 255;  // a pixel of the reference that motion explains

// Of the part whose sides are multiples of 8, what the search takes.
std::vector<float> half_size(const float* rgb, int width, int height) {
    const int w = width / 8 * 4, h = height / 8 * 4;
    std::vector<float> half(static_cast<size_t>(3) * w * h);
    for (int c = 0; c < 3; ++c) {
        const float* plane = rgb + static_cast<size_t>(c) * width * height;
        for (int y = 0; y < h; ++y) {
            const float* row = plane + static_cast<size_t>(2 * y) * width;
            for (int x = 0; x < w; ++x) {
                half[(static_cast<size_t>(c) * h + y) * w + x] =
                    0.25f *
                    (row[2 * x] + row[2 * x + 1] + row[width + 2 * x] + row[width + 2 * x + 1]);
            }
        }
    }
    return half;
}

// The field's vector at a pixel, in pixels.
std::pair<float, float> vector_at(const models::MotionField& field, int x, int y) {
    const auto cell = [](float at, int count) {
        return std::clamp((at + 0.5f) / kCell - 0.5f, 0.0f, static_cast<float>(count - 1));
    };
    const float fx = cell(static_cast<float>(x), field.width);
    const float fy = cell(static_cast<float>(y), field.height);
    const int x0 = static_cast<int>(fx), y0 = static_cast<int>(fy);
    const int x1 = std::min(x0 + 1, field.width - 1), y1 = std::min(y0 + 1, field.height - 1);
    float dx = 0, dy = 0;
    for (const auto& [cx, cy, weight] : {std::tuple(x0, y0, (1 - (fx - x0)) * (1 - (fy - y0))),
                                         {x1, y0, (fx - x0) * (1 - (fy - y0))},
                                         {x0, y1, (1 - (fx - x0)) * (fy - y0)},
                                         {x1, y1, (fx - x0) * (fy - y0)}}) {
        const models::CellVector& v = field.vectors[static_cast<size_t>(cy) * field.width + cx];
        dx += weight * v.x / 8;
        dy += weight * v.y / 8;
    }
    return {dx, dy};
}

float sample(const float* plane, int width, int height, float x, float y) {
    x = std::clamp(x, 0.0f, static_cast<float>(width - 1));
    y = std::clamp(y, 0.0f, static_cast<float>(height - 1));
    const int x0 = static_cast<int>(x), y0 = static_cast<int>(y);
    const int x1 = std::min(x0 + 1, width - 1), y1 = std::min(y0 + 1, height - 1);
    const auto at = [&](int px, int py) { return plane[static_cast<size_t>(py) * width + px]; };
    const float top = at(x0, y0) + (at(x1, y0) - at(x0, y0)) * (x - x0);
    const float bottom = at(x0, y1) + (at(x1, y1) - at(x0, y1)) * (x - x0);
    return top + (bottom - top) * (y - y0);
}

struct Pictures {
    std::vector<float> reference, distorted;
    models::SearchPicture search;
};

class WarpingError final : public Metric {
  public:
    explicit WarpingError(int threads)
        : info_{"warp_error", "", "R'G'B', unrounded, full range", false, true, kWarpingMinSide},
          threads_(std::max(threads, 1)) {}

    const MetricInfo& info() const override { return info_; }

    Status push(const FramePair& pair) override {
        width_ = pair.reference.width;
        height_ = pair.reference.height;
        const size_t count = static_cast<size_t>(3) * width_ * height_;
        Pictures now{{pair.reference_rgb, pair.reference_rgb + count},
                     {pair.distorted_rgb, pair.distorted_rgb + count},
                     {}};
        const auto half = half_size(pair.reference_rgb, width_, height_);
        now.search = models::search_picture(half.data(), width_ / 8 * 4, height_ / 8 * 4, threads_);
        if (!before_.reference.empty()) values_.push_back(error_of(now));
        before_ = std::move(now);
        return {};
    }

    Result<MetricSeries> finish() override {
        const double overall = mean(values_);
        return MetricSeries{std::move(values_), overall};
    }

  private:
    double error_of(const Pictures& now) const {
        const auto field = models::search_motion(now.search, before_.search, {}, {threads_});
        const size_t plane = static_cast<size_t>(width_) * height_;
        double sum = 0;
        int64_t counted = 0;
        for (int y = 0; y < height_ / 8 * 8; ++y) {
            for (int x = 0; x < width_ / 8 * 8; ++x) {
                const auto [dx, dy] = vector_at(field, x, y);
                const size_t here = static_cast<size_t>(y) * width_ + x;
                float own = 0, other = 0;
                for (size_t c = 0; c < 3; ++c) {
                    const float r =
                        now.reference[c * plane + here] -
                        sample(&before_.reference[c * plane], width_, height_, x + dx, y + dy);
                    const float d =
                        now.distorted[c * plane + here] -
                        sample(&before_.distorted[c * plane], width_, height_, x + dx, y + dy);
                    own = std::max(own, std::abs(r));
                    other += d * d;
                }
                if (own > kFits) continue;
                sum += other;
                ++counted;
            }
        }
        return counted > 0 ? std::sqrt(sum / (3 * static_cast<double>(counted))) : 0;
    }

    MetricInfo info_;
    int threads_, width_ = 0, height_ = 0;
    Pictures before_;
    std::vector<double> values_;
};

}  // namespace

std::unique_ptr<Metric> make_warping_error(int threads) {
    return std::make_unique<WarpingError>(threads);
}

}  // namespace gvc::eval
