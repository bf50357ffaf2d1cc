#include "models/global_motion.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace gvc::models {
namespace {

constexpr int kCellPixels = 2 * kCellSide;
constexpr int kEighths = 8;           // of a pixel: the unit of vectors and translations
constexpr double kMatrixOne = 16384;  // 2^14
constexpr int kRounds = 8;            // of reweighting
constexpr double kLeastScale = 8;     // eighths; residuals below it are what the search cannot tell
constexpr double kScaleOfMedian = 4;  // of absolute residuals

// Twice a cell centre's distance from the picture's centre, in pixels.
int offset2(int cell, int cells) { return kCellPixels * (2 * cell + 1 - cells); }

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

// Of one component: value = a * x + b * y + c.
struct Plane {
    double a = 0, b = 0, c = 0;
    double at(double x, double y) const { return a * x + b * y + c; }
};

// Normal equations of weighted least squares for both components, which share their matrix.
class PlaneFit {
  public:
    void add(double weight, double x, double y, double u, double v) {
        const std::array<double, 3> p{x, y, 1};
        for (size_t i = 0; i < 3; ++i) {
            for (size_t j = 0; j < 3; ++j) m_[i][j] += weight * p[i] * p[j];
            m_[i][3] += weight * p[i] * u;
            m_[i][4] += weight * p[i] * v;
        }
    }
    // By elimination; false if the points lie on one line.
    bool solve(Plane& u, Plane& v) {
        for (size_t i = 0; i < 3; ++i) {
            if (m_[i][i] < 1e-6 * (1 + m_[2][2])) return false;
            for (size_t row = 0; row < 3; ++row) {
                if (row == i) continue;
                const double factor = m_[row][i] / m_[i][i];
                for (size_t k = i; k < 5; ++k) m_[row][k] -= factor * m_[i][k];
            }
        }
        u = {m_[0][3] / m_[0][0], m_[1][3] / m_[1][1], m_[2][3] / m_[2][2]};
        v = {m_[0][4] / m_[0][0], m_[1][4] / m_[1][1], m_[2][4] / m_[2][2]};
        return true;
    }

  private:
    std::array<std::array<double, 5>, 3> m_{};
};

int16_t bounded(double value) {
    return static_cast<int16_t>(std::lround(std::clamp(value, -32768.0, 32767.0)));
}

}  // namespace

std::vector<CellVector> affine_field(const Affine& m, int width, int height) {
    // Entries are in 2^-14, offsets doubled: 2^15 pixels, or 2^12 eighths, are one.
    constexpr int kShift = 12;
    const auto component = [](int along_x, int along_y, int t, int x2, int y2) {
        const int64_t moved = int64_t{along_x} * x2 + int64_t{along_y} * y2;
        return t + static_cast<int>((moved + (1 << (kShift - 1))) >> kShift);
    };
    std::vector<CellVector> field;
    field.reserve(static_cast<size_t>(width) * static_cast<size_t>(height));
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            const int x2 = offset2(x, width), y2 = offset2(y, height);
            field.push_back(bounded_vector(component(m.xx, m.xy, m.tx, x2, y2),
                                           component(m.yx, m.yy, m.ty, x2, y2)));
        }
    return field;
}

Affine common_motion(const MotionField& field) {
    const size_t count = field.vectors.size();
    std::vector<double> us, vs;
    for (const CellVector& v : field.vectors) {
        us.push_back(v.x);
        vs.push_back(v.y);
    }
    Plane u{0, 0, median(us)}, v{0, 0, median(vs)};
    const auto place = [&](size_t i) {
        const int w = field.width;
        return std::array<double, 2>{0.5 * offset2(static_cast<int>(i) % w, w),
                                     0.5 * offset2(static_cast<int>(i) / w, field.height)};
    };
    std::vector<double> residuals(count);
    for (int round = 0; round < kRounds; ++round) {
        for (size_t i = 0; i < count; ++i) {
            const auto [x, y] = place(i);
            residuals[i] = std::hypot(us[i] - u.at(x, y), vs[i] - v.at(x, y));
        }
        const double scale = std::max(kLeastScale, kScaleOfMedian * median(residuals));
        PlaneFit fit;
        for (size_t i = 0; i < count; ++i) {
            const double share = residuals[i] / scale;
            if (share >= 1) continue;
            const auto [x, y] = place(i);
            const double root = 1 - share * share;
            fit.add(root * root, x, y, us[i], vs[i]);
        }
        if (!fit.solve(u, v)) break;
    }
    constexpr double kEntry = kMatrixOne / kEighths;
    return {bounded(u.a * kEntry), bounded(u.b * kEntry), bounded(v.a * kEntry),
            bounded(v.b * kEntry), bounded(u.c),          bounded(v.c)};
}

}  // namespace gvc::models
