#include "eval/pchip.h"

#include <algorithm>
#include <cmath>

namespace gvc::eval {

namespace {

// Slope at an end from the two pieces beside it, kept from overshooting.
double end_slope(double h0, double h1, double d0, double d1) {
    const double slope = ((2 * h0 + h1) * d0 - h0 * d1) / (h0 + h1);
    if (slope * d0 <= 0) return 0;
    if (d0 * d1 <= 0 && std::abs(slope) > 3 * std::abs(d0)) return 3 * d0;
    return slope;
}

}  // namespace

Pchip::Pchip(std::vector<double> x, std::vector<double> y) : x_(std::move(x)), y_(std::move(y)) {
    const size_t pieces = x_.size() - 1;
    std::vector<double> h(pieces), d(pieces);
    for (size_t i = 0; i < pieces; ++i) {
        h[i] = x_[i + 1] - x_[i];
        d[i] = (y_[i + 1] - y_[i]) / h[i];
    }
    slope_.assign(x_.size(), d[0]);
    if (pieces == 1) return;
    for (size_t i = 1; i < pieces; ++i) {
        const double w0 = 2 * h[i] + h[i - 1], w1 = h[i] + 2 * h[i - 1];
        slope_[i] = d[i - 1] * d[i] <= 0 ? 0 : (w0 + w1) / (w0 / d[i - 1] + w1 / d[i]);
    }
    slope_[0] = end_slope(h[0], h[1], d[0], d[1]);
    slope_[pieces] = end_slope(h[pieces - 1], h[pieces - 2], d[pieces - 1], d[pieces - 2]);
}

size_t Pchip::piece_of(double x) const {
    const auto above = std::upper_bound(x_.begin(), x_.end(), x);
    const auto i = static_cast<size_t>(std::max<ptrdiff_t>(above - x_.begin() - 1, 0));
    return std::min(i, x_.size() - 2);
}

double Pchip::operator()(double x) const {
    const size_t i = piece_of(x);
    const double h = x_[i + 1] - x_[i], t = (x - x_[i]) / h;
    const double a = (1 + 2 * t) * (1 - t) * (1 - t), b = t * t * (3 - 2 * t);
    const double c = t * (1 - t) * (1 - t), e = t * t * (t - 1);
    return a * y_[i] + b * y_[i + 1] + h * (c * slope_[i] + e * slope_[i + 1]);
}

double Pchip::piece_integral(size_t i, double width) const {
    // Simpson's rule is exact for cubics.
    const double a = x_[i], middle = a + width / 2;
    return width / 6 * ((*this)(a) + 4 * (*this)(middle) + (*this)(a + width));
}

double Pchip::integral(double from, double to) const {
    const auto up_to = [this](double x) {
        double sum = 0;
        const size_t last = piece_of(x);
        for (size_t i = 0; i < last; ++i) sum += piece_integral(i, x_[i + 1] - x_[i]);
        return sum + piece_integral(last, x - x_[last]);
    };
    return up_to(to) - up_to(from);
}

}  // namespace gvc::eval
