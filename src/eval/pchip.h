// Piecewise cubic Hermite interpolation that keeps monotonic data monotonic (Fritsch and Butland,
// SIAM J. Sci. Stat. Comput. 1984): MATLAB's and SciPy's pchip.
#pragma once

#include <cstddef>
#include <vector>

namespace gvc::eval {

class Pchip {
  public:
    // At least two points; x strictly ascending.
    Pchip(std::vector<double> x, std::vector<double> y);

    double operator()(double x) const;  // x within the points
    double integral(double from, double to) const;

  private:
    // Of the piece that begins at point i, from its beginning to `width` behind it.
    double piece_integral(size_t i, double width) const;
    size_t piece_of(double x) const;

    std::vector<double> x_, y_, slope_;
};

}  // namespace gvc::eval
