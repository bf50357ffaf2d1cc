#include "eval/ssim.h"

#include <cstdint>

namespace gvc::eval {

namespace {

// Sums over a 4x4 block of both pictures.
struct BlockSums {
    int64_t a = 0, b = 0, squares = 0, product = 0;

    BlockSums& operator+=(const BlockSums& o) {
        a += o.a;
        b += o.b;
        squares += o.squares;
        product += o.product;
        return *this;
    }
};

template <typename Sample>
void sum_block_row(const media::Plane& a, const media::Plane& b, int block_y,
                   std::vector<BlockSums>& sums) {
    for (size_t block_x = 0; block_x < sums.size(); ++block_x) {
        BlockSums s;
        for (int y = 0; y < 4; ++y) {
            const Sample* row_a = a.row<const Sample>(4 * block_y + y) + 4 * block_x;
            const Sample* row_b = b.row<const Sample>(4 * block_y + y) + 4 * block_x;
            for (int x = 0; x < 4; ++x) {
                const int va = row_a[x], vb = row_b[x];
                s.a += va;
                s.b += vb;
                s.squares += va * va + vb * vb;
                s.product += va * vb;
            }
        }
        sums[block_x] = s;
    }
}

// SSIM of one 8x8 window from its sums. Everything is scaled by 64 samples (and 63, for variances
// of a sample), so that the sums stay integers.
double window_ssim(const BlockSums& s, double peak) {
    const double c1 = static_cast<int64_t>(0.01 * 0.01 * peak * peak * 64 + 0.5);
    const double c2 = static_cast<int64_t>(0.03 * 0.03 * peak * peak * 64 * 63 + 0.5);
    const double variances = static_cast<double>(s.squares * 64 - s.a * s.a - s.b * s.b);
    const double covariance = static_cast<double>(s.product * 64 - s.a * s.b);
    const auto a = static_cast<double>(s.a), b = static_cast<double>(s.b);
    return (2 * a * b + c1) * (2 * covariance + c2) / ((a * a + b * b + c1) * (variances + c2));
}

template <typename Sample>
double plane_ssim(const media::Plane& a, const media::Plane& b, double peak) {
    const int columns = a.width / 4, rows = a.height / 4;
    std::vector<BlockSums> above(columns), here(columns);
    sum_block_row<Sample>(a, b, 0, above);
    double sum = 0;
    for (int y = 1; y < rows; ++y) {
        sum_block_row<Sample>(a, b, y, here);
        for (int x = 1; x < columns; ++x) {
            BlockSums window = above[x - 1];
            window += above[x];
            window += here[x - 1];
            window += here[x];
            sum += window_ssim(window, peak);
        }
        std::swap(above, here);
    }
    return sum / ((rows - 1.0) * (columns - 1.0));
}

class Ssim final : public FrameMetric {
  public:
    explicit Ssim(bool luma_only)
        : FrameMetric(
              {luma_only ? "ssim_y" : "ssim_yuv", "",
               luma_only ? "Y', own bit depth and range" : "Y'CbCr 4:2:0, own bit depth and range",
               true, false, luma_only ? 8 : 16}),
          planes_(luma_only ? 1 : 3) {}

  private:
    Result<double> measure(const FramePair& pair) override {
        const int depth = pair.reference.colour.bit_depth;
        const double peak = (1 << depth) - 1;
        double sum = 0, weights = 0;
        for (int i = 0; i < planes_; ++i) {
            const media::Plane& a = pair.reference.planes[i];
            const media::Plane& b = pair.distorted.planes[i];
            const double weight = static_cast<double>(a.width) * a.height;
            sum += weight * (depth == 8 ? plane_ssim<uint8_t>(a, b, peak)
                                        : plane_ssim<uint16_t>(a, b, peak));
            weights += weight;
        }
        return sum / weights;
    }

    int planes_;
};

}  // namespace

std::unique_ptr<Metric> make_ssim(bool luma_only) { return std::make_unique<Ssim>(luma_only); }

}  // namespace gvc::eval
